"""Log lines, as text or as JSON. `python -m workspace.logs` prints the settings of granian, the server."""

import json
import logging
import os
import socket
from datetime import UTC, datetime

from django.core.exceptions import ImproperlyConfigured

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FORMATS = ("line", "json")
NODE = socket.gethostname()
GRANIAN = ("_granian", "granian.access")


class JsonFormatter(logging.Formatter):
    """A formatter that writes each record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "node": NODE,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def level() -> str:
    """Return the lowest level that is logged."""
    return _chosen("LOG_LEVEL", LEVELS, "INFO")


def formatter() -> str:
    """Return the name of the format."""
    return _chosen("LOG_FORMAT", FORMATS, "line")


def formatters() -> dict[str, dict[str, str]]:
    return {
        "line": {"format": "%(asctime)s level=%(levelname)s logger=%(name)s request=%(request_id)s %(message)s"},
        "json": {"()": "workspace.logs.JsonFormatter"},
    }


def granian() -> dict[str, object]:
    """Return the settings of granian's main process, which loads no Django. Its workers log like the application."""
    lines = {"format": "%(asctime)s level=%(levelname)s logger=%(name)s %(message)s"}
    return {
        "formatters": {formatter(): lines if formatter() == "line" else formatters()["json"]},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": formatter()}},
        "loggers": {name: {"handlers": ["console"], "level": level(), "propagate": False} for name in GRANIAN},
    }


def _chosen(variable: str, choices: tuple[str, ...], default: str) -> str:
    value = os.environ.get(variable, "").strip() or default
    value = value.upper() if choices is LEVELS else value.lower()
    if value not in choices:
        raise ImproperlyConfigured(f"{variable} is {value!r}. Set it to {', '.join(choices[:-1])} or {choices[-1]}.")
    return value


if __name__ == "__main__":
    print(json.dumps(granian()))  # noqa: T201

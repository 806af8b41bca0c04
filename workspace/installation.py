"""What an installation decides: environment variables first, then files in its data directory.

The data directory makes one command enough to start: secrets are drawn at random on first use and kept there.
"""

import base64
import os
import re
import secrets
import sys
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

Network: TypeAlias = IPv4Network | IPv6Network

PROJECT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("DATA_DIR", PROJECT / ".data"))


def secret(variable: str) -> str:
    """Return the secret of a variable, or this installation's own, which is drawn at random once."""
    if value := os.environ.get(variable):
        return value
    path = DATA / variable.lower()
    try:
        return _kept(path)
    except FileNotFoundError:
        return _draw(path)
    except OSError as error:
        raise ImproperlyConfigured(
            f"Set {variable}, or let {path} be readable and writable: {error.strerror}."
        ) from None


def _kept(path: Path) -> str:
    value = path.read_text(encoding="ascii").strip()
    if not value:
        raise ImproperlyConfigured(f"{path} is empty. Restore it from a backup, or delete it to draw a new secret.")
    return value


def _draw(path: Path) -> str:
    """Write a new file whole and link it into place: two processes that start at once get the same secret."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(base64.urlsafe_b64encode(secrets.token_bytes(48)).decode(), encoding="ascii")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return _kept(path)


def flag(variable: str, default: bool = False) -> bool:
    """Return a yes or no from the environment."""
    value = os.environ.get(variable, "").strip().lower()
    if value in {"", "0", "1", "no", "yes", "false", "true"}:
        return value in {"1", "yes", "true"} if value else default
    raise ImproperlyConfigured(f"{variable} is {value!r}. Set it to yes or no.")


def seconds(variable: str, *, default: int, most: int) -> timedelta:
    """Return a number of whole seconds from the environment."""
    return timedelta(seconds=number(variable, default=default, most=most, of="seconds"))


def number(variable: str, *, default: int, most: int, of: str) -> int:
    """Return a whole number of something from the environment."""
    value = os.environ.get(variable, "").strip() or str(default)
    if re.fullmatch(r"[0-9]{1,9}", value) and int(value) <= most:
        return int(value)
    raise ImproperlyConfigured(f"{variable} is {value!r}. Set it to whole {of}, from 0 to {most}.")


def words(variable: str) -> list[str]:
    """Return a comma-separated list from the environment."""
    return [word.strip() for word in os.environ.get(variable, "").split(",") if word.strip()]


def networks(variable: str) -> list[Network]:
    """Return networks and addresses from the environment."""
    try:
        return [ip_network(word) for word in words(variable)]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{variable} is wrong: {error}. Set it to addresses and networks like 10.0.0.7,10.1.0.0/16."
        ) from None


def require_shared(*variables: str) -> None:
    """Raise ImproperlyConfigured for a variable that is missing where several nodes must have the same one."""
    for variable in variables:
        if not os.environ.get(variable):
            raise ImproperlyConfigured(f"Set {variable}: with DATABASE_URL every node needs the same one.")


def origin() -> str:
    """Return the public origin, e.g. https://admin.example.com; every generated URL begins with it.

    Without ORIGIN it is the address that `make run` served last.
    """
    kept = DATA / "origin"
    value = os.environ.get("ORIGIN") or (kept.read_text().strip() if kept.exists() else "http://127.0.0.1:8000")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or value != f"{parts.scheme}://{parts.netloc}":
        raise ImproperlyConfigured(f"ORIGIN is {value!r}. Set it like https://admin.example.com, without a path.")
    return value


def is_testing() -> bool:
    """Say whether pytest runs this process."""
    return "pytest" in sys.modules

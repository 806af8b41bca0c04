"""What is logged, and how loud."""

import json
import logging
import socket
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from tests.commands import PROJECT, outer_environment
from workspace import logs

OVERSIZE = {
    "bytes": b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1),
    "fields": b"a=&" * (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1),
}


def logged(tmp_path, program: str, **variables: str) -> str:
    """What a process writes to its log."""
    environment = outer_environment() | {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "workspace.settings"}
    command = [sys.executable, "-c", f"import django, logging; django.setup(); {program}"]
    return subprocess.run(
        command, cwd=PROJECT, env=environment | variables, capture_output=True, text=True, check=True
    ).stderr


@pytest.mark.parametrize(("level", "lines"), [("INFO", 5), ("error", 1)])
def test_log_level_decides_what_every_logger_writes(tmp_path, level, lines):
    names = ["django.request", "workspace", "_granian", "granian.access"]
    program = f"[logging.getLogger(each).warning('Not Found') for each in {names}]; logging.error('Failed')"
    output = logged(tmp_path, program, LOG_LEVEL=level).splitlines()
    assert len(output) == lines
    assert output[-1].endswith("level=ERROR logger=root request=- Failed")


def test_json_lines_have_time_node_request_and_exception(tmp_path):
    failing = "try: 1 / 0\nexcept ZeroDivisionError: logging.getLogger('workspace').exception('%s died', 'Ada')"
    program = f"exec({failing!r})"
    output = logged(tmp_path, program, LOG_FORMAT="json")
    (line,) = output.splitlines()
    entry = json.loads(line)
    assert entry["message"] == "Ada died" and "ZeroDivisionError" in entry["exception"]
    assert set(entry) == {"time", "level", "logger", "node", "request_id", "message", "exception"}
    assert (entry["level"], entry["logger"], entry["node"]) == ("ERROR", "workspace", socket.gethostname())


@pytest.mark.parametrize("variable", ["LOG_FORMAT", "LOG_LEVEL"])
def test_an_unknown_level_or_format_is_refused_with_what_to_set(monkeypatch, variable):
    monkeypatch.setenv(variable, "loud")
    with pytest.raises(ImproperlyConfigured, match=f"{variable} is .* Set it to"):
        logs.granian()


@pytest.mark.django_db
@pytest.mark.parametrize("body", OVERSIZE.values(), ids=OVERSIZE)
def test_a_request_that_sends_too_much_is_one_warning_without_a_traceback(caplog, body):
    answer = Client().post("/sign-in/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
    (line,) = caplog.records
    assert line.levelno == logging.WARNING
    assert line.exc_info is None


@pytest.mark.django_db
def test_a_request_to_another_host_is_a_warning_without_a_traceback(caplog):
    assert Client().get("/sign-in/", headers={"host": "elsewhere.example"}).status_code == 400
    assert {(line.levelno, line.exc_info) for line in caplog.records} == {(logging.WARNING, None)}

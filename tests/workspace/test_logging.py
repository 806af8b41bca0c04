"""What is logged, and how loud."""

import logging
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client

from tests.server import PROJECT, outer_environment

OVERSIZE = {
    "bytes": b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1),
    "fields": b"a=&" * (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1),
}


@pytest.mark.parametrize(("level", "is_logged"), [("INFO", True), ("ERROR", False)])
def test_log_level_decides_what_django_logs_of_requests(tmp_path, level, is_logged):
    program = "import django, logging; django.setup(); logging.getLogger('django.request').warning('Not Found')"
    variables = {"DATA_DIR": str(tmp_path), "LOG_LEVEL": level, "DJANGO_SETTINGS_MODULE": "workspace.settings"}
    environment = outer_environment() | variables
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    assert ("level=WARNING logger=django.request" in done.stderr) == is_logged


@pytest.mark.django_db
@pytest.mark.parametrize("body", OVERSIZE.values(), ids=OVERSIZE)
def test_a_request_that_sends_too_much_is_one_warning_without_a_traceback(caplog, body):
    answer = Client().post("/sign-in/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
    (line,) = caplog.records
    assert line.levelno == logging.WARNING
    assert line.exc_info is None

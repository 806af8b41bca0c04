"""How an installation starts: quietly, and with everything loaded before the first request."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from saml2.sigver import XMLSchemaError
from saml2.sigver import validate_doc_with_schema as validate

from tests.commands import PROJECT, outer_environment

# What few workers need, and some only once: the API and its schema, pictures, footers, SAML's XML schemas, requests of
# pysaml2, passkeys, QR codes, and on SQLite PostgreSQL's driver.
NEEDED_LATER = {
    "PIL", "django.test", "drf_spectacular", "markdown_it", "nh3", "psycopg.pq", "requests", "rest_framework", "segno",
    "urllib3", "webauthn", "xmlschema",
}  # fmt: skip
FIRST_REQUEST = """
import json, sys, workspace.wsgi
from django.urls import resolve
before = set(sys.modules)
resolve("/scim/7f3a0000-0000-4000-8000-000000000000/v2/Users")
after = set(sys.modules) - before
resolve("/api/v1/workspace")
print(json.dumps({"before": sorted(before), "after": sorted(after), "with_api": sorted(set(sys.modules))}))
"""


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = outer_environment() | variables
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A new process that looked up the views of a SCIM and an API request, and printed what it had to load for them."""
    return run(sys.executable, "-c", FIRST_REQUEST, DATA_DIR=str(tmp_path_factory.mktemp("start")))


def test_the_first_scim_request_finds_everything_loaded(started):
    assert json.loads(started.stdout)["after"] == []


def test_a_worker_starts_without_what_few_need(started):
    loaded = set(json.loads(started.stdout)["before"])
    assert "authentication.lazy_schemas" in loaded and loaded & NEEDED_LATER == set()


def test_the_first_api_request_loads_the_api_without_the_driver_of_postgresql(started):
    loaded = set(json.loads(started.stdout)["with_api"])
    assert {"rest_framework", "provisioning.api.urls"} <= loaded and loaded & {"drf_spectacular", "psycopg.pq"} == set()


def test_no_library_logs_that_all_is_well(started):
    assert "level=INFO" not in started.stderr


def test_pip_says_why_it_failed_and_warns_of_nothing(tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text(f"no-such-package-anywhere==1.0 --hash=sha256:{'0' * 64}\n")
    program = run(
        "make", "--no-print-directory", "--eval", "show: ; echo '$(pip_install)'", "show", f"VENV={sys.prefix}"
    )
    missing = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": tmp_path.joinpath("gone").as_uri()}
    failed = run(*program.stdout.split(), lock, **missing)
    assert "ERROR" in failed.stderr and "WARNING" not in failed.stderr


def test_a_document_that_pysaml2_validates_is_held_to_the_schema():
    with pytest.raises(XMLSchemaError):
        validate('<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol"/>')
    issuer = '<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">https://idp.example</Issuer>'
    validate(
        f'<LogoutResponse xmlns="urn:oasis:names:tc:SAML:2.0:protocol" ID="a" Version="2.0" '
        f'IssueInstant="2026-01-01T00:00:00Z">{issuer}<Status><StatusCode Value="x"/></Status></LogoutResponse>'
    )


def test_pysaml2_asks_others_as_with_requests_itself_and_only_then_loads_it(tmp_path):
    asks = """
import sys, workspace.wsgi
from saml2 import entity, httpbase, mdstore
assert "requests" not in sys.modules
try:
    httpbase.HTTPBase().send("http://127.0.0.1:1/")
except httpbase.ConnectionError:
    import requests
    assert requests.__version__ == mdstore.requests.__version__ and entity.requests.request is requests.request
    print("refused")
"""
    done = run(sys.executable, "-c", asks, DATA_DIR=str(tmp_path))
    assert done.stdout == "refused\n", done.stderr

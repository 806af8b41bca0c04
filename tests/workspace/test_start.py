"""How an installation starts: quietly, and with everything loaded before the first request."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from saml2.sigver import XMLSchemaError
from saml2.sigver import validate_doc_with_schema as validate

from tests.commands import PROJECT, outer_environment

# What few workers need, and some only once: the schema of the API, pictures, footers, SAML's XML schemas, passkeys, QR
# codes, and on SQLite PostgreSQL's driver.
NEEDED_LATER = {
    "PIL", "django.test", "drf_spectacular", "markdown_it", "nh3", "psycopg.pq", "segno", "webauthn", "xmlschema"
}  # fmt: skip
FIRST_REQUEST = """
import json, sys, workspace.wsgi
from django.urls import resolve
before = set(sys.modules)
resolve("/scim/7f3a0000-0000-4000-8000-000000000000/v2/Users")
print(json.dumps({"before": sorted(before), "after": sorted(set(sys.modules) - before)}))
"""


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = outer_environment() | variables
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A new process that looked up the view of a SCIM request, and printed what it had to load for that."""
    return run(sys.executable, "-c", FIRST_REQUEST, DATA_DIR=str(tmp_path_factory.mktemp("start")))


def test_the_first_scim_request_finds_everything_loaded(started):
    assert json.loads(started.stdout)["after"] == []


def test_a_worker_starts_without_what_few_need(started):
    loaded = set(json.loads(started.stdout)["before"])
    assert "authentication.lazy_schemas" in loaded and loaded & NEEDED_LATER == set()


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

"""A database that is busy, full or read-only is a 503 that says so, and one line in the log."""

import logging
import sqlite3
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Callable

import psycopg
import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import InternalError, OperationalError, ProgrammingError, connection
from django.test import Client

from provisioning.models import ScimRequest, ScimToken
from provisioning.scim import request_log
from tests.scim import Scim, make_connection, okta_user
from workspace import outage
from workspace.console import middleware
from workspace.db import writing
from workspace.models import ConsoleSession, EndUserGroup

pytestmark = pytest.mark.django_db(transaction=True)

BUSY, FULL, READ_ONLY = "database is busy", "disk of the database is full", "takes no changes"
# Holds SQLite's write lock until its input ends.
WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


class Faults:
    """Faults of the database: from the beginning of one to its end, changes fail."""

    def __init__(self) -> None:
        self.undo: list[Callable[[], object]] = []

    def begin(self, fault: str) -> None:
        getattr(self, f"_{connection.vendor}_{fault}")()

    def end(self) -> None:
        while self.undo:
            self.undo.pop()()

    def _sqlite_locked(self) -> None:
        command = [sys.executable, "-c", WRITER, str(connection.settings_dict["NAME"])]
        writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.undo.append(writer.communicate)
        assert writer.stdout
        assert writer.stdout.readline()

    def _sqlite_full(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")  # pages that earlier tests have left free would take many rows
            cursor.execute("PRAGMA page_count")
            cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
        self.undo.append(lambda: connection.cursor().execute("PRAGMA max_page_count = 4294967294"))

    def _sqlite_read_only(self) -> None:
        connection.cursor().execute("PRAGMA query_only = on")
        self.undo.append(lambda: connection.cursor().execute("PRAGMA query_only = off"))

    def _postgresql_read_only(self) -> None:
        connection.cursor().execute("SET default_transaction_read_only = on")
        self.undo.append(lambda: connection.cursor().execute("SET default_transaction_read_only = off"))


@pytest.fixture
def faults(monkeypatch):
    """Faults that end with the test, and a log in which no outage goes on."""
    log = outage._Log()
    monkeypatch.setattr(outage, "_log", log)
    monkeypatch.setattr(outage, "note", log.note)
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.2)
    faults = Faults()
    yield faults
    faults.end()


@pytest.fixture(params=["locked", "read_only"] if connection.vendor == "sqlite" else ["read_only"])
def fault(request):
    """What stands in the way of a change; PostgreSQL has many writers."""
    return request.param


@pytest.fixture
def browser(owner):
    owner.raise_request_exception = False
    return owner


def create(browser: Client, name: str):
    return browser.post("/workspaces/acme/dev/groups/new/", {"name": name, "description": "typed"})


SENTENCES = {"locked": BUSY, "read_only": READ_ONLY}


def test_a_change_on_a_page_is_503_and_keeps_what_was_typed(browser, faults, fault):
    faults.begin(fault)
    response = create(browser, "Sales <EMEA>")
    faults.end()
    page = response.content.decode()
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (503, "5", "no-store")
    assert SENTENCES[fault] in page
    assert '<input type="hidden" name="name" value="Sales &lt;EMEA&gt;">' in page
    assert '<form method="post" action="/workspaces/acme/dev/groups/new/">' in page
    assert not EndUserGroup.objects.filter(name__startswith="Sales").exists()
    assert create(browser, "Sales <EMEA>").status_code == 302


def test_a_page_that_only_reads_is_there_all_the_same(browser, faults, fault):
    faults.begin(fault)
    assert browser.get("/workspaces/acme/dev/groups/").status_code == 200


def test_a_session_that_must_be_saved_is_503_not_400(browser, faults, fault):
    faults.begin(fault)
    response = browser.post("/sign-out/")
    assert response.status_code == 503


def test_a_session_that_has_ended_meanwhile_is_no_outage(browser):
    session = browser.session
    session["new"] = 1
    ConsoleSession.objects.all().delete()
    with pytest.raises(UpdateError):
        session.save()


def test_a_pasted_private_key_is_not_written_into_the_page(browser, faults, fault):
    faults.begin(fault)
    response = create(browser, "-----BEGIN PRIVATE KEY-----")
    assert response.status_code == 503 and "PRIVATE KEY" not in response.content.decode()


def test_a_password_is_not_written_into_the_page(faults, fault):
    browser = Client(raise_request_exception=False)
    faults.begin(fault)
    response = browser.post("/sign-in/", {"email": "a@acme.example", "password": "correct horse battery"})
    assert response.status_code == 503
    assert b"correct horse" not in response.content and b"Go back" in response.content


def test_scim_is_503_and_reads_are_answered(faults, fault):
    scim = Scim(make_connection())
    scim.user()
    faults.begin(fault)
    refused = scim.post("/Users", okta_user("bob"))
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert SENTENCES[fault] in refused.body["detail"]
    assert scim.get("/Users").body["totalResults"] == 1


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL has many writers")
def test_a_request_waits_once_and_a_read_does_not_wait_for_the_writer(faults, monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 20)
    monkeypatch.setattr(middleware, "LONGEST_WAIT", 4)
    monkeypatch.setattr(request_log, "READ_SECONDS", 0.2)
    scim = Scim(make_connection())
    scim.user()
    ScimToken.objects.update(last_used_at=None)
    faults.begin("locked")
    began = time.monotonic()
    assert scim.get("/Users").status == 200
    assert time.monotonic() - began < 4
    began = time.monotonic()
    assert scim.post("/Users", okta_user("bob")).status == 503
    assert 4 <= time.monotonic() - began < 8  # twice would be eight
    faults.end()
    assert list(ScimRequest.objects.values_list("method", "status")) == [("POST", 201)]
    assert scim.post("/Users", okta_user("bob")).status == 201
    assert ScimToken.objects.get().last_used_at


def test_scim_reads_are_answered_though_the_use_of_the_token_cannot_be_noted(faults, fault):
    scim = Scim(make_connection())
    faults.begin(fault)
    assert scim.get("/Users").status == 200


def test_a_full_disk_is_called_so(browser, faults):
    if connection.vendor == "postgresql":
        error = OperationalError("could not extend file")
        error.__cause__ = psycopg.errors.DiskFull()
        assert outage.is_outage(error) and FULL in outage.reason(error)
        return
    faults.begin("full")
    responses = [create(browser, f"{n}" + "x" * 200) for n in range(40)]
    (failed, *_) = [response for response in responses if response.status_code != 302]
    assert failed.status_code == 503 and FULL in failed.content.decode()


def test_answers_that_psycopg_cannot_place_are_an_outage():
    """PgBouncer sends them when it loses its connection to the database at a BEGIN."""
    for cause, is_outage in ((psycopg.InternalError(), True), (psycopg.errors.InvalidCursorState(), False)):
        error = InternalError("received 2 results from command 'BEGIN'")
        error.__cause__ = cause
        assert outage.is_outage(error) == is_outage


@pytest.mark.parametrize("cause", [psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable])
def test_waiting_in_vain_is_called_busy(cause):
    error = OperationalError("deadlock detected")
    error.__cause__ = cause()
    assert outage.is_outage(error) and outage.reason(error) == "The database is busy."


def test_readyz_says_when_writing_is_impossible(client, faults, fault):
    assert client.get("/readyz").status_code == 200
    faults.begin(fault)
    response = client.get("/readyz")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert SENTENCES[fault] in response.content.decode()
    assert client.get("/livez").status_code == 200
    faults.end()
    assert client.get("/readyz").status_code == 200


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL's disk may be another machine's")
def test_readyz_says_that_the_disk_is_full(client, faults, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda path: usage(2**30, 2**30, 0))
    response = client.get("/readyz")
    assert response.status_code == 503 and FULL in response.content.decode()


def test_an_outage_is_a_line_when_it_begins_and_one_with_a_count_when_it_ends(browser, faults, fault, caplog):
    caplog.set_level(logging.WARNING)
    scim = Scim(make_connection())
    caplog.clear()
    faults.begin(fault)
    for n in range(3):
        create(browser, f"Sales {n}")
        scim.post("/Users", okta_user(f"bob{n}"))
    (begun,) = caplog.records
    assert begun.levelname == "ERROR" and SENTENCES[fault] in begun.message and begun.exc_info is None
    caplog.clear()
    faults.end()
    browser.get("/workspaces/acme/dev/groups/")
    create(browser, "Sales")
    (ended,) = caplog.records
    assert "works again after" in ended.message and int(ended.message.split()[-2]) >= 6


def test_a_mistake_of_the_program_is_no_outage():
    missing = OperationalError("no such table: x")
    missing.__cause__ = sqlite3.OperationalError()
    missing.__cause__.sqlite_errorname = "SQLITE_ERROR"
    assert not outage.is_outage(missing)
    assert not outage.is_outage(ProgrammingError("no such column"))
    assert not outage.is_outage(None)

"""A PostgreSQL that is stopped, frozen or has ended connections, under a real server (R6)."""

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

import dj_database_url
import psycopg
import pytest
from django.db import connections

from tests import postgres
from tests.server import START_SECONDS, Server, demo_server
from workspace.db.postgresql import watched
from workspace.db.postgresql.base import DatabaseWrapper
from workspace.db.statement import run_planned

pytestmark = pytest.mark.skipif("DATABASE_URL" not in os.environ, reason="only on PostgreSQL")

LONGEST = 5.0  # seconds for an answer during an outage, and for the recovery after it
ASKED = 3.0  # seconds after which a connection to a frozen database is given up: who did not wait for one is quicker
WORKERS = 2  # of the server
AT_ONCE = 8  # threads of the server, so that all of them are busy


@dataclass
class Answer:
    status: int
    seconds: float
    retry_after: str | None


class Site:
    """The server, its database, and requests to it."""

    def __init__(self, server: Server, cluster: postgres.Cluster) -> None:
        self.server, self.cluster = server, cluster
        access = server.demo("--empty-scim", "Outage")
        self.users = urlsplit(access["base_url"]).path + "/Users"
        self.token = access["token"]

    def call(self, path: str, body: object = None) -> Answer:
        began = time.monotonic()
        connection = HTTPConnection(urlsplit(self.server.origin).netloc, timeout=30)
        headers = {"Cookie": "sessionid=abcdefghijklmnop"}
        if path == self.users:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"}
        connection.request("GET" if body is None else "POST", path, json.dumps(body) if body else None, headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        return Answer(response.status, time.monotonic() - began, response.headers["Retry-After"])

    def during(self) -> list[Answer]:
        """Send requests of all kinds at the same time."""
        calls: list[Callable[[], Answer]] = [
            lambda: self.call(self.users),
            lambda: self.call(self.users, {"userName": "a@acme.example"}),
            lambda: self.call("/"),
            lambda: self.call("/readyz"),
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [each.result() for each in [pool.submit(call) for call in calls * (AT_ONCE // len(calls))]]

    def recover(self) -> float:
        """Return the seconds until both workers answer SCIM requests and pages again."""
        began, good = time.monotonic(), 0
        while good < 20 and time.monotonic() - began < 30:
            good = good + 1 if self.call(self.users).status == 200 else 0
            time.sleep(0.02)
        return time.monotonic() - began


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with postgres.cluster() as cluster, demo_server(tmp_path_factory.mktemp("outage"), cluster.url) as server:
        # A worker that starts during an outage learns of it by its first request, which waits.
        until = time.monotonic() + START_SECONDS
        while server.log.read_text().count("Started worker-") < WORKERS and time.monotonic() < until:
            time.sleep(0.1)
        yield Site(server, cluster)


def check(answers: list[Answer]) -> None:
    assert [answer.status for answer in answers] == [503] * len(answers)
    assert [answer.retry_after for answer in answers] == ["5"] * len(answers)
    assert max(answer.seconds for answer in answers) < LONGEST


def test_stopped_each_answer_is_503_at_once_and_it_recovers_however_long_it_was_away(site):
    site.recover()
    assert site.call(site.users).status == 200
    site.cluster.stop()
    try:
        for _ in range(4):
            check(site.during())
            alive = site.call("/livez")
            assert alive.status == 200 and alive.seconds < ASKED
            time.sleep(0.5)
    finally:
        site.cluster.start()
    assert site.recover() < LONGEST


def test_frozen_each_answer_is_503_within_5_seconds_and_the_process_says_that_it_lives(site):
    site.recover()
    site.cluster.freeze()
    try:
        check(site.during())
        with ThreadPoolExecutor(1) as pool:
            later = pool.submit(site.during)
            lives = [site.call("/livez") for _ in range(10)]
            check(later.result())
    finally:
        site.cluster.thaw()
    assert {answer.status for answer in lives} == {200} and max(answer.seconds for answer in lives) < ASKED
    assert site.recover() < LONGEST


def test_connections_that_died_while_idle_cost_no_request(site):
    site.recover()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(site.call, [site.users] * 40))
    with psycopg.connect(site.server.environment["DATABASE_URL"], autocommit=True) as connection:
        ended = connection.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert ended and ended[0] >= 2
    answers = [site.call(site.users) for _ in range(40)]
    assert {answer.status for answer in answers} == {200}
    assert max(answer.seconds for answer in answers) < ASKED


def test_an_outage_is_a_line_when_it_begins_and_one_when_it_ends_in_each_worker(site):
    site.recover()
    before = len(site.server.log.read_text())
    site.cluster.stop()
    for _ in range(3):
        site.during()
    site.cluster.start()
    deadline = time.monotonic() + LONGEST
    begun, ended = 1, 0
    while begun != ended and time.monotonic() < deadline:
        site.call(site.users)
        text = site.server.log.read_text()[before:]
        begun, ended = text.count("failures are only counted"), text.count("works again after")
    assert 1 <= begun == ended <= 2
    assert "Traceback" not in text


@pytest.fixture
def database(site, django_db_blocker):
    """A connection to the cluster, as a thread of the server keeps it."""
    address = dj_database_url.parse(site.cluster.url)
    place = {name: address[name] for name in ("NAME", "HOST", "PORT", "USER", "PASSWORD")}
    database = DatabaseWrapper(connections["default"].settings_dict | place, "default")
    with django_db_blocker.unblock():
        yield database
        database.close()


def test_a_long_statement_of_a_server_that_answers_goes_on(database, monkeypatch):
    monkeypatch.setattr(watched, "SILENT_SECONDS", 0.1)
    with database.cursor() as cursor:
        cursor.execute("SELECT 7 FROM pg_sleep(0.7)")
        assert cursor.fetchone() == (7,)


def _pid_by_django(database: DatabaseWrapper) -> int:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def _pid_by_statement(database: DatabaseWrapper) -> int:
    return run_planned(database, "SELECT pg_backend_pid()", [])[0][0][0]


@pytest.mark.parametrize("pid_by", [_pid_by_django, _pid_by_statement])
def test_a_connection_stays_from_request_to_request_until_the_server_ends_it(database, pid_by):
    def request() -> int:
        database.close_if_unusable_or_obsolete()
        return pid_by(database)

    first = request()
    assert request() == first
    with psycopg.connect(**database.connection.info.get_parameters(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    assert request() != first

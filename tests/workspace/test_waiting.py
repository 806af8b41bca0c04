"""Who waits for SQLite's one writer asks evenly until it is free, and gives up after a time."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from workspace.db import waiting
from workspace.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def writer():
    """Another writer, in the middle of its transaction; None on PostgreSQL, where nobody waits for it."""
    if connection.vendor != "sqlite":
        yield None
        return
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def in_a_transaction():
    with transaction.atomic():
        Workspace.objects.create(name="Acme", slug="acme")


def by_a_single_statement():
    Workspace.objects.bulk_create([Workspace(name="Acme", slug="acme")])


@pytest.mark.parametrize("write", [in_a_transaction, by_a_single_statement])
def test_a_writer_waits_for_the_other_one_longer_than_sqlite_would(writer, write):
    def run():
        try:
            write()
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        waits = pool.submit(run)
        if writer:
            with pytest.raises(TimeoutError):
                waits.result(timeout=0.3)
            assert not Workspace.objects.exists()  # who reads need not wait
            writer.execute("ROLLBACK")
        waits.result(timeout=10)
    assert Workspace.objects.count() == 1


def test_it_gives_up_after_a_time(writer, monkeypatch):
    if writer:
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.2)
        with pytest.raises(OperationalError, match="locked"):
            in_a_transaction()
        writer.execute("ROLLBACK")
    in_a_transaction()
    assert Workspace.objects.count() == 1


def test_what_fails_otherwise_is_tried_once(writer, monkeypatch):
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.2)  # which PostgreSQL has not
    asked = []

    def execute(*values):
        asked.append(values)
        raise OperationalError("disk I/O error")

    with pytest.raises(OperationalError, match="disk"):
        waiting.ask(execute, "SELECT 1", None, False, {"connection": connection})
    assert len(asked) == 1


def test_every_connection_to_sqlite_waits_so(writer):
    connection.close()
    with connection.cursor() as cursor:
        assert (waiting.ask in connection.execute_wrappers) == bool(writer)
        if writer:
            assert cursor.execute("PRAGMA busy_timeout").fetchone() == (33,)

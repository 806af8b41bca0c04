"""A row that a statement inserts is the one that the ORM would insert."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, OperationalError, ProgrammingError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from tests.factories import workspace
from workspace.db.keys import new_id
from workspace.db.statement import insertion_of, run_planned
from workspace.models import ChangeEvent, ChangeSubject, EndUser

NAMES = [field.name for field in ChangeEvent._meta.concrete_fields]
VALUES = {
    "at": timezone.now(), "workspace_id": new_id(), "environment_id": None, "environment_name": "DEV",
    "actor_kind": "system", "actor_id": "", "actor_name": "System", "action": "a", "subject_kind": "b",
    "subject_id": "c", "subject_name": "Zoë", "sentence": "100 % ‘sure’", "links": [[0, 1, "k", "i"]],
    "before": {}, "after": {"ü": [1, None, True]}, "address": "::1", "session": "0f", "request_id": "",
}  # fmt: skip


@pytest.mark.django_db
def test_a_row_is_the_one_that_the_orm_inserts():
    pks = new_id(), new_id()
    insertion_of(ChangeEvent, *NAMES).run(pks[0], *(VALUES[name] for name in NAMES[1:]))
    ChangeEvent.objects.create(id=pks[1], **VALUES)
    ours, theirs = (ChangeEvent.objects.filter(pk=pk).values(*NAMES[1:]).get() for pk in pks)
    assert ours == theirs == VALUES


@pytest.mark.django_db
def test_a_statement_returns_rows_and_the_number_of_changed_ones():
    place = workspace()
    EndUser.objects.bulk_create(EndUser(workspace=place, full_name=name) for name in ("Å", "100 %"))
    select = "SELECT full_name FROM workspace_enduser WHERE full_name LIKE %s OR full_name = '%%' ORDER BY full_name"
    assert [tuple(row) for row in run_planned(connection, select, ["1%"])[0]] == [("100 %",)]
    assert run_planned(connection, "UPDATE workspace_enduser SET full_name = %s", ["b"]) == ([], 2)


@pytest.mark.django_db
def test_a_statement_that_fails_raises_djangos_errors_and_ends_the_transaction():
    with pytest.raises(DatabaseError) as raised, transaction.atomic():
        run_planned(connection, "SELECT nothing FROM nowhere", [])
    assert isinstance(raised.value, ProgrammingError | OperationalError)
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            run_planned(connection, "SELECT 1", [])


@pytest.mark.django_db
def test_statements_are_seen_by_those_who_look_at_them():
    seen = []

    def look(execute, sql, *rest):
        seen.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(look):
        assert run_planned(connection, "SELECT 1", [])[0] == [(1,)]
    assert seen == ["SELECT 1"]


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite looks at the tables before each run.")
@pytest.mark.parametrize("command", ["DEALLOCATE ALL", "ALTER TABLE seen ALTER name TYPE varchar({length})"])
def test_a_plan_that_the_server_has_lost_is_made_anew(command):
    def lose(length):
        for _ in range(7):
            run_planned(kept, select, [])
        kept.connection.pgconn.exec_(command.format(length=length).encode())  # psycopg does not notice it

    select, kept = "SELECT name FROM seen", connection.copy()
    try:
        with kept.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE seen (name varchar(5))")
        lose(6)
        assert run_planned(kept, select, []) == ([], 0)
        kept.set_autocommit(False)
        kept.in_atomic_block = True
        lose(7)
        with pytest.raises(OperationalError):  # an outage: the whole request may be sent again
            run_planned(kept, select, [])
        kept.connection.rollback()
        assert run_planned(kept, select, []) == ([], 0)
    finally:
        kept.in_atomic_block = False
        kept.close()


def test_a_field_without_a_value_is_refused_at_the_start():
    with pytest.raises(ImproperlyConfigured, match="request_id"):
        insertion_of(ChangeEvent, *NAMES[:-1])
    with pytest.raises(ImproperlyConfigured, match="nonsense"):
        insertion_of(ChangeEvent, *NAMES, "nonsense")
    insertion_of(ChangeSubject, "event", "kind", "subject_id")  # the database counts its id

"""Rows that are inserted together are those that the ORM would insert, or none of them is inserted."""

import copy

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from workspace.action_names import Action
from workspace.db.begun import begun
from workspace.db.keys import new_id
from workspace.db.statement import insertion_of
from workspace.db.together import Condition, write_together
from workspace.events import SYSTEM, Sentence, record
from workspace.models import (
    ChangeEvent,
    ChangeSubject,
    EndUser,
    Environment,
    EnvironmentAccess,
    Source,
    SourceKind,
    Workspace,
)

pytestmark = pytest.mark.django_db
OKTA = Source(SourceKind.SCIM, str(new_id()), "Okta Dev")


@pytest.fixture
def dev():
    workspace = Workspace.objects.create(name="Acme", slug="acme")
    return Environment.objects.create(workspace=workspace, name="DEV", slug="dev", kind="dev")


def rows_of(dev, name, subjects=3):
    """A person with access, and an event of it."""
    now = timezone.now()
    person = EndUser(
        workspace=dev.workspace,
        full_name=f"Zoë {name} 100 %s",
        name_source=OKTA,
        email=f"{name}@acme.example",
        email_source=OKTA,
        created_at=now,
        updated_at=now,
    )
    person.set_keys()
    access = EnvironmentAccess(end_user_id=person.pk, environment=dev, created_at=now, **OKTA.fields())
    event = ChangeEvent(
        workspace_id=dev.workspace_id, sentence="100 % ‘sure’", links=[[0, 1, "k", "i"]], after={"ü": [1, None, True]}
    )
    about = [ChangeSubject(event_id=event.pk, kind="enduser", subject_id=new_id()) for _ in range(subjects)]
    return [person, access, event, *about]


def stored(row):
    """What the database has of a row: all columns but the number that it counts itself."""
    names = [field.attname for field in row._meta.concrete_fields if field.get_internal_type() != "BigAutoField"]
    found = {
        EnvironmentAccess: lambda: {"end_user": row.end_user_id},
        ChangeSubject: lambda: {"event": row.event_id, "subject_id": row.subject_id},
    }.get(type(row), lambda: {"pk": row.pk})
    return type(row)._base_manager.filter(**found()).values(*names).get()


@pytest.mark.parametrize("subjects", [0, 1, 3, 100])
def test_rows_are_those_that_the_orm_inserts(dev, subjects):
    rows = rows_of(dev, "ada", subjects)
    with transaction.atomic():
        for row in copy.deepcopy(rows):
            row.save_base(force_insert=True)
        theirs = [stored(row) for row in rows]
        transaction.set_rollback(True)
    assert write_together(rows) is not None
    for row, their in zip(rows, theirs, strict=True):
        # The ORM sets these when it saves.
        times = {name: getattr(row, name) for name in ("created_at", "updated_at") if name in their}
        assert stored(row) == their | times
    assert not any(row._state.adding for row in rows)
    counted = ChangeSubject.objects.order_by("pk").values_list("subject_id", flat=True)
    assert list(counted) == [row.subject_id for row in rows[3:]]


def test_postgresql_takes_one_statement_however_few_rows_there_are(dev):
    with CaptureQueriesContext(connection) as queries:
        write_together(rows_of(dev, "ada"))
        write_together(rows_of(dev, "bob", 0))
    assert len(queries) == (2 if connection.vendor == "postgresql" else 7)


@pytest.mark.parametrize("subjects", [1, 100])
def test_a_row_may_be_an_insertion_with_its_values(dev, subjects):
    insertion = insertion_of(ChangeSubject, "event", "kind", "subject_id")
    rows = rows_of(dev, "ada", subjects)
    event, *about = rows[2:]
    others = [(insertion, (row.event_id, row.kind, row.subject_id)) for row in about]
    assert write_together([*rows[:2], event, *others]) is not None
    counted = ChangeSubject.objects.order_by("pk").values_list("event", "kind", "subject_id")
    assert list(counted) == [(event.pk, "enduser", row.subject_id) for row in about]


def test_a_broken_constraint_is_raised_and_nothing_is_inserted(dev):
    assert write_together(rows_of(dev, "ada")) is not None
    again = rows_of(dev, "ada")
    with pytest.raises(IntegrityError), transaction.atomic():
        write_together(again)
    rows = rows_of(dev, "bob")
    rows[-1].subject_id = rows[-2].subject_id
    with pytest.raises(IntegrityError), transaction.atomic():
        write_together(rows)
    assert (EndUser.objects.count(), ChangeEvent.objects.count()) == (1, 1)


@pytest.mark.parametrize("subjects", [1, 100])
def test_rows_wait_for_a_condition(dev, subjects):
    def holds(name):
        sql = 'SELECT 1 FROM "workspace_environment" WHERE "name" = %s AND "id" = %s'
        return Condition(sql, ["DEV", name])

    rows = rows_of(dev, "ada", subjects)
    assert write_together(rows, holds(new_id())) is None
    assert rows[0]._state.adding
    assert (EndUser.objects.count(), ChangeEvent.objects.count(), ChangeSubject.objects.count()) == (0, 0, 0)
    assert write_together(rows, holds(dev.pk)) is not None
    # The first row would break a constraint: nothing is inserted, and the transaction goes on.
    assert write_together(rows_of(dev, "ada", subjects), holds(dev.pk)) is None
    assert (EndUser.objects.count(), ChangeEvent.objects.count(), ChangeSubject.objects.count()) == (1, 1, subjects)
    twice = rows_of(dev, "bob")
    twice[-1].subject_id = twice[-2].subject_id
    with pytest.raises(IntegrityError), transaction.atomic():
        write_together(twice, holds(dev.pk))


@pytest.mark.parametrize("number", [2, 20, 21, 3_000])
def test_the_event_of_many_people_names_each_once(dev, number):
    ids = [new_id() for _ in range(number)]
    spelled = [str(pk).upper() if place % 2 else pk for place, pk in enumerate([*ids, *ids[:2]])]
    subject = EndUser(pk=ids[0], full_name="Ada")
    with CaptureQueriesContext(connection) as queries:
        event = record(
            by=SYSTEM, action=Action.ENVIRONMENT_ACCESS_SETTLED, subject=subject, environment=dev,
            sentence=Sentence("{by} did it.", by=SYSTEM), concerns=[dev], people=spelled,
        )  # fmt: skip
    assert len(queries) <= 4
    named = sorted(event.subjects.values_list("kind", "subject_id"))
    assert named == sorted([("environment", dev.pk), *(("enduser", pk) for pk in ids)])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("subjects", [3, 100])
def test_outside_of_a_transaction_all_rows_are_stored_or_none(dev, subjects):
    assert write_together(rows_of(dev, "ada", subjects)) is not None
    connection.close()  # what was not committed would be gone
    assert (EndUser.objects.count(), ChangeSubject.objects.count()) == (1, subjects)
    twice, lost = rows_of(dev, "bob", subjects), rows_of(dev, "eve", subjects)
    twice[-1].subject_id = twice[-2].subject_id
    lost[1].environment_id = new_id()  # SQLite tells it by the commit
    for rows in (twice, lost):
        with pytest.raises(IntegrityError):
            write_together(rows)
        assert (EndUser.objects.count(), ChangeSubject.objects.count()) == (1, subjects)
    with transaction.atomic():
        EndUser.objects.all().delete()
    assert write_together(twice[:-1]) is not None
    connection.close()
    assert EndUser.objects.get().full_name == twice[0].full_name


@pytest.mark.django_db(transaction=True)
def test_who_looks_at_statements_sees_them_outside_of_a_transaction_too(dev):
    with CaptureQueriesContext(connection) as queries:
        assert write_together(rows_of(dev, "ada", 3)) is not None
    assert any('INTO "workspace_changesubject"' in each["sql"] for each in queries)


@pytest.mark.django_db(transaction=True)
def test_an_interruption_leaves_no_transaction_open(dev):
    class Interruption(BaseException):
        pass

    def interrupted():
        with begun(connection) as run:
            run("DELETE FROM workspace_environment", ())
            raise Interruption

    with pytest.raises(Interruption):
        interrupted()
    assert Environment.objects.count() == 1
    if connection.vendor == "sqlite":
        assert not connection.connection.in_transaction

"""A look-up that is compiled once gives what the query set would."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.functions import Upper
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.workspace.builders import build
from workspace.actions.end_users import create_end_user
from workspace.db.changes import Deletion, Insertion, Update
from workspace.db.parameters import Among, Ids
from workspace.db.prepared import Prepared, Remembering, RememberingRelated
from workspace.db.saving import PreparedSave
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, Environment, EnvironmentAccess, Workspace
from workspace.profile import Profile

pytestmark = pytest.mark.django_db

accesses = Prepared(
    lambda environment, name: (
        EnvironmentAccess.objects.filter(environment=environment, end_user__name_key__startswith="a", source_name=name)
        .select_related("end_user__workspace", "environment")
        .order_by("end_user__name_key")
    ),
    (Environment, "id"),
    (EnvironmentAccess, "source_name"),
)


remembered = Remembering(
    lambda pk: EndUser.objects.filter(pk=pk).select_related("workspace"),
    (EndUser, "id"),
)


@pytest.fixture
def place():
    workspace = build("acme").workspace
    environment = workspace.environments.first()
    for name in ("Alan", "Ben"):
        email = f"{name}@acme.example".lower()
        create_end_user(
            workspace=workspace,
            profile=Profile(name, email, SYSTEM.source),
            environments=[environment],
            by=SYSTEM,
        )
    return environment


def everything(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_rows_and_what_is_selected_with_them_are_the_query_sets(place):
    name = EnvironmentAccess.objects.first().source_name
    expected = (
        EnvironmentAccess.objects.filter(environment=place, end_user__name_key__startswith="a", source_name=name)
        .select_related("end_user__workspace", "environment")
        .order_by("end_user__name_key")
    )
    with CaptureQueriesContext(connection) as queries:
        found = accesses(place.pk, name)
        parts = [(row, row.end_user, row.end_user.workspace, row.environment) for row in found]
    assert len(queries) == 1
    assert len(parts) == 2
    for ours, row in zip(parts, expected, strict=True):
        theirs = (row, row.end_user, row.end_user.workspace, row.environment)
        assert [everything(each) for each in ours] == [everything(each) for each in theirs]
        assert not any(each._state.adding for each in ours)


def test_related_rows_that_are_remembered_are_those_that_are_stored(place):
    known = RememberingRelated(
        lambda environment: (
            EnvironmentAccess.objects.filter(environment=environment)
            .select_related("end_user__workspace", "environment")
            .order_by("id")
        ),
        (Environment, "id"),
    )
    expected = EnvironmentAccess.objects.select_related("end_user__workspace", "environment").order_by("id")

    def parts(rows):
        return [
            [everything(each) for each in (row, row.end_user, row.end_user.workspace, row.environment)] for row in rows
        ]

    with CaptureQueriesContext(connection) as queries:
        found = parts(known(place.pk))
    assert len(queries) == 1 and found == parts(expected.filter(environment=place))
    EndUser.objects.update(full_name="Somebody else")
    first = known(place.pk)
    assert parts(first) == parts(expected.filter(environment=place)) != found
    first[0].end_user.full_name = first[0].environment.name = "Changed by a caller"
    first[0].source_name = "Changed too"
    assert parts(known(place.pk)) == parts(expected.filter(environment=place))
    assert not any(each._state.adding for each in (first[0], first[0].end_user, first[0].end_user.workspace))


def test_postgresql_keeps_the_plan_of_a_look_up(place):
    if connection.vendor != "postgresql":
        return  # SQLite has no plans to keep
    for _ in range(8):
        accesses(place.pk, "Added by hand")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%environmentaccess%'")
        assert cursor.fetchone() == (1,)


def test_each_call_has_its_own_values(place):
    name = EnvironmentAccess.objects.first().source_name
    assert len(accesses(place.pk, name)) == 2
    assert accesses(uuid4(), name) == accesses(place.pk, "another") == []
    assert len(accesses(str(place.pk), name)) == 2


def test_what_is_null_stays_null_and_json_is_read(place):
    events = Prepared(
        lambda action: ChangeEvent.objects.filter(action=action).order_by("id"),
        (ChangeEvent, "action"),
    )
    expected = list(ChangeEvent.objects.filter(action="end_user.created").order_by("id"))
    assert [everything(row) for row in events("end_user.created")] == [everything(row) for row in expected]
    assert events.first("end_user.created").pk == expected[0].pk
    assert events.first("nothing") is None


def test_rows_of_values_are_tuples(place):
    named = Prepared(
        lambda pk: (
            EnvironmentAccess.objects.filter(environment=pk)
            .order_by("end_user__name_key")
            .values_list("end_user", Upper("end_user__full_name"))
        ),
        (Environment, "id"),
    )
    people = EndUser.objects.order_by("name_key")
    assert [tuple(row) for row in named(place.pk)] == [(one.pk, one.full_name.upper()) for one in people]
    assert named.first(uuid4()) is None


def test_a_row_can_be_changed_and_saved(place):
    people = Prepared(lambda key: EndUser.objects.filter(email_key=key), (EndUser, "email_key"))
    ada = people.first("ada@acme.example")
    ada.full_name = "Ada Lovelace"
    ada.save()
    assert EndUser.objects.get(email_key="ada@acme.example").full_name == "Ada Lovelace"


def test_a_person_is_found_however_the_address_is_spelled_and_only_in_the_workspace(place):
    ada = EndUser.with_email(place.workspace, "ADA@acme.example")
    assert ada.full_name == "Ada Winter"
    assert ada.workspace is place.workspace
    assert EndUser.with_email(Workspace(pk=uuid4()), "ada@acme.example") is None


given = Insertion(
    EnvironmentAccess,
    lambda environment, now, ids: (
        EndUser.objects.filter(Among("pk", ids)),
        {"end_user": F("pk"), "environment": environment, "source_kind": "manual", "source_id": "",
         "source_name": "By hand", "created_at": now},
    ),
    (Environment, "id"),
    (EnvironmentAccess, "created_at"),
    Ids(),
    returning="end_user",
)  # fmt: skip


def test_an_insertion_adds_who_is_not_there_and_tells_whom(place):
    alan, ben = (EndUser.objects.get(full_name=name) for name in ("Alan", "Ben"))
    alan.accesses.all().delete()
    with CaptureQueriesContext(connection) as queries:
        assert given(place.pk, timezone.now(), [alan.pk, ben.pk, uuid4()]) == [alan.pk]
    assert len(queries) == 1
    added = alan.accesses.get()
    assert (added.environment, added.source_name) == (place, "By hand")
    assert given(place.pk, timezone.now(), [alan.pk, ben.pk]) == []


@pytest.mark.parametrize("number", [0, 1, 2, 3_000])
def test_ids_are_looked_for_among_any_number(place, number):
    there = list(EndUser.objects.order_by("pk").values_list("pk", flat=True))
    ids = [*there, *(uuid4() for _ in range(3_000))][:number]
    found = EndUser.objects.filter(Among("pk", ids)).order_by("pk")
    assert [each.pk for each in found] == there[:number]


rename = Update(
    lambda environment, name, before: (
        EnvironmentAccess.objects.filter(environment=environment, source_name=before),
        {"source_name": name, "source_id": name},
    ),
    (Environment, "id"),
    (EnvironmentAccess, "source_name"),
    (EnvironmentAccess, "source_name"),
)


def test_an_update_tells_how_many_rows_it_changed(place):
    before = EnvironmentAccess.objects.first().source_name
    total, number = EnvironmentAccess.objects.count(), place.accesses.filter(source_name=before).count()
    with CaptureQueriesContext(connection) as queries:
        assert rename(place.pk, "Okta", before) == number > 0
    assert len(queries) == 1
    assert rename(place.pk, "Okta", before) == 0
    assert EnvironmentAccess.objects.filter(source_name="Okta", source_id="Okta").count() == number
    assert EnvironmentAccess.objects.exclude(source_name="Okta").count() == total - number


def test_a_row_is_inserted_as_django_would(place):
    event = {"before": {"a": [1, "ß"]}, "after": {}, "sentence": "It's %s.", "workspace_id": place.workspace_id}
    ours = ChangeEvent.objects.create(**event)
    theirs = ChangeEvent(**event)
    ChangeEvent.objects.bulk_create([theirs])  # which is Django's own
    ours, theirs = (everything(ChangeEvent.objects.get(pk=each.pk)) for each in (ours, theirs))
    own = ("id", "at")
    assert {name: ours[name] for name in ours if name not in own} == {
        name: theirs[name] for name in theirs if name not in own
    }


def test_what_save_adds_to_a_row_is_inserted_with_it(place):
    assert issubclass(EndUser, PreparedSave)
    row = EndUser.objects.create(workspace=place.workspace, full_name="Éve", email="EVE@acme.example")
    assert not row._state.adding
    assert EndUser.objects.get(pk=row.pk).email_key == "eve@acme.example"


def test_a_row_that_is_there_already_breaks_the_transaction(place):
    row = EndUser.objects.create(workspace=place.workspace, full_name="Eve", email="eve@acme.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        EndUser(pk=row.pk, workspace=place.workspace, full_name="E", email="e@acme.example").save(force_insert=True)
    assert EndUser.objects.get(pk=row.pk).full_name == "Eve"


def test_a_remembered_row_is_the_query_sets_and_follows_every_change(place):
    person = EndUser.objects.select_related("workspace").get(name_key="alan")
    for name in ("Alan", "Alan", "Alan T.", "Alan"):
        EndUser.objects.filter(pk=person.pk).update(full_name=name)
        with CaptureQueriesContext(connection) as queries:
            found = remembered.first(person.pk)
            workspace = found.workspace
        assert len(queries) == 1
        person.refresh_from_db()
        assert everything(found) == everything(person)
        assert everything(workspace) == everything(person.workspace)
    Workspace.objects.filter(pk=workspace.pk).update(name="Renamed")
    assert remembered.first(person.pk).workspace.name == "Renamed"
    person.delete()
    assert remembered.first(person.pk) is None


def test_who_changes_a_remembered_row_changes_it_for_nobody_else(place):
    pk = EndUser.objects.get(name_key="alan").pk
    found = remembered.first(pk)
    found.full_name, found.workspace.name = "Mine", "Mine"
    again = remembered.first(pk)
    assert (again.full_name, again.workspace.name) == ("Alan", "Acme")
    again.full_name = "Alan T."
    again.save()
    assert remembered.first(pk).full_name == "Alan T."


end = Deletion(
    lambda environment, name: EnvironmentAccess.objects.filter(environment=environment, source_name=name),
    (Environment, "id"),
    (EnvironmentAccess, "source_name"),
    returning=["end_user", "source_name"],
)


def test_a_deletion_tells_whose_rows_are_gone(place):
    gone = place.accesses.filter(source_name=(name := EnvironmentAccess.objects.first().source_name))
    others = EnvironmentAccess.objects.count() - len(people := set(gone.values_list("end_user", flat=True)))
    with CaptureQueriesContext(connection) as queries:
        assert set(end(place.pk, name)) == {(pk, name) for pk in people}
    assert len(queries) == 1
    assert end(place.pk, name) == []
    assert EnvironmentAccess.objects.count() == others


def test_a_row_is_updated_as_django_would(place):
    ours, theirs = EndUser.objects.filter(full_name__in=["Alan", "Ben"], workspace=place.workspace)[:2]
    for row in (ours, theirs):
        row.full_name, row.email, row.name_source = "It's %s", "", SYSTEM.source
    with CaptureQueriesContext(connection) as queries:
        ours.save()
    assert len(queries) == 1
    theirs.set_keys()
    names = [field.name for field in EndUser._meta.concrete_fields if not field.primary_key]
    EndUser.objects.bulk_update([theirs], names)  # which is Django's own
    ours, theirs = (everything(EndUser.objects.get(pk=each.pk)) for each in (ours, theirs))
    own = ("id", "created_at", "updated_at", "active_since")
    assert {name: ours[name] for name in ours if name not in own} == {
        name: theirs[name] for name in theirs if name not in own
    }
    assert ours["updated_at"] > ours["created_at"]


def test_an_update_writes_the_named_columns_and_needs_the_row(place):
    row = EndUser.objects.get(full_name="Ben")
    row.full_name, row.status = "Benjamin", EndUser.Status.DEACTIVATED
    row.save(update_fields=["status"])
    row.refresh_from_db()
    assert (row.full_name, row.status) == ("Ben", "deactivated")
    EndUser.objects.filter(pk=row.pk).delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        row.save(update_fields=["status"])
    row.status = Upper("status")
    with pytest.raises(DatabaseError), transaction.atomic():
        row.save(update_fields=["status"])

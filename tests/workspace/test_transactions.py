"""What is atomic is undone alone, but in a whole transaction, which any failure ends."""

from contextlib import suppress

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from provisioning.models import ProvisionedGroup, ProvisionedUser
from tests.scim import make_connection
from tests.workspace.builders import build
from workspace.db.keys import new_id
from workspace.db.statement import insertion_of, update_of
from workspace.db.transactions import atomic, violated, whole, write_last
from workspace.models import ChangeEvent, ChangeSubject, EndUser, Workspace

pytestmark = pytest.mark.django_db


class Failure(Exception):
    pass


@atomic
def rename(workspace: Workspace, name: str, *, fails: bool = False) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(name=name)
    if fails:
        raise Failure


@whole()
def rename_twice(workspace: Workspace) -> None:
    rename(workspace, "First")
    rename(workspace, "Second", fails=True)


@pytest.fixture
def acme():
    return build("acme").workspace


def name_of(workspace: Workspace) -> str:
    return Workspace.objects.get(pk=workspace.pk).name


def test_a_part_that_fails_is_undone_alone(acme):
    with transaction.atomic():
        rename(acme, "First")
        with pytest.raises(Failure):
            rename(acme, "Second", fails=True)
        assert name_of(acme) == "First"


def test_in_a_whole_transaction_parts_have_no_savepoints(acme):
    with transaction.atomic(), whole(), CaptureQueriesContext(connection) as queries:
        rename(acme, "First")
    assert len(queries) == 1
    assert name_of(acme) == "First"


def test_a_whole_transaction_is_undone_with_all_its_parts(acme):
    before = name_of(acme)
    with pytest.raises(Failure):
        rename_twice(acme)
    assert name_of(acme) == before


def test_nobody_goes_on_in_a_whole_transaction_after_a_failure(acme):
    before = name_of(acme)
    with whole():
        with pytest.raises(Failure):
            rename(acme, "First", fails=True)
        with pytest.raises(transaction.TransactionManagementError):
            name_of(acme)
    assert name_of(acme) == before


def test_a_savepoint_in_a_whole_transaction_holds_a_failure(acme):
    with whole():
        rename(acme, "First")
        with pytest.raises(Failure), transaction.atomic():
            rename(acme, "Second", fails=True)
        assert name_of(acme) == "First"


def test_after_a_whole_transaction_parts_are_undone_alone_again(acme):
    with whole():
        pass
    test_a_part_that_fails_is_undone_alone(acme)


SENTENCE = "100 % ‘sure’"
add_subject = insertion_of(ChangeSubject, "event", "kind", "subject_id")
set_name = update_of(Workspace, "name")
touch = update_of(Workspace, "slug", is_required=False)
count_version = update_of(ProvisionedGroup, "external_id", counted="version")


def write_event(*kinds: str) -> None:
    event = ChangeEvent(sentence=SENTENCE)
    write_last(event, *((add_subject, (event.pk, kind, new_id())) for kind in kinds))


def kinds_written() -> list[str]:
    found = ChangeSubject.objects.filter(event__sentence=SENTENCE)
    return list(found.order_by("pk").values_list("kind", flat=True))


def test_a_whole_transaction_writes_last_what_it_may_and_in_that_order(acme):
    group = ProvisionedGroup.objects.create(connection=make_connection(), display_name="Crew", version=7)
    before, told = name_of(acme), []
    with CaptureQueriesContext(connection) as queries:
        with whole():
            write_event("first", "second")
            write_last((set_name, ("Last", acme.pk)))
            write_last((touch, ("gone", new_id())))
            write_last((count_version, ("x", group.pk)), told=told.append)
            assert (name_of(acme), kinds_written(), told) == (before, [], [])
        written = [each["sql"] for each in queries if not each["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))]
    assert len(written) == (1 if connection.vendor == "postgresql" else 5)
    assert (name_of(acme), told) == ("Last", [(8,)])
    assert kinds_written() == ["first", "second"]
    assert ProvisionedGroup.objects.values_list("version", "external_id").get() == (8, "x")


def test_elsewhere_it_is_written_at_once(acme):
    write_last((set_name, ("Second", acme.pk)))
    assert name_of(acme) == "Second"
    with whole(), transaction.atomic():
        write_last((set_name, ("Third", acme.pk)))
        assert name_of(acme) == "Third"


def test_what_a_savepoint_undoes_is_not_written(acme):
    before = name_of(acme)
    with whole():
        write_event("stays")
        with suppress(Failure), transaction.atomic():
            write_event("goes")
            write_last((set_name, ("Goes", acme.pk)))
            raise Failure
    assert (name_of(acme), kinds_written()) == (before, ["stays"])


def test_nothing_is_written_of_a_whole_transaction_that_fails(acme):
    with suppress(Failure), whole():
        write_event("first")
        raise Failure
    assert not kinds_written()


def test_a_row_is_changed_twice_one_after_the_other(acme):
    with whole():
        write_last((set_name, ("First", acme.pk)))
        write_last((set_name, ("Second", acme.pk)))
        assert name_of(acme) == "Second"
    assert name_of(acme) == "First"


@pytest.mark.parametrize("first", [True, False])
def test_a_row_that_is_required_and_gone_undoes_all(acme, first):
    def write() -> None:
        with whole():
            write_event(*(["before"] if first else []))
            write_last((set_name, ("x", new_id())))
            write_event("after")

    with pytest.raises(DatabaseError):
        write()
    assert not kinds_written()


@pytest.mark.parametrize(
    ("model", "same", "name"),
    [
        (ProvisionedUser, ["user_name_key", "user_name"], "scim_user_name_unique"),
        (ProvisionedUser, ["end_user_id"], "scim_user_person_unique"),
        (ProvisionedGroup, ["display_name_key", "display_name"], "scim_group_name_unique"),
    ],
)
def test_the_constraint_that_a_row_breaks_is_named(model, same, name):
    scim = make_connection()
    people = [
        EndUser.objects.create(workspace=scim.environment.workspace, full_name=who, email=f"{who}@acme.example")
        for who in ("ada", "bob")
    ]
    first, second = (
        {"connection": scim, "external_id": who.full_name, "user_name": who.full_name, "end_user_id": who.pk}
        if model is ProvisionedUser
        else {"connection": scim, "external_id": who.full_name, "display_name": who.full_name}
        for who in people
    )
    model.objects.create(**first)
    with pytest.raises(IntegrityError) as failure, transaction.atomic():
        model.objects.create(**second | {column: first[column] for column in same if column in first})
    assert violated(failure.value, model) == name


def test_another_failure_names_no_constraint(acme):
    end_user = EndUser(workspace=acme, full_name="Ada", email="eve@acme.example")
    end_user.save()
    with pytest.raises(IntegrityError) as failure, transaction.atomic():
        EndUser.objects.filter(pk=end_user.pk).update(full_name=None)
    assert violated(failure.value, EndUser) == ""

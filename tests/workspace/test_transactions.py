"""What is atomic is undone alone, but in a whole transaction, which any failure ends."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from provisioning.models import ProvisionedGroup, ProvisionedUser
from tests.scim import make_connection
from tests.workspace.builders import build
from workspace.db.transactions import atomic, violated, whole
from workspace.models import EndUser, Workspace

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

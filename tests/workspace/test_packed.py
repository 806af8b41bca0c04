"""Many ids as one value, and the names that a confirmation shows of very many people."""

from dataclasses import replace
from uuid import UUID

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.workspace.bulk import everybody
from tests.workspace.crowds import add_people
from workspace.actions.bulk import BULK_CHANGES, Selection
from workspace.actions.bulk_changes import AddToGroup
from workspace.db.packed import PackedIds
from workspace.forms.end_user_filter import EndUserFilter
from workspace.forms.selection import SelectionForm
from workspace.models import EndUser, EnvironmentAccess, GroupMembership
from workspace.views import bulk

pytestmark = pytest.mark.django_db


def add_backwards(acme, number, environments):
    """Add people whose names come in the opposite order of their ids."""
    people = add_people(acme, number, environments=environments)
    for place, person in enumerate(people):
        person.full_name = f"Person {number - place:02}"
        person.save()


def test_packed_ids_are_those_of_the_rows_in_their_order(acme):
    add_backwards(acme, 20, [])
    # An index has them in the order of names.
    rows = EndUser.objects.filter(workspace=acme.workspace, name_key__gte="").order_by("-full_name")
    ids, packed = sorted(rows.values_list("pk", flat=True)), PackedIds.of(rows)
    assert list(packed) == ids and len(packed) == len(ids) == 22
    assert packed[0] == ids[0] and packed[-1] == ids[-1] and packed[3:9:2] == ids[3:9:2]
    assert all(pk in packed for pk in ids)
    others = [UUID(int=0), UUID(int=2**128 - 1), UUID(int=ids[7].int + 1), str(ids[0])]
    assert not any(other in packed for other in others)
    assert not PackedIds.of(EndUser.objects.none()) and not PackedIds.of(rows.filter(full_name="Nobody"))
    with pytest.raises(IndexError):
        packed[22]


@pytest.fixture
def mixed(acme):
    """acme with active and deactivated people, of whom some are members, or have access twice or elsewhere."""
    people = add_people(acme, 12, environments=[acme.dev])
    add_people(acme, 3, environments=[acme.prod])
    add_people(acme, 3, environments=[acme.dev], is_active=False)
    for person in people[::2]:
        EnvironmentAccess.objects.create(environment=acme.dev, end_user=person, source_kind="jit", source_id="okta")
    GroupMembership.objects.bulk_create(GroupMembership(group=acme.support, end_user=each) for each in people[:4])
    return acme


@pytest.mark.parametrize("do", ["add-to-group", "invite"])
@pytest.mark.parametrize("query", ["", "access=any", "access=none", "status=active", "q=person"])
def test_everybody_is_planned_as_the_same_people_one_by_one(mixed, query, do):
    asked = QueryDict(f"do={do}&all=1&{query}")
    filtered = EndUserFilter(asked, environment=mixed.dev, now=timezone.now())
    form = SelectionForm(asked, filtered=filtered)
    assert form.is_valid()
    selection = replace(form.selection(), group=mixed.support)
    assert selection.has_everybody == (query in ("", "access=any"))
    people = mixed.workspace.end_users.filter(pk__in=filtered.people.values("pk"))
    one_by_one = Selection(mixed.dev, people, mixed.support)
    planned, expected = BULK_CHANGES[do].plan(selection), BULK_CHANGES[do].plan(one_by_one)
    assert planned.mark == expected.mark
    assert (planned.left_out, planned.notes) == (expected.left_out, expected.notes)
    assert selection.count_allowed() == one_by_one.count_allowed()


def test_everybody_is_added_to_a_group_by_their_access_alone(mixed):
    people = mixed.workspace.end_users.all()
    with CaptureQueriesContext(connection) as queries:
        plan = AddToGroup().plan(Selection(mixed.dev, people, mixed.support, has_everybody=True))
    reads = [each["sql"] for each in queries if "_AGG(" in each["sql"] or "GROUP_CONCAT(" in each["sql"]]
    assert len(plan.ids) == 9 and len(queries) == 3
    assert len(reads) == 1 and 'FROM "workspace_environmentaccess"' in reads[0]


@pytest.mark.parametrize("looked_at", [3, 15, 200])
def test_a_confirmation_names_the_first_of_many(acme, owner, monkeypatch, looked_at):
    add_backwards(acme, 30, [acme.dev])
    # Those who come first in the order of names are deactivated already.
    people = list(EndUser.objects.order_by("name_key", "pk"))
    EndUser.objects.filter(pk__in=[person.pk for person in people[:8]]).update(status=EndUser.Status.DEACTIVATED)
    monkeypatch.setattr(bulk, "_LOOKED_AT", looked_at)
    page = owner.get(everybody(acme, "deactivate"))
    left = [person.full_name for person in people[8:]]
    assert page.context["names"] == left[:10] and page.context["more"] == len(left) - 10

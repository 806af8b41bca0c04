"""Many ids as one value, and the names that a confirmation shows of very many people."""

from uuid import UUID

import pytest

from tests.workspace.bulk import everybody
from tests.workspace.crowds import add_people
from workspace.db.packed import PackedIds
from workspace.models import EndUser
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

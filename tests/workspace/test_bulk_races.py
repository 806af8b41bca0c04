"""Changes of many people at the same time as others, in threads with connections of their own."""

from types import SimpleNamespace

import pytest
from django.utils import timezone

from tests import factories
from tests.workspace.builders import OKTA, OKTA_ACTOR
from tests.workspace.crowds import add_people
from tests.workspace.races import at_once
from workspace.actions.access import end_access, give_access
from workspace.actions.bulk import BULK_CHANGES, Selection, change_many
from workspace.actions.end_users import deactivate_end_user
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3


@pytest.fixture
def place(transactional_db):
    workspace = factories.workspace("acme")
    return SimpleNamespace(workspace=workspace, dev=workspace.environments.first())


def pressing(place, do, group=None):
    """Return the press of a confirmation that was opened now."""
    change = BULK_CHANGES[do]
    selection = Selection(place.dev, place.workspace.end_users.all(), group)
    expected = change.plan(selection).mark
    return lambda: change_many(change=change, selection=selection, expected=expected, by=SYSTEM, now=timezone.now())


@pytest.mark.parametrize("do", ["add-to-group", "end-access", "deactivate"])
def test_of_two_presses_at_once_one_changes(place, do):
    for number in range(ROUNDS):
        add_people(place, 30, environments=[place.dev])
        group = factories.group(place.dev, name=f"Group {number}")
        press, before = pressing(place, do, group), ChangeEvent.objects.count()
        assert sorted(at_once(press, press)) == ["changed_since", "done"]
        assert ChangeEvent.objects.count() == before + 1


def test_whoever_is_deactivated_at_the_same_moment_is_told_once(place):
    for _ in range(ROUNDS):
        people = add_people(place, 20, environments=[place.dev])
        one = EndUser.objects.get(pk=people[7].pk)
        press = pressing(place, "deactivate")
        outcomes = at_once(press, lambda one=one: deactivate_end_user(end_user=one, by=SYSTEM))
        is_first = outcomes[0] == "done"
        active = place.workspace.end_users.filter(status=EndUser.Status.ACTIVE).count()
        # Either all were deactivated by the press, or it was refused because the number had changed.
        assert active == (0 if is_first else 19)
        EndUser.objects.update(status=EndUser.Status.DEACTIVATED)


def test_the_last_access_by_an_idp_and_by_hand_end_at_once(place):
    for _ in range(ROUNDS):
        people = add_people(place, 5, environments=[place.dev])
        both = EndUser.objects.get(pk=people[0].pk)
        give_access(both, [place.dev], OKTA)
        press = pressing(place, "end-access")
        at_once(press, lambda both=both: end_access(end_user=both, source=OKTA, environment=place.dev, by=OKTA_ACTOR))
        both.refresh_from_db()
        # The page left this person out, so the access by hand stays, whichever was first.
        assert both.is_active and [access.source_kind for access in both.accesses.all()] == ["manual"]
        place.workspace.end_users.all().delete()

"""Changes of roles at once, in threads with connections of their own."""

import pytest
from django.utils import timezone

from tests import factories
from tests.workspace.access import invited
from tests.workspace.races import at_once
from workspace.actions.administrators import change_role, remove_administrator
from workspace.actions.invitations import accept_invitation, accept_with_new_account, invite_administrator
from workspace.events import SYSTEM, Actor
from workspace.models import Administrator, ChangeEvent, User
from workspace.visits import NOWHERE

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5
Role = Administrator.Role


@pytest.fixture
def workspace(transactional_db):
    return factories.workspace("acme")


def owners(workspace, number: int) -> list[Administrator]:
    users = [User.objects.create_user(f"owner-{n}@acme.example") for n in range(number)]
    return [workspace.administrators.create(user=user, role=Role.OWNER) for user in users]


@pytest.mark.parametrize("change", ["step down", "leave", "mixed"])
def test_of_two_last_owners_who_go_at_once_one_stays(workspace, change):
    for _ in range(ROUNDS):
        workspace.administrators.all().delete()
        User.objects.all().delete()
        first, second = owners(workspace, 2)

        def step_down(own):
            return lambda: change_role(
                administrator=own, role=Role.VIEWER, by=Actor.administrator(own), now=timezone.now()
            )

        def leave(own):
            return lambda: remove_administrator(administrator=own, by=Actor.administrator(own), now=timezone.now())

        ways = {"step down": (step_down, step_down), "leave": (leave, leave), "mixed": (step_down, leave)}[change]
        outcomes = at_once(ways[0](first), ways[1](second))
        assert sorted(outcomes) == ["done", "last_owner"]
        assert workspace.administrators.owners().count() == 1


def test_of_owners_who_remove_each_other_at_once_one_wins(workspace):
    for _ in range(ROUNDS):
        workspace.administrators.all().delete()
        User.objects.all().delete()
        first, second = owners(workspace, 2)
        outcomes = at_once(
            lambda a=first, b=second: remove_administrator(
                administrator=b, by=Actor.administrator(a), now=timezone.now()
            ),
            lambda a=first, b=second: remove_administrator(
                administrator=a, by=Actor.administrator(b), now=timezone.now()
            ),
        )
        assert sorted(outcomes) == ["done", "not_allowed"]
        assert workspace.administrators.owners().count() == 1


def test_of_five_owners_who_leave_at_once_one_stays(workspace):
    own = owners(workspace, 5)
    leave = [
        lambda each=each: remove_administrator(administrator=each, by=Actor.administrator(each), now=timezone.now())
        for each in own
    ]
    assert sorted(at_once(*leave)) == ["done"] * 4 + ["last_owner"]
    assert workspace.administrators.owners().count() == 1


def test_of_equal_invitations_at_once_one_is_sent(workspace):
    invite = [
        lambda email=email: invite_administrator(
            workspace=workspace, email=email, role=Role.ADMIN, by=SYSTEM, now=timezone.now()
        )
        for email in ("new@acme.example", "NEW@acme.example", "ＮＥＷ@acme.example")
    ]
    assert sorted(at_once(*invite)) == ["done", "is_invited", "is_invited"]
    assert workspace.administrator_invitations.open().count() == 1


@pytest.mark.parametrize("is_new", [True, False])
def test_a_link_that_is_used_several_times_at_once_counts_once(workspace, is_new):
    _, token = invited(workspace, SYSTEM)
    user = None if is_new else User.objects.create_user("new@acme.example", factories.PASSWORD)
    before, now = ChangeEvent.objects.count(), timezone.now()

    def accept():
        if user:
            return accept_invitation(token=token, user=user, visit=NOWHERE, now=now)
        return accept_with_new_account(
            token=token, full_name="New", password=factories.PASSWORD, visit=NOWHERE, now=now
        )

    assert sorted(at_once(*[accept] * 4)) == ["dead_link"] * 3 + ["done"]
    assert workspace.administrators.count() == User.objects.count() == 1
    assert ChangeEvent.objects.count() == before + 1

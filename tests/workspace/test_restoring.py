"""Members that a take-over set aside: who can be restored, where, and why others cannot."""

import pytest

from tests import factories
from tests.workspace.builders import OKTA, OKTA_ACTOR
from tests.workspace.pages import text
from workspace.actions.access import set_manual_access
from workspace.actions.end_users import deactivate_end_user
from workspace.actions.groups import delete_group, release_group, rename_group, take_over_group
from workspace.actions.members import change_members
from workspace.actions.merging import merge_end_users
from workspace.actions.restoring import restore_members, set_aside
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, EndUserGroup, GroupMembership, Source, SourceKind
from workspace.refusals import ActionError

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(acme):
    """Five members of Support by hand, whom Okta's take-over sets aside."""
    names = ("Cy Ito", "Di Moss", "Eve Ray", "Flo Day")
    added = [factories.end_user(acme.dev, name=name) for name in names]
    change_members(group=acme.support, add=[person.pk for person in added], by=SYSTEM)
    take_over_group(group=acme.support, source=OKTA, by=OKTA_ACTOR)
    acme.support.refresh_from_db()
    return [acme.ada, *added]


@pytest.fixture
def event(people):
    return ChangeEvent.objects.get(action="group.taken_over")


def let_go(acme) -> None:
    acme.support.environment = acme.dev
    release_group(group=acme.support, by=OKTA_ACTOR)


def where(acme, event) -> str:
    return f"{acme.url}groups/restore/{event.pk}/"


def by_hand(group) -> set[EndUser]:
    return {each.end_user for each in group.memberships.filter(source_kind=SourceKind.MANUAL)}


def test_all_come_back_into_the_group_once_the_idp_has_let_go(acme, owner, people, event):
    let_go(acme)
    before = ChangeEvent.objects.count()
    page = owner.post(where(acme, event), {"into": "group"}, follow=True)
    assert "5 people were restored to Support." in text(page)
    assert by_hand(acme.support) == set(people)
    assert ChangeEvent.objects.count() == before + 1
    done = ChangeEvent.objects.latest("id")
    assert done.action == "group.members_restored"
    assert done.sentence == (
        "owner@acme.example restored 5 people to the group Support, set aside when Okta Dev took over Support."
    )
    assert {str(each.subject_id) for each in done.subjects.all()} == {str(one.pk) for one in [acme.support, *people]}
    assert done.before == {"taken_over": str(event.pk)}
    assert {pk for pk, _ in done.after["added"]} == {str(person.pk) for person in people}


def test_a_group_that_an_idp_manages_stays_as_the_idp_says(acme, owner, people, event):
    words = text(owner.get(where(acme, event)))
    assert "Okta Dev manages Support, and its members match the provider." in words
    assert "Restore into" not in words
    with pytest.raises(ActionError, match="manages this group"):
        restore_members(event=event, environment=acme.dev, by=acme.actor)
    # A forged choice makes a new group, because the page has no other.
    assert owner.post(where(acme, event), {"into": "group"}).context["form"].errors == {"name": ["Enter a group name."]}
    assert by_hand(acme.support) == set()


def test_all_come_into_a_new_group_in_one_event(acme, owner, people, event):
    before = ChangeEvent.objects.count()
    name = owner.get(where(acme, event)).context["form"]["name"].value()
    assert name == "Support (restored)"
    page = owner.post(where(acme, event), {"name": name}, follow=True)
    new = EndUserGroup.objects.get(name=name)
    assert "5 people were restored to Support (restored)." in text(page)
    assert (by_hand(new), new.is_managed, new.environment) == (set(people), False, acme.dev)
    assert ChangeEvent.objects.count() == before + 1
    for group in (new, acme.support):
        assert ChangeEvent.objects.about(group.pk).filter(action="group.members_restored").exists()


def test_a_deleted_group_is_made_anew(acme, owner, people, event):
    acme.support.environment = acme.dev
    delete_group(group=acme.support, by=OKTA_ACTOR)
    page = owner.get(where(acme, event))
    assert "The group was deleted. Restore its members into a new one." in text(page)
    assert page.context["form"]["name"].value() == "Support"
    owner.post(where(acme, event), {"name": "Support"})
    assert by_hand(acme.dev.groups.get(name="Support")) == set(people)


def test_a_renamed_group_is_the_same_group(acme, owner, people, event):
    let_go(acme)
    rename_group(group=acme.support, name="Helpers", by=acme.actor)
    owner.post(where(acme, event), {"into": "group"})
    assert by_hand(acme.support) == set(people)


def test_who_cannot_be_restored_is_named_with_the_reason(acme, owner, people, event):
    ada, cy, di, eve, flo = people
    deactivate_end_user(end_user=cy, by=SYSTEM)
    set_manual_access(end_user=di, environments=[acme.test], by=SYSTEM)
    eve.delete()
    found = set_aside(event, acme.dev)
    assert set(found.restorable) == {ada, flo}
    reasons = {each.name: each.why for each in found.left_out}
    assert reasons == {
        "Cy Ito": "is deactivated",
        "Di Moss": "has no access to DEV any more",
        "Eve Ray": "was deleted",
    }
    words = text(owner.get(where(acme, event)))
    assert "2 of 5 people can be restored." in words
    assert all(f"{name} {why}." in words for name, why in reasons.items())
    owner.post(where(acme, event), {"name": "Again"})
    assert by_hand(EndUserGroup.objects.get(name="Again")) == {ada, flo}
    left_out = ChangeEvent.objects.latest("id").after["left_out"]
    assert {name: why for _, name, why in left_out} == reasons


def test_of_merged_people_the_one_who_stayed_is_restored_once(acme, owner, people, event):
    from django.utils import timezone

    ada, cy, di, *others = people
    merge_end_users(stays=ada, goes=cy, by=SYSTEM, now=timezone.now())
    merge_end_users(stays=acme.bo, goes=di, by=SYSTEM, now=timezone.now())
    found = set_aside(event, acme.dev)
    assert set(found.restorable) == {ada, acme.bo, *others} and not found.left_out


def test_members_of_any_source_come_back_by_hand(acme, owner, people, event):
    jit = Source(SourceKind.JIT, "x", "Entra")
    let_go(acme)
    change_members(group=acme.support, add=[people[0].pk], source=jit, by=SYSTEM)
    take_over_group(group=acme.support, source=OKTA, by=OKTA_ACTOR)
    let_go(acme)
    last = ChangeEvent.objects.filter(action="group.taken_over").latest("id")
    owner.post(where(acme, last), {"into": "group"})
    assert by_hand(acme.support) == {people[0]}
    assert GroupMembership.objects.filter(group=acme.support).count() == 1


def test_the_second_time_nobody_is_left_and_nothing_changes(acme, owner, people, event):
    let_go(acme)
    owner.post(where(acme, event), {"into": "group"})
    before = ChangeEvent.objects.count()
    page = text(owner.get(where(acme, event)))
    assert "0 of 5 people can be restored." in page and "5 people are in the group already." in page
    again = owner.post(where(acme, event), {"into": "group"})
    assert "Nobody is left to restore" in text(again)
    assert ChangeEvent.objects.count() == before


def test_a_taken_name_is_said_at_its_field_and_nothing_is_half_done(acme, owner, people, event):
    before = (ChangeEvent.objects.count(), EndUserGroup.objects.count())
    page = owner.post(where(acme, event), {"name": "support"})
    assert "already has a group named support" in text(page)
    for person in people:
        deactivate_end_user(end_user=person, by=SYSTEM)
    with pytest.raises(ActionError, match="Nobody is left"):
        restore_members(event=event, environment=acme.dev, new_name="Empty", by=acme.actor)
    assert not EndUserGroup.objects.filter(name="Empty").exists()
    assert (ChangeEvent.objects.count() - len(people), EndUserGroup.objects.count()) == before


def test_only_a_take_over_can_be_restored(acme, owner):
    assert owner.get(where(acme, acme.event)).status_code == 404


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_history_and_audit_log_lead_to_it_for_who_may(acme, as_role, people, event, role):
    link = f'href="{where(acme, event)}"'
    history = as_role(role).get(f"{acme.url}groups/{acme.support.pk}/history/").content.decode()
    # The audit log is one for all environments.
    log = as_role(role).get(f"/workspaces/acme/prod/audit-log/{event.pk}/").content.decode()
    assert (link in history, link in log) == ((True, True) if role == "admin" else (False, False))


def test_many_members_take_the_same_queries(acme, owner, people, event, query_count):
    few = query_count(owner, where(acme, event))
    more = [factories.end_user(acme.dev, name=f"Person {n}") for n in range(30)]
    let_go(acme)
    change_members(group=acme.support, add=[person.pk for person in more], by=SYSTEM)
    take_over_group(group=acme.support, source=OKTA, by=OKTA_ACTOR)
    last = ChangeEvent.objects.filter(action="group.taken_over").latest("id")
    assert query_count(owner, where(acme, last)) == few

"""Changes of groups: sets of members, one event a change, and nothing that an IdP manages."""

import pytest

from tests.workspace.builders import OKTA, OKTA_ACTOR
from workspace.actions.groups import create_group, delete_group, release_group, rename_group, take_over_group
from workspace.actions.members import change_members
from workspace.events import Actor
from workspace.models import MANUAL, ChangeEvent, EndUserGroup
from workspace.refusals import ActionError

pytestmark = pytest.mark.django_db

HANDS = ["administrator", "operator", "api_token"]
by_every_hand = pytest.mark.parametrize("hand", [Actor(kind, "1", "Somebody") for kind in HANDS], ids=HANDS)
every_change = pytest.mark.parametrize(
    "change",
    [
        lambda acme, group, by: rename_group(group=group, name="Forged", by=by),
        lambda acme, group, by: change_members(group=group, add=[acme.ada.pk], by=by),
        lambda acme, group, by: change_members(group=group, remove=[acme.bo.pk], source=OKTA, by=by),
        lambda acme, group, by: delete_group(group=group, by=by),
    ],
    ids=["rename", "add", "remove", "delete"],
)


def test_a_group_is_created_with_its_members_in_one_event(acme):
    group = create_group(environment=acme.dev, name=" New  group ", members=[acme.ada.pk, acme.bo.pk], by=acme.actor)
    event = ChangeEvent.objects.about(group.pk).get()
    assert group.name == "New group" and set(group.end_users) == {acme.ada, acme.bo}
    assert {name for _, name in event.after["members"]} == {"Ada Winter", "Bo Lund"}
    assert event.environment_id == acme.dev.pk


@pytest.mark.parametrize("name", ["support", "SUPPORT ", "Ｓupport", "everyone"])
def test_a_name_exists_once_in_an_environment_in_any_spelling(acme, name):
    with pytest.raises(ActionError) as refusal:
        create_group(environment=acme.dev, name=name, by=acme.actor)
    assert refusal.value.field == "name"
    create_group(environment=acme.test, name="Support", by=acme.actor)


@pytest.mark.parametrize("name", ["", "  ", "n" * 251])
def test_a_name_is_neither_empty_nor_endless(acme, name):
    with pytest.raises(ActionError) as refusal:
        create_group(environment=acme.dev, name=name, by=acme.actor)
    assert refusal.value.field == "name"


class TestManaged:
    """Groups that an IdP manages."""

    @every_change
    @by_every_hand
    def test_no_hand_changes_them(self, acme, change, hand):
        before = ChangeEvent.objects.count()
        with pytest.raises(ActionError, match="Okta Dev manages this group"):
            change(acme, acme.engineering, hand)
        group = EndUserGroup.objects.get(pk=acme.engineering.pk)
        assert group.name == "Engineering" and set(group.end_users) == {acme.bo}
        assert ChangeEvent.objects.count() == before

    @every_change
    def test_the_idp_changes_them(self, acme, change):
        before = ChangeEvent.objects.count()
        change(acme, acme.engineering, OKTA_ACTOR)
        assert ChangeEvent.objects.count() == before + 1

    def test_after_release_people_manage_the_group_with_its_members(self, acme):
        release_group(group=acme.engineering, members_of=OKTA, by=acme.actor)
        change_members(group=acme.engineering, add=[acme.ada.pk], remove=[acme.bo.pk], by=acme.actor)
        assert set(acme.engineering.end_users) == {acme.ada}


@every_change
@pytest.mark.parametrize("actor", [*(Actor(kind, "1", "Somebody") for kind in HANDS), OKTA_ACTOR], ids=[*HANDS, "idp"])
def test_everyone_is_changed_by_nobody(acme, change, actor):
    with pytest.raises(ActionError, match="Everyone holds everybody with access to DEV"):
        change(acme, acme.everyone, actor)
    assert set(acme.everyone.end_users) == {acme.ada, acme.bo}


class TestMembers:
    def test_what_is_not_named_stays(self, acme):
        change_members(group=acme.support, add=[acme.bo.pk], by=acme.actor)
        assert set(acme.support.end_users) == {acme.ada, acme.bo}
        change_members(group=acme.support, remove=[acme.ada.pk], by=acme.actor)
        assert set(acme.support.end_users) == {acme.bo}

    def test_adding_who_is_in_and_removing_who_is_not_is_no_change(self, acme):
        before = ChangeEvent.objects.count()
        change_members(group=acme.support, add=[acme.ada.pk], remove=[acme.bo.pk], by=acme.actor)
        assert ChangeEvent.objects.count() == before

    def test_one_source_never_removes_what_another_granted(self, acme):
        change_members(group=acme.support, add=[acme.ada.pk], source=OKTA, by=OKTA_ACTOR)
        change_members(group=acme.support, remove=[acme.ada.pk], source=OKTA, by=OKTA_ACTOR)
        assert set(acme.support.end_users) == {acme.ada}

    def test_taking_over_sets_members_aside_into_the_event(self, acme):
        take_over_group(group=acme.support, source=OKTA, by=OKTA_ACTOR)
        event = ChangeEvent.objects.about(acme.support.pk).first()
        assert not acme.support.end_users.exists() and acme.support.is_managed
        assert event.before["members"] == [[str(acme.ada.pk), "Ada Winter", *MANUAL.listed()]]


def test_a_deleted_group_leaves_its_members_in_the_event(acme):
    pk = acme.support.pk
    delete_group(group=acme.support, by=acme.actor)
    event = ChangeEvent.objects.about(pk).first()
    assert event.before == {
        "name": "Support",
        "source": MANUAL.listed(),
        "members": [[str(acme.ada.pk), "Ada Winter", *MANUAL.listed()]],
    }
    assert acme.ada in acme.everyone.end_users


@pytest.mark.parametrize("name", ["Engineering", "ENGINEERING ", " ", "n" * 251])
def test_a_refused_rename_leaves_the_instance_as_it_was(acme, name):
    before = dict(vars(acme.support))
    with pytest.raises(ActionError):
        rename_group(group=acme.support, name=name, by=acme.actor)
    assert vars(acme.support) == before and str(acme.support) == "Support"
    acme.support.save()
    assert EndUserGroup.objects.get(pk=acme.support.pk).name == "Support"


def test_a_rename_records_both_names(acme):
    assert rename_group(group=acme.support, name="Help desk", by=acme.actor)
    event = ChangeEvent.objects.about(acme.support.pk).first()
    assert (event.before, event.after) == ({"name": "Support"}, {"name": "Help desk"})
    assert not rename_group(group=acme.support, name="Help desk", by=acme.actor)

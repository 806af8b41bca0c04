"""Members are restored by two at once, and beside another take-over."""

from tests import factories
from tests.provisioning.races import side_by_side
from workspace.actions.groups import release_group, take_over_group
from workspace.actions.restoring import restore_members
from workspace.events import Actor
from workspace.models import ChangeEvent, EndUserGroup, GroupMembership, SourceKind
from workspace.refusals import ActionError

OWNER = Actor("administrator", "", "owner@acme.example")


def set_up(scim):
    """A group whose five members were set aside, and that is free again."""
    connection, dev = scim.connection, scim.connection.environment
    okta = Actor("connection", str(connection.pk), connection.name)
    people = [factories.end_user(dev, name=f"Person {number}") for number in range(5)]
    support = factories.group(dev, *people, name="Support")
    take_over_group(group=support, source=connection.source, by=okta)
    release_group(group=support, by=okta)
    return support, ChangeEvent.objects.get(action="group.taken_over"), okta


def restore(scim, event):
    return restore_members(event=event, environment=scim.connection.environment, by=OWNER)


def test_of_two_who_restore_at_once_one_does_and_nobody_is_in_the_group_twice(transactional_db, scim):
    support, event, _ = set_up(scim)
    done = side_by_side([lambda: restore(scim, event)] * 4)
    assert sum(not isinstance(each, ActionError) for each in done) == 1
    assert ChangeEvent.objects.filter(action="group.members_restored").count() == 1
    assert support.memberships.count() == 5


def test_beside_another_take_over_no_member_by_hand_stays_in_a_managed_group(transactional_db, scim):
    support, event, okta = set_up(scim)

    def take_over():
        group = EndUserGroup.objects.select_related("environment__workspace").get(pk=support.pk)
        take_over_group(group=group, source=scim.connection.source, by=okta)

    for _ in range(3):
        side_by_side([lambda: restore(scim, event), take_over])
        assert not GroupMembership.objects.filter(group=support, source_kind=SourceKind.MANUAL).exists()
        support.refresh_from_db()
        release_group(group=support, by=okta)

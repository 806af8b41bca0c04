"""Mappings: what they grant follows from what the identity provider said and the rows there are, at every moment."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from provisioning.actions.connection_settings import choose_attributes, set_only_mapped
from provisioning.actions.connections import choose_method
from provisioning.actions.leaving import People
from provisioning.actions.mappings import add_mapping
from provisioning.models import EmailFrom, GroupMapping, NameFrom, ProvisionedGroup
from tests import factories
from tests.provisioning.mapped import add, client_in, due, fresh, granted, remove
from tests.scim import Scim
from workspace.actions.end_users import deactivate_end_user
from workspace.actions.groups import create_group, delete_group
from workspace.actions.members import change_members
from workspace.events import SYSTEM
from workspace.models import (
    ChangeEvent,
    EndUser,
    EndUserGroup,
    EnvironmentAccess,
    GroupMembership,
    SourceKind,
)
from workspace.refusals import ActionError, ConflictError

pytestmark = pytest.mark.django_db


@pytest.fixture
def scim(dev) -> Scim:
    return client_in(dev)


@pytest.fixture
def ops(prod) -> EndUserGroup:
    """A group by hand, in another environment than the connection's."""
    return factories.group(prod, name="Operations")


def person(name) -> EndUser:
    return EndUser.objects.get(email=f"{name}@example.com")


def names(people) -> set[str]:
    return {each.email.partition("@")[0] for each in people}


def entering(environment) -> set[str]:
    return names(EndUser.objects.with_access_to(environment))


def in_group(group) -> set[str]:
    return names(EndUserGroup.objects.get(pk=group.pk).end_users)


# Members


def test_a_mapped_group_fills_the_group_of_another_environment_and_gives_access_to_it(scim, prod, ops):
    add(scim, "Okta Ops", ops)
    ada, bo = scim.user("ada"), scim.user("bo")

    group = scim.group("Okta Ops", [ada])

    assert in_group(ops) == entering(prod) == {"ada"}
    assert entering(scim.connection.environment) == {"ada", "bo"}
    assert not EndUserGroup.objects.filter(name="Okta Ops").exists()
    assert names_of_members(scim, group) == {ada}
    scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": bo}]})
    assert in_group(ops) == entering(prod) == {"ada", "bo"}
    scim.patch(f"/Groups/{group}", {"op": "remove", "path": f'members[value eq "{ada}"]'})
    assert in_group(ops) == entering(prod) == {"bo"}


def names_of_members(scim, group) -> set[str]:
    return {member["value"] for member in scim.get(f"/Groups/{group}").body["members"]}


def test_a_mapping_takes_effect_at_once_and_is_undone_exactly_when_it_goes(scim, prod, ops):
    ids = [scim.user(name) for name in ("ada", "bo", "cy")]
    scim.group("Okta Ops", ids[:2])
    scim.group("Others", ids)
    change_members(group=ops, add=[person("cy").pk], by=SYSTEM)
    before = granted(scim)

    mapping = add(scim, "okta ops", ops)

    assert in_group(ops) == {"ada", "bo", "cy"}
    assert entering(prod) == {"ada", "bo"}
    remove(mapping)
    assert granted(scim) == before == due(scim)
    assert in_group(ops) == {"cy"}
    assert entering(prod) == set()


def test_a_mapping_without_a_group_gives_access_alone(scim, prod):
    scim.group("Okta Ops", [scim.user("ada")])
    mapping = add(scim, "Okta Ops", prod)
    assert entering(prod) == {"ada"}
    remove(mapping)
    assert entering(prod) == set()


def test_what_others_gave_stays_when_a_mapping_goes(scim, prod, ops):
    scim.group("Okta Ops", [scim.user("ada")])
    mapping = add(scim, "Okta Ops", ops)
    change_members(group=ops, add=[person("ada").pk], by=SYSTEM)
    EnvironmentAccess.objects.create(environment=prod, end_user=person("ada"))

    remove(mapping)

    assert in_group(ops) == entering(prod) == {"ada"}


def test_two_groups_that_are_mapped_to_one_each_keep_their_own_members_in_it(scim, prod, ops):
    ada, bo = scim.user("ada"), scim.user("bo")
    first = scim.group("First", [ada, bo])
    scim.group("Second", [bo])
    add(scim, "First", ops)
    two = add(scim, "Second", ops)
    assert in_group(ops) == {"ada", "bo"}

    scim.patch(f"/Groups/{first}", {"op": "remove", "path": "members"})
    assert in_group(ops) == entering(prod) == {"bo"}
    remove(two)
    assert in_group(ops) == entering(prod) == set()
    scim.put(f"/Groups/{first}", {"displayName": "First", "members": [{"value": ada}]})
    assert in_group(ops) == entering(prod) == {"ada"}


def test_a_group_mapped_to_its_own_name_stays_the_same_group_and_is_by_hand_again(scim, dev):
    scim.group("Support", [scim.user("ada")])
    support = dev.groups.get(name="Support")
    mapping = add(scim, "Support", support)
    support.refresh_from_db()
    assert not support.is_managed
    assert in_group(support) == {"ada"}
    remove(mapping)
    support.refresh_from_db()
    assert support.is_managed
    assert in_group(support) == {"ada"}
    assert granted(scim) == due(scim)


def test_a_group_that_was_taken_over_is_by_hand_again_once_it_is_mapped_elsewhere(scim, dev, ops):
    support = factories.group(dev, name="Support")
    scim.group("Support", [scim.user("ada")])
    assert in_group(support) == {"ada"}

    mapping = add(scim, "Support", ops)

    support.refresh_from_db()
    assert not support.is_managed
    assert in_group(support) == set()
    remove(mapping)
    assert in_group(support) == {"ada"}


def test_a_mapping_follows_the_group_that_is_renamed(scim, prod, ops):
    group = scim.group("Okta Ops", [scim.user("ada")])
    mapping = add(scim, "Okta Ops", ops)

    scim.patch(f"/Groups/{group}", {"op": "replace", "value": {"displayName": "Okta Operations"}})

    mapping.refresh_from_db()
    assert mapping.name == "Okta Operations"
    assert in_group(ops) == entering(prod) == {"ada"}
    assert ChangeEvent.objects.filter(action="group_mapping.renamed").count() == 1


def test_a_group_renamed_to_a_mapped_name_is_mapped_from_then_on(scim, dev, prod, ops):
    add(scim, "Okta Ops", ops)
    group = scim.group("Something", [scim.user("ada")])
    assert dev.groups.filter(name="Something").exists()

    scim.patch(f"/Groups/{group}", {"op": "replace", "value": {"displayName": "Okta Ops"}})

    assert in_group(ops) == entering(prod) == {"ada"}
    assert not dev.groups.filter(name="Something").exists()
    assert granted(scim) == due(scim)


def test_a_mapped_group_that_is_deleted_takes_what_it_granted_along(scim, prod, ops):
    group = scim.group("Okta Ops", [scim.user("ada")])
    add(scim, "Okta Ops", ops)
    assert scim.delete(f"/Groups/{group}").status == 204
    assert in_group(ops) == entering(prod) == set()


def test_a_user_who_is_deleted_leaves_mapped_groups_and_environments(scim, prod, ops):
    ada = scim.user("ada")
    scim.group("Okta Ops", [ada])
    add(scim, "Okta Ops", ops)
    assert scim.delete(f"/Users/{ada}").status == 204
    assert in_group(ops) == entering(prod) == set()
    assert granted(scim) == (set(), set())


def test_deactivated_users_enter_no_environment_and_come_back_to_all(scim, prod, ops):
    ada = scim.user("ada")
    scim.group("Okta Ops", [ada])
    add(scim, "Okta Ops", ops)

    scim.patch(f"/Users/{ada}", {"op": "replace", "value": {"active": False}})
    assert entering(prod) == entering(scim.connection.environment) == set()
    assert in_group(ops) == {"ada"}
    add(scim, "Okta Ops", prod)
    assert entering(prod) == set()
    scim.patch(f"/Users/{ada}", {"op": "replace", "value": {"active": True}})
    assert entering(prod) == entering(scim.connection.environment) == {"ada"}


def test_c11_access_that_a_mapping_gave_ends_with_it_and_is_not_the_same_when_it_comes_back(scim, prod):
    scim.group("Okta Ops", [scim.user("ada")])
    mapping = add(scim, "Okta Ops", prod)
    row = EnvironmentAccess.objects.get(environment=prod)
    remove(mapping)
    add(scim, "Okta Ops", prod)
    assert EnvironmentAccess.objects.get(environment=prod).created_at > row.created_at


def test_access_that_stays_is_not_touched(scim, prod, ops):
    ada = scim.user("ada")
    group = scim.group("Okta Ops", [ada])
    add(scim, "Okta Ops", prod)
    rows = list(EnvironmentAccess.objects.order_by("pk").values())

    mapping = add(scim, "Okta Ops", ops)
    scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": ada}]})
    remove(mapping)

    assert list(EnvironmentAccess.objects.order_by("pk").values()) == rows


# Only members of mapped groups


def test_with_the_switch_only_members_of_mapped_groups_have_access(scim, dev, prod):
    ids = {name: scim.user(name) for name in ("ada", "bo", "cy")}
    scim.group("Okta Ops", [ids["ada"]])
    mapping = add(scim, "Okta Ops", prod)

    [settled] = set_only_mapped(connection=fresh(scim), only_mapped=True, by=SYSTEM)

    assert entering(dev) == {"ada"}
    assert {name for _, name in settled.removed} == {"Bo Example", "Cy Example"}
    assert scim.user("dee")
    assert entering(dev) == {"ada"}
    remove(mapping)
    assert entering(dev) == set()
    set_only_mapped(connection=fresh(scim), only_mapped=False, by=SYSTEM)
    assert entering(dev) == {"ada", "bo", "cy", "dee"}
    assert granted(scim) == due(scim)


def test_who_is_linked_or_restored_under_the_switch_has_no_access_without_a_mapped_group(scim, dev, prod):
    factories.end_user(prod, name="Bo Example")
    set_only_mapped(connection=fresh(scim), only_mapped=True, by=SYSTEM)
    bo = scim.user("bo", emails=[{"value": "bo.example@acme.example", "primary": True}])
    for active in (False, True):
        scim.patch(f"/Users/{bo}", {"op": "replace", "value": {"active": active}})
    assert granted(scim) == due(scim) == (set(), set())
    assert EndUser.objects.with_access_to(prod).count() == 1


def test_an_administrators_deactivation_holds_against_a_mapping(scim, prod):
    ada = scim.user("ada")
    deactivate_end_user(end_user=person("ada"), by=SYSTEM)
    scim.group("Okta Ops", [ada])
    add(scim, "Okta Ops", prod)
    assert entering(prod) == set()


# Refusals


def test_a_mapping_to_a_group_that_a_provider_manages_is_refused(scim, dev):
    scim.group("Managed")
    with pytest.raises(ActionError, match="Okta Dev manages Managed in DEV"):
        add(scim, "Okta Ops", dev.groups.get(name="Managed"))
    assert not GroupMapping.objects.exists()


def test_a_mapping_to_everyone_or_into_another_workspace_is_refused(scim, dev):
    with pytest.raises(ActionError, match="Choose a group of"):
        add(scim, "Okta Ops", dev.groups.get(is_everyone=True))
    foreign = factories.workspace("globex").environments.get(slug="dev")
    with pytest.raises(ActionError, match="environment of this workspace"):
        add(scim, "Okta Ops", foreign)
    group = factories.group(foreign, name="Theirs")
    with pytest.raises(ActionError, match="Choose a group of"):
        add_mapping(connection=fresh(scim), name="Okta Ops", environment=dev, group=group, by=SYSTEM)


@pytest.mark.parametrize("name", ["", "  ", "x" * 251])
def test_a_mapping_needs_a_name_that_a_group_can_have(scim, dev, name):
    with pytest.raises(ActionError) as refused:
        add_mapping(connection=fresh(scim), name=name, environment=dev, by=SYSTEM)
    assert refused.value.field == "name"


def test_the_same_mapping_twice_is_refused_however_it_is_spelled(scim, dev, prod, ops):
    for target in (prod, ops):
        add(scim, "Okta Ops", target)
        with pytest.raises(ConflictError, match="is there already"):
            add(scim, "OKTA OPS", target)


def test_a_group_that_a_mapping_fills_is_not_deleted(scim, ops):
    mapping = add(scim, "Okta Ops", ops)
    with pytest.raises(ActionError, match="group mapping Okta Ops → PROD → Operations still fills this group"):
        delete_group(group=ops, by=SYSTEM)
    remove(mapping)
    delete_group(group=ops, by=SYSTEM)


def test_a_pushed_group_does_not_take_over_one_that_a_mapping_fills(scim, dev):
    add(scim, "Okta Ops", create_group(environment=dev, name="Support", by=SYSTEM))
    answer = scim.post("/Groups", {"displayName": "Support"})
    assert answer.status == 409
    assert "which mappings fill" in answer.body["detail"]
    assert not ProvisionedGroup.objects.exists()


# Giving SCIM up


@pytest.mark.parametrize("people", [People.KEEP, People.DEACTIVATE])
def test_giving_scim_up_settles_what_mappings_granted(scim, prod, ops, people):
    scim.group("Okta Ops", [scim.user("ada")])
    add(scim, "Okta Ops", ops)
    use = fresh(scim).environment_provider
    choose_method(environment_provider=use, method="manual", people=people, by=SYSTEM)
    assert not GroupMembership.objects.exclude(source_kind=SourceKind.MANUAL).exists()
    assert in_group(ops) == {"ada"}
    assert entering(prod) == ({"ada"} if people == People.KEEP else set())


# Isolation


def test_a_mapping_of_one_connection_means_no_group_of_another(scim, other, prod, ops):
    add(scim, "Okta Ops", ops)
    other.group("Okta Ops", [other.user("eve")])
    assert in_group(ops) == entering(prod) == set()
    assert EndUserGroup.objects.filter(name="Okta Ops", environment=other.connection.environment).exists()


# Attributes


def test_the_chosen_attributes_feed_name_and_address_of_new_and_known_people(scim):
    fields = {
        "nickName": "Addy",
        "emails": [{"value": "a@work.example", "type": "work"}, {"value": "a@home.example", "type": "Home"}],
    }
    ada = scim.user("ada", **fields)
    scim.user("bo")

    changes = choose_attributes(
        connection=fresh(scim), name_from=NameFrom.NICK_NAME, email_from=EmailFrom.HOME, by=SYSTEM
    )

    assert (len(changes.after), changes.refused) == (1, [])
    found = EndUser.objects.get(provisioned=ada)
    assert (found.full_name, found.email) == ("Addy", "a@home.example")
    assert EndUser.with_email(found.workspace, "A@HOME.example") == found
    scim.patch(f"/Users/{ada}", {"op": "replace", "value": {"nickName": "Ada"}})
    found.refresh_from_db()
    assert found.full_name == "Ada"
    assert person("bo").full_name == "Bo Example"
    choose_attributes(connection=fresh(scim), name_from="", email_from="", by=SYSTEM)
    found.refresh_from_db()
    assert (found.full_name, found.email) == ("Ada Example", "a@work.example")


def test_an_address_that_somebody_has_is_not_taken_from_them(scim):
    scim.user("ada", userName="bo@example.com", externalId="x")
    scim.user("bo", userName="other@example.com")
    changes = choose_attributes(connection=fresh(scim), name_from="", email_from=EmailFrom.USER_NAME, by=SYSTEM)
    assert (len(changes.after), changes.refused) == (1, ["bo@example.com"])
    assert set(EndUser.objects.values_list("email", flat=True)) == {"ada@example.com", "other@example.com"}


def test_profiles_of_many_change_by_one_event(scim):
    for name in ("ada", "bo"):
        scim.user(name, nickName=name.upper())
    choose_attributes(connection=fresh(scim), name_from=NameFrom.NICK_NAME, email_from="", by=SYSTEM)
    event = ChangeEvent.objects.get(action="environment.profiles_updated")
    assert [name for _, name, *_ in event.after["profiles"]] == ["ADA", "BO"]


# Cost


def test_a_mapping_costs_the_same_however_many_members_there_are(scim, prod, ops):
    def cost(name, members) -> int:
        scim.group(name, members)
        with CaptureQueriesContext(database) as queries:
            remove(add(scim, name, ops))
        return len(queries)

    ids = [scim.user(f"person{number}") for number in range(12)]
    assert cost("Small", ids[:2]) == cost("Large", ids)


def test_a_change_of_members_costs_the_same_however_many_there_are(scim, prod, ops):
    add(scim, "Okta Ops", ops)
    ids = [scim.user(f"person{number}") for number in range(12)]
    group = scim.group("Okta Ops", ids[:1])

    def cost(one) -> int:
        with CaptureQueriesContext(database) as queries:
            scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": one}]})
        return len(queries)

    first = cost(ids[1])
    scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": one} for one in ids[2:-1]]})
    assert cost(ids[-1]) == first


def test_who_gets_access_to_several_environments_is_locked_once(scim, dev):
    """Else two connections that give the same people access wait for each other in a circle."""
    for place in dev.workspace.environments.exclude(pk=dev.pk):
        add(scim, "Okta Ops", place)
    ids, group = [scim.user(name) for name in ("ada", "ben")], scim.group("Okta Ops")
    with CaptureQueriesContext(database) as queries:
        scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": one} for one in ids]})
    kinds = [
        "given" if "workspace_environmentaccess" in each["sql"] else "touched"
        for each in queries
        if each["sql"].startswith(('INSERT INTO "workspace_environmentaccess"', 'UPDATE "workspace_enduser"'))
    ]
    assert kinds == ["given", "given", "touched"]

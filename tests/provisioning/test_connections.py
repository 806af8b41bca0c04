"""The provisioning method, and what happens to people and groups when SCIM is given up."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from authentication.models import EnvironmentProvider
from provisioning.actions.connections import choose_method, prepare_scim
from provisioning.actions.leaving import People, PeopleUndecided
from provisioning.actions.mappings import add_mapping
from provisioning.actions.tokens import revoke_token
from provisioning.models import ProvisioningConnection
from tests.scim import Scim, make_connection
from workspace.actions.access import set_manual_access
from workspace.actions.groups import create_group
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, EndUserGroup, EnvironmentAccess, GroupMembership, SourceKind

pytestmark = pytest.mark.django_db
Method = EnvironmentProvider.Method


@pytest.fixture
def use(scim) -> EnvironmentProvider:
    """A provider with two people and a group, pushed by SCIM."""
    ids = [scim.user("ada"), scim.user("bo")]
    scim.group("Engineers", ids)
    return scim.connection.environment_provider


@pytest.fixture
def fresh(db) -> EnvironmentProvider:
    """A provider for which nothing was chosen yet."""
    use = make_connection().environment_provider
    ProvisioningConnection.objects.all().delete()
    EnvironmentProvider.objects.update(method=Method.MANUAL, is_method_chosen=False)
    return EnvironmentProvider.objects.get(pk=use.pk)


def person(name: str, workspace: str = "acme") -> EndUser:
    return EndUser.objects.get(workspace__slug=workspace, email=f"{name}@example.com")


def leave(use: EnvironmentProvider, people: str | None = None, method: str = Method.MANUAL) -> bool:
    use = EnvironmentProvider.objects.get(pk=use.pk)
    return choose_method(environment_provider=use, method=method, people=people, by=SYSTEM)


def sources(model) -> set[str]:
    return set(model.objects.filter(**_acme(model)).values_list("source_kind", flat=True))


def _acme(model) -> dict[str, str]:
    path = "group__environment" if model is GroupMembership else "environment"
    return {f"{path}__workspace__slug": "acme"}


def rows(slug: str) -> list:
    """Everything of a workspace that giving up a connection could touch."""
    return [
        *EnvironmentAccess.objects.filter(environment__workspace__slug=slug).order_by("pk").values(),
        *GroupMembership.objects.filter(group__environment__workspace__slug=slug).order_by("pk").values(),
        *EndUserGroup.objects.filter(environment__workspace__slug=slug).order_by("pk").values(),
        *EndUser.objects.filter(workspace__slug=slug).order_by("pk").values(),
    ]


def test_preparing_makes_a_connection_that_is_off_with_one_token_and_one_event(fresh):
    clear = prepare_scim(environment_provider=fresh, by=SYSTEM)

    connection = ProvisioningConnection.objects.get()
    assert not connection.is_enabled
    assert connection.is_new
    assert clear.startswith(connection.tokens.get().prefix)
    assert list(ChangeEvent.objects.values_list("action", flat=True)) == ["scim_token.issued"]
    assert Scim(connection, clear).get("/Users").status == 403


def test_preparing_again_keeps_connection_and_token(fresh):
    prepare_scim(environment_provider=fresh, by=SYSTEM)

    assert prepare_scim(environment_provider=fresh, by=SYSTEM) == ""
    assert ProvisioningConnection.objects.get().tokens.count() == 1
    assert ChangeEvent.objects.count() == 1


def test_preparing_makes_a_new_token_where_none_is_live(fresh):
    prepare_scim(environment_provider=fresh, by=SYSTEM)
    revoke_token(token=ProvisioningConnection.objects.get().tokens.get(), by=SYSTEM)

    assert prepare_scim(environment_provider=fresh, by=SYSTEM)


def test_saving_scim_lets_the_provider_in_and_is_one_event(fresh):
    clear = prepare_scim(environment_provider=fresh, by=SYSTEM)

    assert choose_method(environment_provider=fresh, method=Method.SCIM, takes_over_groups=False, by=SYSTEM)

    fresh.refresh_from_db()
    assert (fresh.method, fresh.is_method_chosen) == (Method.SCIM, True)
    connection = ProvisioningConnection.objects.get()
    assert not connection.is_new
    assert not connection.takes_over_groups
    assert Scim(connection, clear).get("/Users").status == 200
    event = ChangeEvent.objects.get(action="provisioning.method_chosen")
    assert event.sentence == "System chose SCIM provisioning for Okta Dev in DEV."
    assert event.before == {
        "method": "manual", "is_method_chosen": False, "is_enabled": False, "takes_over_groups": True
    }  # fmt: skip


def test_saving_what_holds_already_is_no_event(use):
    choose_method(environment_provider=use, method=Method.SCIM, by=SYSTEM)
    before = ChangeEvent.objects.count()

    assert not choose_method(environment_provider=use, method=Method.SCIM, by=SYSTEM)
    assert ChangeEvent.objects.count() == before


def test_group_sync_belongs_to_jit_alone(fresh):
    choose_method(environment_provider=fresh, method=Method.JIT, syncs_groups=True, by=SYSTEM)
    fresh.refresh_from_db()
    assert fresh.syncs_groups

    choose_method(environment_provider=fresh, method=Method.MANUAL, syncs_groups=True, by=SYSTEM)
    fresh.refresh_from_db()
    assert not fresh.syncs_groups


def test_giving_up_scim_without_people_needs_no_answer(scim):
    leave(scim.connection.environment_provider)

    assert scim.get("/Users").status == 403


def test_giving_up_scim_with_people_needs_an_answer(use, scim):
    before = rows("acme")

    with pytest.raises(PeopleUndecided) as refusal:
        leave(use)

    assert refusal.value.field == "people"
    assert rows("acme") == before
    assert EnvironmentProvider.objects.get(pk=use.pk).method == Method.SCIM
    assert scim.get("/Users").status == 200


def test_a_refused_method_leaves_the_instance_as_it_was(use):
    use = EnvironmentProvider.objects.get(pk=use.pk)
    before = (use.method, use.is_method_chosen, use.syncs_groups)

    with pytest.raises(PeopleUndecided):
        choose_method(environment_provider=use, method=Method.JIT, syncs_groups=True, by=SYSTEM)

    assert (use.method, use.is_method_chosen, use.syncs_groups) == before


def test_method_and_strictness_are_one_action(fresh):
    assert choose_method(environment_provider=fresh, method=Method.SCIM, is_strict=True, by=SYSTEM)
    assert ProvisioningConnection.objects.get().is_strict
    assert choose_method(environment_provider=fresh, method=Method.SCIM, is_strict=False, by=SYSTEM)
    assert not choose_method(environment_provider=fresh, method=Method.SCIM, is_strict=False, by=SYSTEM)
    assert not ProvisioningConnection.objects.get().is_strict


def test_somebody_in_one_group_by_two_pushed_groups_stays_in_it_once(scim):
    group = create_group(environment=scim.connection.environment, name="Target", by=SYSTEM)
    ada = scim.user("ada")
    for name in ("One", "Two"):
        scim.group(name, [ada])
        add_mapping(connection=scim.connection, name=name, environment=group.environment, group=group, by=SYSTEM)
    assert group.memberships.count() == 2

    leave(scim.connection.environment_provider, People.KEEP)

    assert [membership.source_kind for membership in group.memberships.all()] == [SourceKind.MANUAL]


def test_kept_people_have_access_memberships_and_groups_by_hand(use, scim):
    leave(use, People.KEEP)

    assert sources(EnvironmentAccess) == sources(GroupMembership) == sources(EndUserGroup) == {SourceKind.MANUAL}
    group = EndUserGroup.objects.get(name="Engineers")
    assert set(group.end_users) == {person("ada"), person("bo")}
    assert not group.is_managed
    assert group.synced_at is None
    assert person("ada").is_active
    assert scim.get("/Users").status == 403


def test_kept_people_who_had_access_by_hand_have_it_once(use):
    ada, dev = person("ada"), use.environment
    set_manual_access(end_user=ada, environments=[dev], by=SYSTEM)
    GroupMembership.objects.create(group=EndUserGroup.objects.get(name="Engineers"), end_user=ada)

    leave(use, People.KEEP)

    assert ada.accesses.count() == ada.memberships.count() == 1


def test_deactivated_people_keep_what_another_source_gave(use):
    set_manual_access(end_user=person("bo"), environments=[use.environment], by=SYSTEM)

    leave(use, People.DEACTIVATE)

    ada, bo = person("ada"), person("bo")
    assert not ada.is_active
    assert not ada.accesses.exists()
    assert bo.is_active
    assert bo.accesses.get().source_kind == SourceKind.MANUAL
    assert sources(GroupMembership) == {SourceKind.MANUAL}
    assert GroupMembership.objects.count() == 2


def test_deactivated_people_keep_what_another_connection_gave(use):
    Scim(make_connection(name="Entra Test", environment="TEST")).user("ada")

    leave(use, People.DEACTIVATE)

    assert person("ada").is_active
    assert person("ada").accesses.get().environment.name == "TEST"


def test_pending_people_stay_as_they_are_until_scim_is_saved_again(use, scim):
    before = rows("acme")

    leave(use, People.PENDING)
    assert rows("acme") == before
    assert scim.get("/Users").status == 403

    choose_method(environment_provider=use, method=Method.SCIM, by=SYSTEM)
    assert rows("acme") == before
    assert scim.get("/Users").body["totalResults"] == 2


def test_pending_people_can_be_settled_later(use):
    leave(use, People.PENDING)

    leave(use, People.KEEP)

    assert sources(EnvironmentAccess) == {SourceKind.MANUAL}
    assert ChangeEvent.objects.filter(action="provisioning.method_chosen").count() == 2


def test_one_event_names_everybody(use):
    leave(use, People.DEACTIVATE)

    event = ChangeEvent.objects.filter(action="provisioning.method_chosen").get()
    assert event.sentence == (
        "System chose Manual provisioning for Okta Dev in DEV and ended the access of 2 end users (2 deactivated)."
    )
    names = {name for _, name, *_ in event.before["access"]}
    assert {pk for pk, *_ in event.before["access"]} <= {str(each.subject_id) for each in event.subjects.all()}
    assert names == {name for _, name in event.before["deactivated"]} == {"Ada Example", "Bo Example"}
    assert [name for _, name, *_ in event.before["groups"]] == ["Engineers"]


@pytest.mark.parametrize("people", list(People))
def test_other_workspaces_and_connections_are_untouched(use, other, people):
    other.group("Engineers", [other.user("ada")])
    neighbour = Scim(make_connection(name="Entra Dev"))
    neighbour.group("Designers", [neighbour.user("cy")])
    before = rows("globex")
    cy = [list(person("cy").accesses.values()), list(person("cy").memberships.values())]

    leave(use, people)

    assert rows("globex") == before
    assert [list(person("cy").accesses.values()), list(person("cy").memberships.values())] == cy
    assert EndUserGroup.objects.get(name="Designers").is_managed
    assert other.get("/Users").body["totalResults"] == neighbour.get("/Users").body["totalResults"] == 1


@pytest.mark.parametrize("people", [People.KEEP, People.DEACTIVATE])
def test_switched_on_again_the_provider_starts_anew_with_the_same_people(use, scim, people):
    ada = person("ada")
    old = str(ada.provisioned.get().pk)
    leave(use, people)
    choose_method(environment_provider=use, method=Method.SCIM, by=SYSTEM)

    assert scim.get(f"/Users/{old}").status == 404
    new = scim.user("ada")
    scim.group("Engineers", [new])

    assert new != old
    assert person("ada") == ada
    assert person("ada").is_active
    assert set(EndUserGroup.objects.get(name="Engineers").end_users) == {ada}


def test_groups_by_hand_are_not_released(use):
    group = create_group(environment=use.environment, name="By hand", by=SYSTEM)

    leave(use, People.KEEP)

    event = ChangeEvent.objects.get(action="provisioning.method_chosen")
    assert str(group.pk) not in str(event.before)


@pytest.mark.parametrize("people", list(People))
def test_the_number_of_queries_does_not_depend_on_the_number_of_people(scim, people):
    use = scim.connection.environment_provider

    def queries(count: int, prefix: str) -> int:
        scim.group(f"Group {prefix}", [scim.user(f"{prefix}{number}") for number in range(count)])
        choose_method(environment_provider=use, method=Method.SCIM, by=SYSTEM)
        with CaptureQueriesContext(database) as captured:
            leave(use, people)
        choose_method(environment_provider=use, method=Method.SCIM, by=SYSTEM)
        return len(captured)

    # The events of more than 20 people name them by one statement more.
    assert queries(2, "few") <= queries(30, "many") <= queries(60, "more") + 1

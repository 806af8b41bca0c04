"""Changes of end users: one transaction, one event, and nothing that an IdP keeps."""

import pytest

from tests.workspace.builders import OKTA, OKTA_ACTOR
from workspace.actions.access import end_access, restore_access, set_manual_access
from workspace.actions.end_users import (
    create_end_user,
    deactivate_end_user,
    link_end_user,
    reactivate_end_user,
    update_profile,
)
from workspace.actions.read_only import profile_read_only_reason
from workspace.events import SYSTEM, Actor
from workspace.models import MANUAL, ChangeEvent, EndUser, User
from workspace.profile import Profile
from workspace.refusals import ActionError

pytestmark = pytest.mark.django_db


def fields(row):
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def events(person):
    return [event.action for event in reversed(ChangeEvent.objects.about(person.pk))]


def test_creating_is_one_event_with_access_and_groups(acme):
    cy = create_end_user(
        workspace=acme.workspace,
        profile=Profile(" Cy  Ode ", " cy@acme.example ", SYSTEM.source),
        environments=[acme.dev],
        groups=[acme.support],
        by=acme.actor,
    )
    event = ChangeEvent.objects.about(cy.pk).get()
    assert (cy.full_name, cy.email) == ("Cy Ode", "cy@acme.example")
    assert event.after == {
        "name": "Cy Ode",
        "name_source": SYSTEM.source.listed(),
        "email": "cy@acme.example",
        "user_name": "",
        "email_source": SYSTEM.source.listed(),
        "status": "active",
        "access": [[str(acme.dev.pk), "DEV", *MANUAL.listed()]],
        "groups": [[str(acme.support.pk), "Support", *MANUAL.listed()]],
    }
    assert (event.workspace_id, event.environment_id) == (acme.workspace.pk, acme.dev.pk)


@pytest.mark.parametrize("email", ["ada@acme.example", "ADA@ACME.example", " ａda@acme.example"])
def test_a_person_exists_once_in_a_workspace(acme, email):
    with pytest.raises(ActionError) as refusal:
        create_end_user(workspace=acme.workspace, profile=Profile("Other", email, SYSTEM.source), by=acme.actor)
    assert refusal.value.field == "email"
    assert acme.workspace.end_users.count() == 2


def test_the_same_address_may_exist_in_two_workspaces(acme, globex):
    create_end_user(
        workspace=globex.workspace,
        profile=Profile("Ada", "ada@acme.example", SYSTEM.source),
        by=globex.actor,
    )
    assert EndUser.objects.filter(email_key="ada@acme.example").count() == 2


@pytest.mark.parametrize("email", ["", "ada", "a b@c.example", "@c.example", "a@", "a" * 250 + "@c.example"])
def test_an_address_has_the_form_of_one(acme, email):
    with pytest.raises(ActionError) as refusal:
        create_end_user(workspace=acme.workspace, profile=Profile("X", email, SYSTEM.source), by=acme.actor)
    assert refusal.value.field == "email"


def test_an_address_inside_an_intranet_is_one(acme):
    create_end_user(workspace=acme.workspace, profile=Profile("X", "x@intranet", SYSTEM.source), by=acme.actor)


@pytest.mark.parametrize("name", ["", "  ", "n" * 251])
def test_a_name_is_neither_empty_nor_endless(acme, name):
    with pytest.raises(ActionError) as refusal:
        create_end_user(
            workspace=acme.workspace,
            profile=Profile(name, "x@acme.example", SYSTEM.source),
            by=acme.actor,
        )
    assert refusal.value.field == "full_name"


def test_a_refused_update_changes_nothing(acme):
    with pytest.raises(ActionError):
        update_profile(end_user=acme.ada, profile=Profile("Ada", "bo@acme.example", SYSTEM.source), by=acme.actor)
    acme.ada.refresh_from_db()
    assert (acme.ada.full_name, events(acme.ada)) == ("Ada Winter", ["end_user.created", "group.created"])


REFUSED_PROFILES = pytest.mark.parametrize(
    ("name", "email", "field"),
    [
        ("Ada", "bo@acme.example", "email"),
        ("Ada", "BO@acme.example ", "email"),
        ("Ada", "nobody", "email"),
        ("n" * 251, "ada@acme.example", "full_name"),
    ],
    ids=["taken", "taken in another spelling", "malformed", "too long"],
)


@REFUSED_PROFILES
def test_a_refused_update_leaves_the_instance_as_it_was(acme, name, email, field):
    before = fields(acme.ada)
    with pytest.raises(ActionError) as refusal:
        update_profile(end_user=acme.ada, profile=Profile(name, email, acme.actor.source), by=acme.actor)
    assert refusal.value.field == field
    assert fields(acme.ada) == before == fields(EndUser.objects.get(pk=acme.ada.pk))
    deactivate_end_user(end_user=acme.ada, by=acme.actor)
    assert EndUser.objects.get(pk=acme.ada.pk).full_name == "Ada Winter"


def test_a_refused_link_leaves_the_instance_as_it_was(acme):
    deactivate_end_user(end_user=acme.ada, by=acme.actor)
    before, known = fields(acme.ada), events(acme.ada)
    with pytest.raises(ActionError):
        link_end_user(
            end_user=acme.ada,
            profile=Profile(" ", acme.ada.email, OKTA),
            environment=acme.prod,
            source=OKTA,
            by=OKTA_ACTOR,
        )
    assert fields(acme.ada) == before == fields(EndUser.objects.get(pk=acme.ada.pk))
    assert events(acme.ada) == known and not acme.ada.accesses.of_source(OKTA).exists()


@REFUSED_PROFILES
def test_a_refused_creation_leaves_nothing(acme, name, email, field):
    before = ChangeEvent.objects.count()
    with pytest.raises(ActionError):
        create_end_user(
            workspace=acme.workspace,
            profile=Profile(name, email, acme.actor.source),
            environments=[acme.dev],
            groups=[acme.support],
            by=acme.actor,
        )
    assert (acme.workspace.end_users.count(), ChangeEvent.objects.count()) == (2, before)


def test_an_update_records_only_what_changed(acme):
    assert update_profile(
        end_user=acme.ada, profile=Profile("Ada Summer", acme.ada.email, acme.actor.source), by=acme.actor
    )
    event = ChangeEvent.objects.about(acme.ada.pk).first()
    assert (event.before, event.after) == (
        {"name": "Ada Winter", "name_source": SYSTEM.source.listed()},
        {"name": "Ada Summer", "name_source": acme.actor.source.listed()},
    )
    assert not update_profile(
        end_user=acme.ada, profile=Profile("Ada Summer", acme.ada.email, acme.actor.source), by=acme.actor
    )
    assert len(events(acme.ada)) == 3


class TestManagedByScim:
    """Name and email that an IdP keeps."""

    @pytest.mark.parametrize("who", ["administrator", "operator", "api_token"])
    def test_no_hand_changes_them(self, acme, who):
        with pytest.raises(ActionError, match="Okta Dev manages the name and email address of this person"):
            update_profile(
                end_user=acme.bo,
                profile=Profile("Forged", "bo@acme.example", SYSTEM.source),
                by=Actor(who, "1", "Somebody"),
            )
        acme.bo.refresh_from_db()
        assert acme.bo.full_name == "Bo Lund"

    def test_the_idp_changes_them(self, acme):
        assert update_profile(end_user=acme.bo, profile=Profile("Bo Berg", "bo@acme.example", OKTA), by=OKTA_ACTOR)

    def test_sending_them_unchanged_is_no_change(self, acme):
        assert not update_profile(
            end_user=acme.bo, profile=Profile("Bo Lund", "bo@acme.example", SYSTEM.source), by=acme.actor
        )

    def test_there_is_a_reason_as_long_as_scim_gives_access(self, acme):
        assert profile_read_only_reason(acme.bo) and not profile_read_only_reason(acme.ada)
        link_end_user(
            end_user=acme.ada,
            profile=Profile("Ada", acme.ada.email, OKTA),
            environment=acme.dev,
            source=OKTA,
            by=OKTA_ACTOR,
        )
        assert profile_read_only_reason(acme.ada)
        end_access(end_user=acme.ada, source=OKTA, environment=acme.dev, by=OKTA_ACTOR)
        assert not profile_read_only_reason(acme.ada)


class TestAccess:
    def test_access_by_hand_leaves_that_of_others_alone(self, acme):
        assert set_manual_access(end_user=acme.bo, environments=[acme.prod], by=acme.actor)
        assert set_manual_access(end_user=acme.bo, environments=[acme.dev], by=acme.actor)
        held = {(access.environment.slug, access.source_kind) for access in acme.bo.accesses.all()}
        assert held == {("dev", "scim"), ("test", "scim"), ("dev", "manual")}
        event = ChangeEvent.objects.about(acme.bo.pk).first()
        assert (event.before, event.after) == (
            {"access": [[str(acme.prod.pk), "PROD", *MANUAL.listed()]]},
            {"access": [[str(acme.dev.pk), "DEV", *MANUAL.listed()]]},
        )
        assert not set_manual_access(end_user=acme.bo, environments=[acme.dev], by=acme.actor)

    def test_one_source_is_enough_to_stay(self, acme):
        set_manual_access(end_user=acme.bo, environments=[acme.dev], by=acme.actor)
        end_access(end_user=acme.bo, source=OKTA, environment=acme.dev, by=OKTA_ACTOR)
        assert acme.bo.is_active and acme.bo in acme.everyone.end_users

    def test_without_any_access_the_person_is_deactivated_and_comes_back_whole(self, acme):
        end_access(end_user=acme.bo, source=OKTA, environment=acme.dev, by=OKTA_ACTOR)
        acme.bo.refresh_from_db()
        assert not acme.bo.is_active and acme.bo.memberships.exists()
        restore_access(end_user=acme.bo, source=OKTA, environment=acme.dev, environments=[acme.dev], by=OKTA_ACTOR)
        acme.bo.refresh_from_db()
        assert acme.bo.is_active and acme.bo in acme.everyone.end_users


def test_deactivating_twice_is_one_event(acme):
    deactivate_end_user(end_user=acme.ada, by=acme.actor)
    deactivate_end_user(end_user=acme.ada, by=acme.actor)
    reactivate_end_user(end_user=acme.ada, by=acme.actor)
    reactivate_end_user(end_user=acme.ada, by=acme.actor)
    assert events(acme.ada) == ["end_user.created", "group.created", "end_user.deactivated", "end_user.reactivated"]


def test_an_end_user_is_never_a_console_account(acme):
    before = User.objects.count()
    create_end_user(
        workspace=acme.workspace,
        profile=Profile("Owner", "owner@acme.example", SYSTEM.source),
        by=SYSTEM,
    )
    assert User.objects.count() == before

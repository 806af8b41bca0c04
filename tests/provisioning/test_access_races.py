"""Whoever gets access while their other access ends keeps it and stays active, whoever gives it and ends the other."""

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from authentication.actions.jit import welcome
from authentication.saml.attributes import AssertedProfile
from provisioning.actions.connection_settings import set_only_mapped
from provisioning.actions.connections import choose_method
from provisioning.actions.leaving import People
from tests import factories
from tests.provisioning import mapped
from tests.provisioning.races import held, side_by_side
from tests.scim import PATCH_OP, Scim, make_connection, okta_user
from tests.workspace.importing import Importing, finished
from workspace.actions.access import set_manual_access
from workspace.actions.bulk import BULK_CHANGES, Selection, change_many
from workspace.actions.end_users import create_end_user, deactivate_end_user, reactivate_end_user
from workspace.actions.imports import start_import
from workspace.actions.merging import merge_end_users
from workspace.events import SYSTEM
from workspace.models import MANUAL, EndUser, EnvironmentAccess
from workspace.profile import Profile
from workspace.visits import Visit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(database.vendor == "sqlite", reason="SQLite has one writer, so there is no race."),
]
OFF = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"active": False}}]}


@pytest.fixture
def other():
    """Another connection, in another environment: only members of mapped groups have access by it, and nobody is."""
    other = Scim(make_connection(name="Entra Prod", environment="PROD"))
    type(other.connection).objects.filter(pk=other.connection.pk).update(only_mapped=True)
    other.connection = mapped.fresh(other)
    return other


@pytest.fixture
def ada(scim, other):
    """A person of both, whose only access is by the first."""
    pk = scim.user()
    other.pk = other.user()
    other.group(members=[other.pk])
    assert EnvironmentAccess.objects.get().source == scim.connection.source
    return pk


# Ways to give the person access to PROD. ------------------------------------------------------------------------------


def by_a_new_member(other, client):
    mapped.add(other, "Sales", other.connection.environment)
    path = f"/Groups/{other.group('Sales')}"
    return lambda: other.patch(path, {"op": "add", "path": "members", "value": [{"value": other.pk}]})


def by_a_new_mapping(other, client):
    return lambda: mapped.add(other, "Engineers", other.connection.environment)


def by_a_mapping_elsewhere(other, client):
    place = make_connection(name="Okta Demo", environment="DEMO").environment
    return lambda: mapped.add(other, "Engineers", place)


def by_the_switch(other, client):
    return lambda: set_only_mapped(connection=other.connection, only_mapped=False, by=SYSTEM)


def by_another_idp(other, client):
    new = Scim(make_connection(name="Ping Prod", environment="PROD"))
    return new.user


def sign_in(use, profile):
    """What a sign-in does with a person under JIT, as far as it is about the person."""
    known = EndUser.with_email(use.environment.workspace, profile.email)
    with transaction.atomic():
        return welcome(use, known, profile, Visit())


def create_by_hand(place):
    profile = Profile("Ada Example", "ada@example.com", MANUAL)
    return create_end_user(workspace=place.workspace, profile=profile, environments=[place], by=SYSTEM)


def by_sign_in(other, client):
    use = factories.identity_provider(other.connection.environment, name="Ping")
    use.method = "jit"
    profile = AssertedProfile("ada@example.com", "Ada Example", None)
    return lambda: welcome(use, EndUser.objects.select_related("workspace").get(), profile, Visit())


def by_hand(other, client):
    person = EndUser.objects.get()
    return lambda: set_manual_access(end_user=person, environments=[other.connection.environment], by=SYSTEM)


def by_hand_for_many(other, client):
    change, people = BULK_CHANGES["give-access"], other.connection.environment.workspace.end_users.all()
    selection = Selection(other.connection.environment, people)
    expected = change.plan(selection).mark
    return lambda: change_many(change=change, selection=selection, expected=expected, by=SYSTEM, now=timezone.now())


def importing(place, client, content):
    """An import that is to be applied."""
    owner = factories.sign_in(client, factories.administrator(place.workspace))
    job = Importing(owner, f"/workspaces/{place.workspace.slug}/{place.slug}/").check(content)
    start_import(job=job, by=SYSTEM)
    job.refresh_from_db()
    return job


def by_import(other, client):
    job = importing(other.connection.environment, client, "Email,Environments\nada@example.com,PROD\n")
    return lambda: finished(job)


def by_merge(other, client):
    stays, goes = EndUser.objects.get(), factories.end_user(other.connection.environment)
    return lambda: merge_end_users(stays=stays, goes=goes, by=SYSTEM, now=timezone.now())


GIVING = [
    *(by_a_new_member, by_a_new_mapping, by_a_mapping_elsewhere, by_the_switch, by_another_idp),
    *(by_sign_in, by_hand, by_hand_for_many, by_import, by_merge),
]


# Ways to end the access that the person has. --------------------------------------------------------------------------


def switched_off(scim, pk):
    return scim.call("PATCH", f"/Users/{pk}", OFF).status == 200


def put_as_inactive(scim, pk):
    return scim.put(f"/Users/{pk}", okta_user(active=False)).status == 200


def deleted(scim, pk):
    return scim.call("DELETE", f"/Users/{pk}").status == 204


def scim_given_up(scim, pk):
    use = mapped.fresh(scim).environment_provider
    return choose_method(environment_provider=use, method="manual", people=People.DEACTIVATE, by=SYSTEM)


def remains_active():
    places = set(EnvironmentAccess.objects.values_list("environment__slug", flat=True))
    assert "prod" in places and "dev" not in places
    assert EndUser.objects.get().is_active


@pytest.mark.parametrize("give", GIVING)
def test_c10_whoever_gives_it(scim, other, ada, client, give):
    with held(give(other, client)):
        assert switched_off(scim, ada)
    remains_active()


@pytest.mark.parametrize("end", [put_as_inactive, deleted, scim_given_up])
def test_c10_however_the_other_ends(scim, other, ada, client, end):
    with held(by_a_new_mapping(other, client)):
        assert end(scim, ada)
    remains_active()


@pytest.mark.parametrize("end", [switched_off, deleted])
def test_c10_whoever_is_reactivated_meanwhile_is_not_left_active_without_access(scim, ada, end):
    deactivate_end_user(end_user=EndUser.objects.get(), by=SYSTEM)
    with held(lambda: reactivate_end_user(end_user=EndUser.objects.get(), by=SYSTEM)):
        assert end(scim, ada)
    assert not EnvironmentAccess.objects.exists() and not EndUser.objects.get().is_active


@pytest.mark.parametrize("first", ["by SCIM", "by import", "by sign-in", "by hand"])
def test_c10_whoever_is_created_in_several_ways_at_once_is_one_person(scim, client, first):
    place = scim.connection.environment
    profile = AssertedProfile("ada@example.com", "Ada Example", None)
    use = factories.identity_provider(place, name="Ping")
    use.method = "jit"
    job = importing(place, client, "Full name,Email,Environments\nAda Example,ada@example.com,DEV\n")
    ways = {
        "by SCIM": scim.user,
        "by import": lambda: finished(job),
        "by sign-in": lambda: sign_in(use, profile),
        "by hand": lambda: create_by_hand(place),
    }
    calls = [Scim(scim.connection, scim.token).user if name == "by SCIM" else way for name, way in ways.items()]
    with held(ways[first]):
        outcomes = side_by_side([call for name, call in zip(ways, calls, strict=True) if name != first])
    assert all(getattr(each, "code", "email_taken") == "email_taken" for each in outcomes)
    job.refresh_from_db()
    assert job.state == "imported"
    person = EndUser.objects.get()
    sources = set(person.accesses.values_list("environment__slug", "source_kind"))
    assert person.is_active and {("dev", "scim")} <= sources

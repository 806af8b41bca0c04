"""How groups arrive, what an assertion without them means, and what is said of groups that were not filled."""

import importlib
from typing import Any

import pytest
from django.apps import apps

from authentication.actions.identity_providers import create_provider, update_provider
from authentication.guides import GUIDES
from authentication.models import EnvironmentProvider, IdentityProvider, SignInAttempt
from authentication.saml.attributes import OVERAGE
from tests import factories
from tests.authentication.end_users import OKTA, OKTA_ACTOR, text
from tests.authentication.ways import Way
from workspace.actions.groups import create_group
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser

pytestmark = pytest.mark.django_db
GROUPS = "workspace_end_user_groups"


@pytest.fixture
def jit(okta) -> Way:
    EnvironmentProvider.objects.update(method="jit", syncs_groups=True)
    return okta


@pytest.fixture
def admin(client, places):
    return factories.sign_in(client, factories.administrator(places[0].workspace, "admin"))


def page(okta: Way, name: str = "settings") -> str:
    provider = okta.environment_provider.identity_provider_id
    return f"/workspaces/acme/test/authentication/providers/{provider}/{name}/"


def groups() -> list[str]:
    return sorted(membership.group.name for membership in EndUser.objects.get().memberships.select_related("group"))


def notes() -> list[str]:
    return SignInAttempt.objects.latest("id").notes


def sign_in(jit: Way, **attributes: Any) -> list[str]:
    assert jit.sign_in(attributes=attributes).status_code == 302
    return notes()


# The settings


def test_one_value_with_a_comma_makes_nobody_an_admin(jit):
    create_group(environment=jit.environment, name="Admins", by=SYSTEM)
    sign_in(jit, **{GROUPS: ["Support, Admins"]})
    assert groups() == ["Support, Admins"]


@pytest.mark.parametrize(
    ("arrival", "separator", "stored"),
    [("several", "", ""), ("comma", "", ","), ("semicolon", "|", ";"), ("another", "|", "|"), ("another", " ", " ")],
)
def test_the_page_says_how_groups_arrive(admin, jit, arrival, separator, stored):
    sent = {"name": "", "email": "", "groups": "", "arrival": arrival, "separator": separator, "missing_groups": "none"}
    assert admin.post(page(jit), sent).status_code == 302
    provider = IdentityProvider.objects.get()
    assert (provider.groups_separator, provider.missing_groups) == (stored, "none")
    shown = admin.get(page(jit)).context["form"]
    assert shown["arrival"].value() == arrival and shown["missing_groups"].value() == "none"
    sign_in(jit, **{GROUPS: [f"A{stored or '; '}B"]})
    assert groups() == (["A", "B"] if stored else ["A; B"])
    assert admin.post(page(jit), {"name": "", "email": "", "groups": ""}).status_code == 302
    assert IdentityProvider.objects.get().groups_separator == stored


@pytest.mark.parametrize("separator", ["", "a", "7", "||", "\0", "é"])
def test_a_separator_that_cuts_names_is_not_taken(admin, jit, separator):
    response = admin.post(page(jit), {"arrival": "another", "separator": separator, "groups": "teams"})
    assert response.status_code == 200 and "separator" in response.context["form"].errors
    assert 'value="teams"' in response.content.decode() and not IdentityProvider.objects.get().groups_separator


def test_the_change_is_one_event_with_both_values(admin, jit):
    admin.post(page(jit), {"arrival": "comma", "missing_groups": "none"})
    event = ChangeEvent.objects.latest("id")
    assert event.before == {"groups_separator": "", "missing_groups": "unchanged"}
    assert event.after == {"groups_separator": ",", "missing_groups": "none"}


@pytest.mark.parametrize("vendor", GUIDES)
def test_the_guide_of_a_vendor_presets_how_its_groups_arrive(places, vendor):
    made = create_provider(environment=places[0], name="New", vendor=vendor, enforcement="no_one", by=SYSTEM)
    assert made.identity_provider.groups_separator == GUIDES[vendor].groups_separator == (";" * (vendor == "onelogin"))
    assert ("semicolons" in str(GUIDES[vendor].attributes)) == (vendor == "onelogin")
    update_provider(environment_provider=made, name="New", vendor="onelogin", enforcement="no_one", by=SYSTEM)
    assert IdentityProvider.objects.get(name="New").groups_separator == ";"


def test_another_vendor_leaves_what_an_administrator_chose(places):
    made = create_provider(environment=places[0], name="New", vendor="okta", enforcement="no_one", by=SYSTEM)
    IdentityProvider.objects.filter(name="New").update(groups_separator="|")
    update_provider(environment_provider=made, name="New", vendor="onelogin", enforcement="no_one", by=SYSTEM)
    assert IdentityProvider.objects.get(name="New").groups_separator == "|"


@pytest.mark.parametrize("missing", ["unchanged", "none"])
def test_the_last_group_goes_with_the_attribute_if_that_was_chosen(jit, missing):
    IdentityProvider.objects.update(missing_groups=missing)
    sign_in(jit, **{GROUPS: ["A"]})
    sign_in(jit)
    assert groups() == (["A"] if missing == "unchanged" else [])


def test_the_overage_link_of_entra_changes_no_groups_and_says_so(admin, jit):
    IdentityProvider.objects.update(missing_groups="none")
    sign_in(jit, **{GROUPS: ["A"]})
    (note,) = sign_in(jit, **{OVERAGE: ["https://graph.example/"]})
    assert groups() == ["A"] and "a link instead of the groups" in note
    assert note in text(admin.get("/workspaces/acme/test/sign-in-attempts/"))


# What is said


def test_groups_under_another_name_are_named(jit):
    (note,) = sign_in(jit, Roles=["dev", "ops"], locale=["en"], mail=["ada@acme.example"])
    assert "“Roles: dev, ops” was sent" in note and "Sign-in settings → Attributes" in note


def test_a_group_that_was_not_filled_is_noted_with_the_reason(jit):
    create_group(environment=jit.environment, name="Pushed", source=OKTA, by=OKTA_ACTOR)
    assert sign_in(jit, **{GROUPS: ["Pushed", "everyone", "x" * 251, "Fine"]}) == [
        "Everyone was not filled: its members are all who have access.",
        "Pushed was not filled: Okta Dev manages it.",
        f"{'x' * 251} was not filled: Shorten the group name to at most 250 characters.",
    ]


@pytest.mark.parametrize("change", [{"method": "manual"}, {"syncs_groups": False}])
def test_nothing_is_said_of_groups_that_do_not_follow(jit, ada, change):
    EnvironmentProvider.objects.update(**change)
    assert sign_in(jit, Roles=["dev", "ops"], **{OVERAGE: ["x"]}) == []


def test_an_address_under_another_name_is_named(jit):
    IdentityProvider.objects.update(email_attribute="work")
    assert jit.sign_in(attributes={"upn": ["ada@acme.example"], "x": ["y"]}).status_code == 403
    (note,) = notes()
    assert "“upn: ada@acme.example” was sent" in note and SignInAttempt.objects.get().reason == "no_email"


# The upgrade


@pytest.mark.parametrize(
    ("vendor", "method", "group", "separator"),
    [
        ("other", "jit", "Sales", ","),
        ("other", "jit", "Sales, EMEA", ""),
        ("other", "manual", "Sales", ""),
        ("okta", "jit", "Sales", ""),
        ("onelogin", "jit", "Sales", ""),
    ],
)
def test_an_upgrade_keeps_lists_where_only_they_can_have_worked(jit, vendor, method, group, separator):
    sign_in(jit, **{GROUPS: [group]})
    EnvironmentProvider.objects.update(method=method)
    IdentityProvider.objects.update(vendor=vendor)
    importlib.import_module("authentication.migrations.0009_how_groups_arrive").keep_lists(apps, None)
    assert IdentityProvider.objects.get().groups_separator == separator

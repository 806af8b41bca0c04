import pytest
from django.urls import reverse

from authentication.actions.policies import switch_password, switch_saml
from authentication.models import EnvironmentPolicy, EnvironmentProvider, IdentityProvider
from tests import factories
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, Environment
from workspace.refusals import ActionError

SAML, PASSWORD = "SAML-based SSO authentication", "Password authentication"


@pytest.fixture
def dev(db) -> Environment:
    return factories.workspace().environments.get(slug="dev")


@pytest.fixture
def admin(client, dev):
    return factories.sign_in(client, factories.administrator(dev.workspace, "admin"))


def url(route: str) -> str:
    return reverse(f"authentication:{route}", kwargs={"workspace": "acme", "environment": "dev"})


def text(response) -> str:
    """The page as a browser shows it: line breaks of the template are spaces."""
    return " ".join(response.content.decode().split())


def add_provider(environment: Environment, *, is_set_up=True, is_enabled=True) -> EnvironmentProvider:
    provider = IdentityProvider.objects.create(
        workspace=environment.workspace, name="Okta Dev", entity_id="https://idp.example" if is_set_up else ""
    )
    return EnvironmentProvider.objects.create(
        environment=environment, identity_provider=provider, is_enabled=is_enabled
    )


def policy_events() -> list[ChangeEvent]:
    return list(ChangeEvent.objects.filter(action__startswith="policy."))


def test_an_environment_without_a_policy_is_password_only_and_reading_makes_none(admin, dev):
    page = text(admin.get(url("environment")))
    assert SAML in page and PASSWORD in page and "Select an identity provider (IdP)" not in page
    assert not EnvironmentPolicy.objects.exists()
    policy = EnvironmentPolicy.objects.of(dev)
    assert (policy.is_saml_enabled, policy.is_password_enabled) == (False, True)


def test_the_switch_turns_saml_on_for_this_environment_only(admin, dev):
    response = admin.post(url("saml-switch"), {"is_enabled": "true"})
    assert response.url == url("environment")
    page = text(admin.get(response.url))
    assert f"{SAML} is on in DEV." in page and "Select an identity provider (IdP)" in page
    assert [policy.environment for policy in EnvironmentPolicy.objects.filter(is_saml_enabled=True)] == [dev]


def test_a_switch_is_one_event_and_switching_to_the_same_is_none(admin):
    for _ in range(2):
        admin.post(url("saml-switch"), {"is_enabled": "true"})
    (event,) = policy_events()
    assert event.action == "policy.saml_enabled"
    assert event.sentence == f"admin@acme.example switched {SAML} on in DEV."
    assert (event.before, event.after) == ({"is_saml_enabled": False}, {"is_saml_enabled": True})
    assert event.environment_name == "DEV" and event.request_id


def test_passwords_are_switched_off_once_a_provider_can_sign_people_in(admin, dev):
    add_provider(dev)
    switch_saml(environment=dev, is_enabled=True, by=SYSTEM)
    admin.post(url("password-switch"), {"is_enabled": "false"})
    assert not EnvironmentPolicy.objects.of(dev).is_password_enabled
    assert policy_events()[0].action == "policy.password_disabled"


@pytest.mark.parametrize(
    ("provider", "remedy"),
    [
        (None, "set up an identity provider first"),
        ({"is_set_up": False}, "set up an identity provider first"),
        ({"is_enabled": False}, "keep it turned on"),
    ],
)
def test_passwords_stay_on_while_nobody_could_sign_in_otherwise(admin, dev, provider, remedy):
    switch_saml(environment=dev, is_enabled=True, by=SYSTEM)
    if provider is not None:
        add_provider(dev, **provider)
    response = admin.post(url("password-switch"), {"is_enabled": "false"}, follow=True)
    assert "Nobody could sign in to DEV then" in text(response) and remedy in text(response)
    assert EnvironmentPolicy.objects.of(dev).is_password_enabled
    assert [event.action for event in policy_events()] == ["policy.saml_enabled"]


def test_passwords_stay_on_while_saml_is_off(dev):
    add_provider(dev)
    with pytest.raises(ActionError, match=f"switch {SAML} on first"):
        switch_password(environment=dev, is_enabled=False, by=SYSTEM)


def test_a_provider_of_another_environment_does_not_count(dev):
    add_provider(dev.workspace.environments.get(slug="prod"))
    switch_saml(environment=dev, is_enabled=True, by=SYSTEM)
    with pytest.raises(ActionError):
        switch_password(environment=dev, is_enabled=False, by=SYSTEM)


def test_saml_stays_on_while_passwords_are_off(dev):
    add_provider(dev)
    switch_saml(environment=dev, is_enabled=True, by=SYSTEM)
    switch_password(environment=dev, is_enabled=False, by=SYSTEM)
    with pytest.raises(ActionError, match=f"switch {PASSWORD} on first"):
        switch_saml(environment=dev, is_enabled=False, by=SYSTEM)
    assert EnvironmentPolicy.objects.of(dev).is_saml_enabled


def test_providers_are_kept_while_saml_is_off(admin, dev):
    add_provider(dev)
    page = text(admin.get(url("environment")))
    assert "1 identity provider of this environment is kept" in page and "Okta Dev" in page
    assert "Select an identity provider (IdP)" not in page and "Set up new provider" not in page


def test_switches_take_a_post_only(admin):
    for route in ("saml-switch", "password-switch"):
        assert admin.get(url(route))["Location"] == url("environment")

"""The overview of a provider: what it does, when it last did it, and what comes next."""

from datetime import timedelta

import pytest
from django.utils import timezone

from authentication.actions.policies import switch_saml
from authentication.actions.provider_use import disable_provider
from authentication.actions.sign_in import record_attempt
from authentication.models import EnvironmentProvider, IdentityProvider, SigningCertificate
from tests import factories
from tests.provisioning.setting_up import text, url
from workspace.events import SYSTEM
from workspace.visits import Visit

pytestmark = pytest.mark.django_db


def pin(use: EnvironmentProvider, days: int = 300) -> None:
    now = timezone.now()
    SigningCertificate.objects.create(
        identity_provider=use.identity_provider, pem="-", fingerprint="AA", subject="CN=idp", not_before=now,
        not_after=now + timedelta(days=days),
    )  # fmt: skip


def overview(client, use: EnvironmentProvider):
    return client.get(url("overview", use))


def steps(response) -> list[str]:
    return [step["label"] for step in response.context["steps"]]


def test_it_tells_what_the_provider_does_and_when_it_last_did_it(use, admin):
    pin(use)
    switch_saml(environment=use.environment, is_enabled=True, by=SYSTEM)
    ada, provider = factories.end_user(use.environment), use.identity_provider
    visit = {"visit": Visit(), "environment": use.environment, "identity_provider": provider, "now": timezone.now()}
    record_attempt(email=ada.email, end_user=ada, **visit)
    page = " ".join(text(overview(admin, use)).split())
    for words in (
        'Status</dt><dd><span class="badge tone-success">On',
        "Enforced for no one yet",
        "Not chosen yet",
        "Ada Winter",
        "1 end user of DEV can sign in with it",
        "Valid until",
        "Last successful test</dt><dd>Never",
    ):
        assert words in page
    assert "Last SCIM call" not in page


def test_it_tells_the_last_scim_call_and_whom_scim_gave_access(scim, client):
    use = scim.connection.environment_provider
    admin = factories.sign_in(client, factories.administrator(use.environment.workspace))
    assert "Last SCIM call</dt><dd>Never" in text(overview(admin, use))
    scim.user("ada")
    page = text(overview(admin, use))
    assert "POST, answered 201" in page and "1 end user has access through SCIM" in page


@pytest.mark.parametrize(
    ("what", "label"),
    [
        ("draft", "Continue set-up"),
        ("off", "Turn on"),
        ("no method", "Set up"),
        ("wish", "Test sign-in"),
        ("stale test", "Test sign-in"),
        ("saml off", "Go to the switch"),
        ("certificate", "Replace certificates"),
        ("held metadata", "Compare"),
    ],
)
def test_what_comes_next_is_a_button(use, admin, what, label):
    if what == "draft":
        IdentityProvider.objects.update(entity_id="")
    pin(use, days=20 if what == "certificate" else 300)
    switch_saml(environment=use.environment, is_enabled=True, by=SYSTEM)
    changes: dict[str, dict[str, object]] = {
        "wish": {"wished_enforcement": "all_domains"},
        "stale test": {"tested_configuration": "another"},
    }
    EnvironmentProvider.objects.filter(pk=use.pk).update(is_method_chosen=what != "no method", **changes.get(what, {}))
    if what == "off":
        disable_provider(environment_provider=use, by=SYSTEM)
    if what == "saml off":
        switch_saml(environment=use.environment, is_enabled=False, by=SYSTEM)
    if what == "held metadata":
        IdentityProvider.objects.update(pending_metadata={"entity_id": "x"})
    assert label in steps(overview(admin, use))


def test_nothing_comes_next_where_all_is_done(use, admin):
    pin(use)
    switch_saml(environment=use.environment, is_enabled=True, by=SYSTEM)
    EnvironmentProvider.objects.filter(pk=use.pk).update(is_method_chosen=True)
    record_attempt(
        environment=use.environment, identity_provider=use.identity_provider, visit=Visit(), now=timezone.now()
    )
    assert steps(overview(admin, use)) == [] and "Nothing: it works." in text(overview(admin, use))


def test_a_viewer_reads_it_without_buttons(use, client):
    pin(use)
    viewer = factories.sign_in(client, factories.administrator(use.environment.workspace, "viewer"))
    page = text(overview(viewer, use))
    assert "What comes next" not in page and "Set up" not in page.partition("<main")[2]


def test_the_name_in_the_list_leads_to_it(use, admin):
    switch_saml(environment=use.environment, is_enabled=True, by=SYSTEM)
    page = " ".join(text(admin.get(url("setup", use).partition("providers/")[0])).split())
    assert f'<a href="{url("overview", use)}">Okta Dev</a>' in page

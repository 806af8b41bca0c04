import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from authentication.actions.policies import switch_saml
from authentication.actions.provider_connection import connect_provider
from authentication.actions.service_provider import ensure_signing_key
from authentication.idp_side import typed_in
from authentication.models import EnvironmentPolicy, EnvironmentProvider
from authentication.saml.certificates import parse_certificates
from authentication.urls import urlpatterns
from tests import factories
from tests.authentication.certificates import EC_CERTIFICATE, pem
from tests.authentication.end_users import BYPASS_ROUTES, CONSOLE_ROUTES
from tests.authentication.ways import TEST_ROUTES
from workspace.events import SYSTEM
from workspace.models import Administrator, ChangeEvent

Role = Administrator.Role

READ = {"environment", "provider-certificates", "provider-sp-certificate"}
POST_ONLY = {"saml-switch", "password-switch", "provider-enable", "provider-disable"}
POST_ONLY |= {f"provider-metadata-{act}" for act in ("refresh", "confirm", "discard")}
POST_ONLY |= {"provider-signing", "provider-idp-initiated", "provider-sha1", "provider-sp-create"}
POST_ONLY |= {f"provider-rollover-{act}" for act in ("start", "finish", "cancel")}
CHANGE = {"provider-create", "provider-edit", "provider-connect", "provider-use", "provider-remove"}
CHANGE |= {"provider-settings", "provider-enforce"}
ROUTES = sorted(READ | POST_ONLY | CHANGE)
OF_A_PROVIDER = [name for name in ROUTES if name.startswith("provider-") and name != "provider-create"]


def make_use(slug: str) -> EnvironmentProvider:
    """A provider that is set up in DEV of a new workspace, with an administrator of each role."""
    workspace = factories.workspace(slug)
    for role in Role:
        factories.administrator(workspace, role)
    dev = workspace.environments.get(slug="dev")
    switch_saml(environment=dev, is_enabled=True, by=SYSTEM)
    environment_provider = factories.identity_provider(dev, name=f"IdP of {slug}")
    metadata = typed_in(
        environment_provider.identity_provider,
        "https://idp.example/sso",
        f"https://{slug}.idp.example",
        parse_certificates(pem(EC_CERTIFICATE)),
    )
    connect_provider(
        environment_provider=environment_provider, metadata=metadata, source="fields", by=SYSTEM, now=timezone.now()
    )
    ensure_signing_key(workspace, now=timezone.now())
    EnvironmentProvider.objects.filter(pk=environment_provider.pk).update(wished_enforcement="all_domains")
    return environment_provider


@pytest.fixture
def acme(db) -> EnvironmentProvider:
    return make_use("acme")


@pytest.fixture
def globex(db) -> EnvironmentProvider:
    return make_use("globex")


def sign_in(client, workspace: str, role: str):
    return factories.sign_in(client, Administrator.objects.get(workspace__slug=workspace, role=role))


def url(name: str, workspace: str, provider=None, environment="dev") -> str:
    kwargs = {"workspace": workspace, "environment": environment}
    if name in OF_A_PROVIDER:
        kwargs["provider"] = provider
    return reverse(f"authentication:{name}", kwargs=kwargs)


def snapshot() -> tuple:
    """Everything that a request could have changed."""
    return (
        list(EnvironmentProvider.objects.order_by("pk").values()),
        list(EnvironmentPolicy.objects.order_by("pk").values()),
        ChangeEvent.objects.count(),
    )


def test_these_tests_know_every_route():
    # The pages about end users' sign-in have theirs in test_attempts.py, those of tests in test_provider_test.py, Undo
    # in test_undo.py, who may bypass SSO in test_bypasses.py, and the preview of a look in test_branding.py.
    known = {*ROUTES, *CONSOLE_ROUTES, *TEST_ROUTES, *BYPASS_ROUTES, "undo", "login-experience-preview"}
    assert {pattern.name for pattern in urlpatterns} == known


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_pages_of_another_workspace_are_404(client, acme, globex, method):
    before = snapshot()
    sign_in(client, "globex", Role.OWNER)
    for name in ROUTES:
        response = getattr(client, method)(url(name, "acme", acme.identity_provider_id), follow=method == "get")
        assert response.status_code == 404, name
        assert snapshot() == before, name


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_foreign_provider_is_404_like_an_unknown_one(client, acme, globex, method):
    before = snapshot()
    sign_in(client, "globex", Role.OWNER)
    for name in OF_A_PROVIDER:
        expected = 302 if method == "get" and name in POST_ONLY else 404
        for provider in (acme.identity_provider_id, uuid.uuid4()):
            assert getattr(client, method)(url(name, "globex", provider)).status_code == expected, name
        assert snapshot() == before, name


def test_a_provider_that_this_environment_does_not_use_is_404(client, acme):
    sign_in(client, "acme", Role.OWNER)
    for name in OF_A_PROVIDER:
        if name not in {*POST_ONLY, "provider-use"}:
            assert client.get(url(name, "acme", acme.identity_provider_id, "prod")).status_code == 404, name


def test_the_list_and_its_offers_stay_inside_the_workspace(client, acme, globex):
    sign_in(client, "acme", Role.OWNER)
    for environment in ("dev", "prod"):
        switch_saml(
            environment=acme.environment.workspace.environments.get(slug=environment), is_enabled=True, by=SYSTEM
        )
        page = client.get(url("environment", "acme", environment=environment)).content.decode()
        assert "IdP of acme" in page and "IdP of globex" not in page


def test_a_viewer_reads_and_changes_nothing(client, acme):
    before = snapshot()
    sign_in(client, "acme", Role.VIEWER)
    for name in ROUTES:
        address = url(name, "acme", acme.identity_provider_id)
        expected = 200 if name in READ else 302 if name in POST_ONLY else 403
        assert client.get(address).status_code == expected, name
        if name not in READ:
            assert client.post(address, {"is_enabled": "false"}).status_code == 403, name
        assert snapshot() == before, name


def test_a_viewer_sees_no_control_that_changes_something(client, acme):
    sign_in(client, "acme", Role.VIEWER)
    page = client.get(url("environment", "acme")).content.decode()
    assert 'role="switch"' not in page and "Set up" not in page
    for name in CHANGE | POST_ONLY:
        assert f'"{url(name, "acme", acme.identity_provider_id)}"' not in page
    certificates = client.get(url("provider-certificates", "acme", acme.identity_provider_id)).content.decode()
    assert "Replace certificates" not in certificates


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_owners_and_admins_open_every_page(client, acme, role):
    sign_in(client, "acme", role)
    for name in READ | CHANGE:
        assert client.get(url(name, "acme", acme.identity_provider_id)).status_code == 200, name


def test_nobody_else_gets_past_the_sign_in(client, acme):
    for name in READ | CHANGE:
        response = client.get(url(name, "acme", acme.identity_provider_id))
        assert response.status_code == 302 and response.url.startswith(reverse("workspace:sign-in")), name

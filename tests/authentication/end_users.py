"""What the tests of end users' sign-in start from, and what their browsers do."""

import re
from html import unescape

from django.test import Client
from django.utils import timezone

from authentication.actions.enforcement import enforce_without_test
from authentication.actions.identity_providers import create_provider
from authentication.actions.policies import switch_saml
from authentication.actions.provider_connection import connect_provider
from authentication.actions.provider_states import configuration
from authentication.decorators import cookie_name
from authentication.idp_side import typed_in
from authentication.models import EnvironmentProvider
from authentication.saml.certificates import parse_certificates
from tests import factories
from tests.authentication.certificates import EC_CERTIFICATE, pem
from tests.factories import PASSWORD
from workspace.actions.end_users import set_password
from workspace.events import SYSTEM, Actor
from workspace.models import EndUser, Environment, Source, SourceKind

OKTA = Source(SourceKind.SCIM, "0192f5e0-0000-7000-8000-000000000001", "Okta Dev")
OKTA_ACTOR = Actor("connection", OKTA.id, OKTA.name)
# The console's pages about end users' sign-in: route → whether a viewer may read it; others take only a POST.
CONSOLE_ROUTES = {
    "end-user": True,
    "attempts": True,
    "end-user-invite": False,
    "end-user-reset": False,
    "end-user-session-end": False,
    "end-user-sessions-end": False,
}
# The pages of who may bypass SSO → whether a viewer may read it.
BYPASS_ROUTES = {"sso-bypasses": True, "sso-bypass-choose": False, "sso-bypass-add": False, "sso-bypass-end": False}


def environments(slug: str = "acme") -> list[Environment]:
    """DEV, TEST and PROD of a new workspace."""
    return list(factories.workspace(slug).environments.select_related("workspace"))


def person(*places: Environment, name: str = "Ada Winter", password: str = PASSWORD) -> EndUser:
    """A person by hand, with a password unless it is empty."""
    end_user = factories.end_user(*places, name=name)
    if password:
        set_password(end_user=end_user, password=password, by=SYSTEM)
    return end_user


def enforce(environment_provider: EnvironmentProvider) -> None:
    """Start the enforcement that waits for a test sign-in, if one does."""
    if environment_provider.wished_enforcement:
        seen = configuration(environment_provider)
        enforce_without_test(environment_provider=environment_provider, seen=seen, by=SYSTEM)


def provider(environment: Environment, name: str = "Okta Dev", enforcement: str = "no_one", *domains: str):
    """A provider that is set up, in an environment with SAML on."""
    switch_saml(environment=environment, is_enabled=True, by=SYSTEM)
    environment_provider = create_provider(
        environment=environment, name=name, vendor="okta", enforcement=enforcement, domains=domains, by=SYSTEM
    )
    certificates = parse_certificates(pem(EC_CERTIFICATE))
    metadata = typed_in(
        environment_provider.identity_provider, "https://idp.example/sso", "https://idp.example", certificates
    )
    connect_provider(
        environment_provider=environment_provider, metadata=metadata, source="fields", by=SYSTEM, now=timezone.now()
    )
    enforce(environment_provider)
    return EnvironmentProvider.objects.get(pk=environment_provider.pk)


def url(environment: Environment, path: str = "") -> str:
    return f"/sign-in/{environment.workspace.slug}/{environment.slug}/{path}"


def sign_in(client: Client, environment: Environment, email: str = "ada.winter@acme.example", password: str = PASSWORD):
    return client.post(url(environment, "password/"), {"email": email, "password": password})


def signed_in(environment: Environment, end_user: EndUser, password: str = PASSWORD) -> Client:
    """A fresh browser in which the person has signed in."""
    client = Client()
    assert sign_in(client, environment, end_user.email, password)["Location"] == url(environment, "account/")
    return client


def is_signed_in(client: Client, environment: Environment) -> bool:
    """Whether the account page opens, instead of sending to the sign-in page."""
    response = client.get(url(environment, "account/"))
    if response.status_code == 200:
        return True
    assert response["Location"].startswith(url(environment))
    return False


def token(client: Client, environment: Environment) -> str:
    return client.cookies[cookie_name(environment.workspace.slug, environment.slug)].value


def text(response) -> str:
    """The page without what differs from request to request."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    return unescape(re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", "", page))

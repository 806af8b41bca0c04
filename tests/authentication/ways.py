"""The way through an identity provider over HTTP: the provider, its IdP with a real key, and a browser."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.test import Client
from django.utils import timezone

from authentication.actions.identity_providers import create_provider
from authentication.actions.policies import switch_saml
from authentication.actions.provider_connection import connect_provider
from authentication.models import AuthnRequest, EndUserSession, EnvironmentProvider, IdentityProvider, SignInAttempt
from authentication.saml.certificates import parse_certificates
from authentication.saml.endpoints import SingleLogout
from authentication.saml.metadata import IdpMetadata
from tests.authentication.end_users import enforce, is_signed_in, url
from tests.idp import Answer, Idp, encode
from workspace.events import SYSTEM
from workspace.models import Environment, Workspace

ADA = "ada.winter@acme.example"
IDP = Idp()  # its key takes a tenth of a second to make, so tests of one provider share it
# The console's pages of Test sign-in; their isolation is tested in test_provider_test.py.
TEST_ROUTES = {"provider-test", "provider-test-start", "provider-test-result"}


@dataclass
class Way:
    """An environment's provider with its real IdP, and a browser."""

    environment_provider: EnvironmentProvider
    idp: Idp
    browser: Client = field(default_factory=Client)
    elsewhere: Callable[[], Client] = Client

    @property
    def environment(self) -> Environment:
        return self.environment_provider.environment

    @property
    def acs(self) -> str:
        return urlsplit(self.environment_provider.identity_provider.acs_url).path

    def begin(self, query: str = "") -> str:
        """Go to the IdP; the id of the request that came with the browser."""
        response = self.browser.get(
            url(self.environment, f"sso/{self.environment_provider.identity_provider_id}/{query}")
        )
        return requested(response)

    def answer(self, request_id: str, email: str = ADA, **changes: Any) -> Answer:
        provider = self.environment_provider.identity_provider
        answer = Answer(
            request_id=request_id, acs_url=provider.acs_url, sp_entity_id=provider.sp_entity_id, now=timezone.now(),
            person=email, assertion_id=f"_assertion-{request_id}", attributes={},
        )  # fmt: skip
        return replace(answer, **changes)

    def deliver(self, xml: bytes, relay_state: str = "") -> Any:
        """Post to the ACS without cookies, as a form of another site."""
        return self._deliver(form(xml, relay_state))

    def post(self, xml: bytes, browser: Client | None = None, relay_state: str = "") -> Any:
        """Post, and follow within our site with the cookies of the browser."""
        return self.post_form(form(xml, relay_state), browser)

    def post_form(self, form: str, browser: Client | None = None) -> Any:
        """The same with the form as it travels."""
        stored = self._deliver(form)
        return stored if stored.status_code != 303 else (browser or self.browser).get(stored["Location"])

    def _deliver(self, form: str) -> Any:
        return self.elsewhere().post(self.acs, form, content_type="application/x-www-form-urlencoded")

    def sign_in(self, email: str = ADA, **changes: Any) -> Any:
        return self.post(self.idp.respond(self.answer(self.begin(), email, **changes)))

    def is_in(self) -> bool:
        return is_signed_in(self.browser, self.environment)


def form(xml: bytes, relay_state: str = "") -> str:
    """What the IdP's page posts."""
    return urlencode({"SAMLResponse": encode(xml), "RelayState": relay_state})


def requested(response: Any) -> str:
    """The id of the request with which a redirect leads to the IdP."""
    assert response.status_code == 302 and response["Location"].startswith("https://idp.example/sso?SAMLRequest=")
    (request_id,) = parse_qs(urlsplit(response["Location"]).query)["RelayState"]
    assert AuthnRequest.objects.filter(pk=request_id).exists()
    return request_id


def way(environment: Environment, name: str = "Okta", method: str = "manual", idp: Idp | None = None) -> Way:
    switch_saml(environment=environment, is_enabled=True, by=SYSTEM)
    environment_provider = create_provider(
        environment=environment, name=name, vendor="okta", enforcement="all_domains", by=SYSTEM
    )
    environment_provider.method, idp = method, idp or Idp()
    environment_provider.save()
    connect(environment_provider, idp)
    enforce(environment_provider)
    return Way(
        EnvironmentProvider.objects.select_related("environment__workspace").get(pk=environment_provider.pk), idp
    )


def active_certificate(workspace: Workspace) -> str:
    """The certificate (PEM) of the key that the workspace signs with."""
    return workspace.service_provider_keys.active().get().certificate


def connect(
    environment_provider: EnvironmentProvider, idp: Idp, post_url: str = "", slo: SingleLogout | None = None
) -> None:
    metadata = IdpMetadata(
        entity_id=idp.entity_id, sso_redirect_url="" if post_url else "https://idp.example/sso", sso_post_url=post_url,
        slo=slo or SingleLogout(), certificates=parse_certificates(idp.certificate),
        wants_authn_requests_signed=False, valid_until=None,
    )  # fmt: skip
    connect_provider(
        environment_provider=environment_provider,
        metadata=metadata,
        source=IdentityProvider.MetadataSource.FIELDS,
        by=SYSTEM,
        now=timezone.now(),
    )


def refused(response: Any, reason: str) -> SignInAttempt:
    """A neutral page with the reference of the one attempt that knows the reason."""
    assert response.status_code == 403
    attempt = SignInAttempt.objects.get()
    assert (attempt.outcome, attempt.reason) == ("refused", reason)
    page = response.content.decode()
    assert page.count(str(attempt.pk)) == 1 and reason not in page
    assert "no-store" in response["Cache-Control"] and not EndUserSession.objects.exists()
    return attempt


def reasons() -> list[str]:
    """The reasons of all attempts, oldest first; empty for those that succeeded."""
    return list(SignInAttempt.objects.order_by("id").values_list("reason", flat=True))

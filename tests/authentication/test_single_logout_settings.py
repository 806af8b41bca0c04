"""S14: single logout in metadata and on the pages of the console."""

import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.xml.schema import validate

from authentication import pending
from authentication.actions.metadata_refresh import Outcome, confirm_metadata, refresh_metadata
from authentication.actions.provider_connection import connect_provider
from authentication.models import IdentityProvider, ServiceProviderKey
from authentication.saml.endpoints import SingleLogout
from authentication.saml.metadata import parse_idp_metadata
from tests import factories
from tests.authentication.logouts import BY_REDIRECT, SLO, deliver, message
from tests.authentication.ways import IDP, connect
from tests.idp import NS
from workspace.console.navigation import page_url
from workspace.events import SYSTEM

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("single_logout")]


# What both sides publish. ---------------------------------------------------------------------------------------------

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"


def test_s14_our_metadata_names_the_single_logout_url_of_both_bindings(okta):
    provider = okta.environment_provider.identity_provider
    xml = Client().get(f"/saml/{provider.pk}/metadata").content
    services = etree.fromstring(xml).findall(f".//{MD}SingleLogoutService")
    assert [each.get("Location") for each in services] == [provider.sp_slo_url] * 2
    assert [each.get("Binding") for each in services] == [BINDING_HTTP_REDIRECT, BINDING_HTTP_POST]
    validate(xml.decode())


def idp_metadata(*services: str) -> bytes:
    body = "".join(IDP.certificate.splitlines()[1:-1])
    return f"""\
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/metadata">\
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">\
<KeyDescriptor><KeyInfo xmlns="{NS["ds"]}"><X509Data><X509Certificate>{body}</X509Certificate></X509Data></KeyInfo>\
</KeyDescriptor>{"".join(services)}\
<SingleSignOnService Binding="{BINDING_HTTP_REDIRECT}" Location="https://idp.example/sso"/>\
</IDPSSODescriptor></EntityDescriptor>""".encode()


def service(binding: str, location: str, answers: str = "") -> str:
    response = f' ResponseLocation="{answers}"' if answers else ""
    return f'<SingleLogoutService Binding="{binding}" Location="{location}"{response}/>'


POSTED, REDIRECTED = service(BINDING_HTTP_POST, f"{SLO}-post"), service(BINDING_HTTP_REDIRECT, SLO, f"{SLO}-done")


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([], SingleLogout()),
        ([POSTED], SingleLogout(f"{SLO}-post", "post")),
        ([POSTED, REDIRECTED], SingleLogout(SLO, "redirect", f"{SLO}-done")),
        ([service(BINDING_HTTP_REDIRECT, "http://idp.example/slo")], SingleLogout()),
        ([service(BINDING_HTTP_REDIRECT, "http://idp.example/slo"), POSTED], SingleLogout(f"{SLO}-post", "post")),
        ([service(BINDING_HTTP_REDIRECT, SLO, "javascript:x")], SingleLogout(SLO, "redirect")),
        ([service("urn:oasis:names:tc:SAML:2.0:bindings:SOAP", SLO)], SingleLogout()),
    ],
    ids=["none", "post", "both", "http", "http and post", "answers to no https", "soap"],
)
def test_s14_the_best_endpoint_of_the_metadata_is_kept(okta, services, expected):
    metadata = parse_idp_metadata(idp_metadata(*services), now=timezone.now())
    assert metadata.slo == expected
    connect_provider(
        environment_provider=okta.environment_provider, metadata=metadata, source="xml", by=SYSTEM, now=timezone.now()
    )
    provider = IdentityProvider.objects.get(pk=okta.environment_provider.identity_provider_id)
    assert provider.slo == expected and provider.has_single_logout == bool(expected.url)
    assert pending.from_json(pending.to_json(metadata, fetched_at=timezone.now())).slo == expected


def test_s14_what_waited_for_confirmation_before_single_logout_was_known_can_be_confirmed():
    held = pending.to_json(parse_idp_metadata(idp_metadata(POSTED), now=timezone.now()), fetched_at=timezone.now())
    del held["slo"]
    assert pending.from_json(held | {"slo_url": SLO}).slo == SingleLogout()


def test_s14_a_changed_single_logout_url_waits_for_confirmation(okta):
    IdentityProvider.objects.update(metadata_source="url", metadata_url="https://idp.example/metadata")
    metadata, now = parse_idp_metadata(idp_metadata(POSTED), now=timezone.now()), timezone.now()
    how = {"url": "https://idp.example/metadata", "fetched_at": now, "by": SYSTEM}
    assert refresh_metadata(environment_provider=okta.environment_provider, metadata=metadata, **how) == Outcome.HELD
    provider = IdentityProvider.objects.get(pk=okta.environment_provider.identity_provider_id)
    assert provider.slo == BY_REDIRECT
    confirm_metadata(
        environment_provider=okta.environment_provider,
        digest=pending.digest(provider.pending_metadata),
        by=SYSTEM,
        now=timezone.now(),
    )
    provider.refresh_from_db()
    assert provider.slo == SingleLogout(f"{SLO}-post", "post")


def test_s14_with_single_logout_our_certificate_is_there_to_be_carried_to_the_idp(okta):
    ServiceProviderKey.objects.all().delete()
    connect(okta.environment_provider, okta.idp)
    assert not ServiceProviderKey.objects.exists()
    connect(okta.environment_provider, okta.idp, slo=BY_REDIRECT)
    assert ServiceProviderKey.objects.count() == 1


def test_s14_the_settings_of_the_provider_say_whether_there_is_single_sign_out(client, okta):
    factories.sign_in(client, factories.administrator(okta.environment.workspace))
    address = page_url(
        "authentication:provider-settings", okta.environment, provider=okta.environment_provider.identity_provider_id
    )
    page = client.get(address).content.decode()
    assert okta.environment_provider.identity_provider.sp_slo_url in page and SLO in page
    connect(okta.environment_provider, okta.idp)
    page = client.get(address).content.decode()
    assert okta.environment_provider.identity_provider.sp_slo_url not in page and "Not available" in page


def test_s14_the_reason_of_a_refusal_stands_under_sign_in_attempts(client, okta, ada):
    deliver(okta, message(okta, slo_url="https://elsewhere.example"))
    factories.sign_in(client, factories.administrator(okta.environment.workspace))
    page = client.get(page_url("authentication:attempts", okta.environment)).content.decode()
    assert "Single sign-out refused" in page and "Copy the Single logout URL again" in page

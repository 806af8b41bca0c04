"""The page Sign-in settings: signed requests, attributes, our certificate, SHA-1."""

from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from authentication.actions.provider_connection import connect_provider
from authentication.actions.service_provider import ensure_signing_key
from authentication.idp_side import typed_in
from authentication.models import EnvironmentProvider, IdentityProvider, ServiceProviderKey
from authentication.saml.certificates import parse_certificates
from tests import factories
from tests.authentication.certificates import EC_CERTIFICATE, pem
from tests.authentication.ways import active_certificate
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, Environment

Vendor = IdentityProvider.Vendor


@pytest.fixture
def dev(db) -> Environment:
    return factories.workspace().environments.get(slug="dev")


@pytest.fixture
def okta(dev) -> EnvironmentProvider:
    environment_provider = factories.identity_provider(dev)
    certificates = parse_certificates(pem(EC_CERTIFICATE))
    metadata = typed_in(
        environment_provider.identity_provider, "https://idp.example/sso", "https://idp.example", certificates
    )
    connect_provider(
        environment_provider=environment_provider, metadata=metadata, source="fields", by=SYSTEM, now=timezone.now()
    )
    return environment_provider


@pytest.fixture
def admin(client, dev):
    return factories.sign_in(client, factories.administrator(dev.workspace, "admin"))


@pytest.fixture
def press(admin, okta):
    """Presses a button or switch of the page; the text of the page afterwards."""

    def act(button: str, **data) -> str:
        response = admin.post(url(button), data, follow=True)
        assert response.redirect_chain == [(url("settings"), 302)]
        return unescape(response.content.decode())

    return act


def url(page: str) -> str:
    kwargs = {"workspace": "acme", "environment": "dev", "provider": IdentityProvider.objects.get().pk}
    return reverse(f"authentication:provider-{page}", kwargs=kwargs)


def text(response) -> str:
    return unescape(response.content.decode())


def events() -> list[tuple]:
    """The changes of settings, the latest first."""
    found = ChangeEvent.objects.filter(action="identity_provider.settings_changed")
    return [(event.sentence, event.before, event.after) for event in found]


def test_signing_is_switched_on_with_a_key_and_off_again(press):
    assert not IdentityProvider.objects.get().must_sign_requests
    assert "AuthnRequests to Okta Dev are signed from now on." in press("signing", is_enabled="true")
    assert IdentityProvider.objects.get().must_sign_requests and ServiceProviderKey.objects.count() == 1
    assert "are not signed from now on" in press("signing", is_enabled="false")
    assert not IdentityProvider.objects.get().must_sign_requests and ServiceProviderKey.objects.count() == 1
    assert [sentence for sentence, *_ in events()] == [
        "admin@acme.example switched signing of AuthnRequests for Okta Dev off.",
        "admin@acme.example switched signing of AuthnRequests for Okta Dev on.",
    ]


def test_metadata_that_asks_for_signed_requests_decides(press, admin, okta):
    IdentityProvider.objects.update(wants_signed_requests=True)
    assert IdentityProvider.objects.get().must_sign_requests
    page = text(admin.get(url("settings")))
    assert "metadata asks for signed requests, so they are always signed" in page and "disabled" in page
    assert "so they stay signed" in press("signing", is_enabled="false")
    assert events() == []


def test_s3_sha1_is_off_warned_about_and_recorded(press, admin, okta):
    page = text(admin.get(url("settings")))
    assert "SHA-1 is broken" in page and "SHA-1 is accepted" not in page
    assert not IdentityProvider.objects.get().allows_sha1
    assert "SHA-1 is accepted" in press("sha1", is_enabled="true")
    assert IdentityProvider.objects.get().allows_sha1
    assert "SHA-1 signatures of Okta Dev are refused from now on." in press("sha1", is_enabled="false")
    press("sha1", is_enabled="false")
    assert events() == [
        ("admin@acme.example forbade SHA-1 in signatures of Okta Dev.", {"allows_sha1": True}, {"allows_sha1": False}),
        ("admin@acme.example allowed SHA-1 in signatures of Okta Dev.", {"allows_sha1": False}, {"allows_sha1": True}),
    ]


def test_s6_idp_initiated_sign_in_is_off_and_switched_on_and_off(press, admin, okta):
    page = text(admin.get(url("settings")))
    assert "http://testserver/sign-in/acme/dev/" in page and "Default RelayState" in page
    assert not IdentityProvider.objects.get().allows_idp_initiated
    assert "Sign-ins that begin at Okta Dev go on by themselves." in press("idp-initiated", is_enabled="true")
    assert IdentityProvider.objects.get().allows_idp_initiated
    assert "Sign-ins that begin at Okta Dev lead to a button first." in press("idp-initiated", is_enabled="false")
    press("idp-initiated", is_enabled="false")
    on, off = {"allows_idp_initiated": True}, {"allows_idp_initiated": False}
    assert events() == [
        ("admin@acme.example switched IdP-initiated sign-in of Okta Dev off.", on, off),
        ("admin@acme.example switched IdP-initiated sign-in of Okta Dev on.", off, on),
    ]


def test_attributes_are_saved_trimmed_and_told_in_one_event(press):
    names = {"name": " displayName ", "email": "", "groups": "urn:oid:1.3.6.1"}
    assert "The attributes were saved." in press("settings", **names)
    provider = IdentityProvider.objects.get()
    assert (provider.name_attribute, provider.email_attribute) == ("displayName", "")
    assert provider.groups_attribute == "urn:oid:1.3.6.1"
    assert "The attributes were not changed." in press("settings", **names)
    assert events() == [
        (
            "admin@acme.example changed name attribute and groups attribute of the identity provider Okta Dev.",
            {"name_attribute": "", "groups_attribute": ""},
            {"name_attribute": "displayName", "groups_attribute": "urn:oid:1.3.6.1"},
        )
    ]


@pytest.mark.parametrize("wrong", ["x" * 301, "two\nlines", "bell\x07"])
def test_a_wrong_attribute_name_is_refused_at_its_field_and_kept(admin, okta, wrong):
    response = admin.post(url("settings"), {"name": "kept", "groups": wrong})
    assert response.status_code == 200
    assert "at most 300 characters" in response.context["form"].errors["groups"][0]
    assert 'value="kept"' in text(response)
    assert IdentityProvider.objects.get().name_attribute == ""


@pytest.mark.parametrize(
    ("vendor", "usual"),
    [
        (Vendor.ENTRA, "http://schemas.microsoft.com/identity/claims/displayname (Microsoft Entra ID)"),
        (Vendor.ADFS, "http://schemas.xmlsoap.org/claims/Group (AD FS)"),
        (Vendor.ONELOGIN, "User.FirstName and User.LastName (OneLogin)"),
        (Vendor.GOOGLE, "firstName and lastName"),
        (Vendor.OKTA, "workspace_end_user_name"),
    ],
)
def test_the_usual_names_of_the_vendor_are_hints(admin, okta, vendor, usual):
    IdentityProvider.objects.update(vendor=vendor)
    assert usual in text(admin.get(url("settings")))


@pytest.mark.parametrize("vendor", Vendor.values)
def test_every_vendor_has_hints(admin, okta, vendor):
    IdentityProvider.objects.update(vendor=vendor)
    assert text(admin.get(url("settings"))).count("the usual names, among them") == 3


def test_the_sp_certificate_is_created_rolled_over_and_downloaded(press, admin, dev, okta):
    assert "There is no certificate yet." in text(admin.get(url("settings")))
    assert admin.get(url("sp-certificate")).status_code == 404
    assert "Start rollover" in press("sp-create")
    old = active_certificate(dev.workspace)
    assert admin.get(url("sp-certificate")).content.decode() == old
    page = press("rollover-start")
    assert "Finish rollover" in page and "Start rollover" not in page and "Next: published" in page
    following = admin.get(url("sp-certificate") + "?next")
    assert following["Content-Disposition"] == 'attachment; filename="sp-certificate-next.pem"'
    assert "A rollover is going on already." in press("rollover-start")
    assert "the new certificate signs now" in press("rollover-finish")
    assert active_certificate(dev.workspace) == following.content.decode() != old
    assert "No rollover is going on" in press("rollover-finish")
    press("rollover-start")
    assert "The rollover was cancelled." in press("rollover-cancel")
    assert active_certificate(dev.workspace) == following.content.decode()


def test_no_page_shows_a_private_key(press, admin, dev, okta):
    press("sp-create")
    secret = "".join(ensure_signing_key(dev.workspace, now=timezone.now()).private_pem.splitlines()[1:-1])[100:160]
    sealed = ServiceProviderKey.objects.get().sealed_key
    for page in (text(admin.get(url("settings"))), text(admin.get(url("sp-certificate")))):
        assert "PRIVATE" not in page and secret not in page and sealed not in page


def test_metadata_that_asks_for_signed_requests_makes_the_key_at_the_set_up(dev):
    environment_provider = factories.identity_provider(dev)
    environment_provider.identity_provider.wants_signed_requests = True
    environment_provider.identity_provider.sso_url, environment_provider.identity_provider.entity_id = (
        "https://idp.example/sso",
        "https://idp.example",
    )
    metadata = typed_in(
        environment_provider.identity_provider,
        "https://idp.example/sso",
        "https://idp.example",
        parse_certificates(pem(EC_CERTIFICATE)),
    )
    connect_provider(
        environment_provider=environment_provider, metadata=metadata, source="fields", by=SYSTEM, now=timezone.now()
    )
    assert dev.workspace.service_provider_keys.active().count() == 1

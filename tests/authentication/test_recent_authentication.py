"""S15: what changes trust needs the password to have been given recently, and all owners are told."""

import time
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from authentication.actions.identity_providers import update_provider
from authentication.actions.policies import switch_saml
from authentication.actions.provider_connection import connect_provider
from authentication.actions.service_provider import ensure_signing_key, start_rollover
from authentication.idp_side import typed_in
from authentication.models import EnvironmentPolicy, EnvironmentProvider, IdentityProvider
from authentication.saml.certificates import parse_certificates
from tests import factories
from tests.authentication.certificates import EC_CERTIFICATE, RSA_CERTIFICATE, fingerprint, pem
from tests.factories import PASSWORD
from workspace.console.proof import AGAIN, OPENED_RECENTLY, RECENT
from workspace.events import SYSTEM, Actor
from workspace.models import ChangeEvent, Environment
from workspace.models.throttling import FREE_ATTEMPTS

CONFIRM = "/confirm-identity/"
PAGES = ["create", "edit", "connect", "use", "remove", "settings"]
BUTTONS = ["enable", "disable", "metadata-confirm", "metadata-discard"]
# Buttons of the page Sign-in settings, which itself opens only with a recent proof.
OF_SETTINGS = ["signing", "idp-initiated", "sha1", "sp-create"]
OF_SETTINGS += ["rollover-start", "rollover-finish", "rollover-cancel"]
ACME = Actor("administrator", "1", "ada@acme.example")


@pytest.fixture
def dev(db) -> Environment:
    environment = factories.workspace().environments.get(slug="dev")
    switch_saml(environment=environment, is_enabled=True, by=SYSTEM)
    return environment


@pytest.fixture
def okta(dev) -> EnvironmentProvider:
    environment_provider = factories.identity_provider(dev)
    connect(environment_provider, EC_CERTIFICATE)
    return environment_provider


@pytest.fixture
def owner(client, dev):
    client.force_login(factories.administrator(dev.workspace).user)
    return client


def connect(environment_provider, *certificates, by=SYSTEM):
    text = "".join(map(pem, certificates))
    metadata = typed_in(
        environment_provider.identity_provider,
        "https://idp.example/sso",
        "https://idp.example",
        parse_certificates(text),
    )
    connect_provider(
        environment_provider=environment_provider, metadata=metadata, source="fields", by=by, now=timezone.now()
    )


def prove(client, age: timedelta = timedelta(0)) -> None:
    session = client.session
    session["proved_at"] = time.time() - age.total_seconds()
    session.save()


def url(route: str, okta: EnvironmentProvider | None = None) -> str:
    kwargs = {"workspace": "acme", "environment": "dev"}
    if okta and route != "provider-create":
        kwargs["provider"] = str(okta.identity_provider_id)
    return reverse(f"authentication:{route}", kwargs=kwargs)


def is_asked(response) -> bool:
    return response.status_code == 302 and response.url.startswith(CONFIRM)


def test_s15_signing_in_is_a_proof_for_fifteen_minutes(client, dev, okta, monkeypatch):
    email = factories.administrator(dev.workspace).user.email
    client.post("/sign-in/", {"email": email, "password": PASSWORD})
    assert client.get(url("provider-edit", okta)).status_code == 200
    prove(client, RECENT + timedelta(seconds=5))
    page = url("provider-edit", okta) + "?a=1"
    assert client.get(page).url == f"{CONFIRM}?{urlencode({'next': page})}"


@pytest.mark.parametrize("page", PAGES)
def test_s15_pages_of_weight_open_only_with_a_recent_proof(owner, okta, page):
    address = url(f"provider-{page}", okta)
    assert is_asked(owner.get(address))
    prove(owner)
    assert owner.get(address).status_code == 200


@pytest.mark.parametrize("button", [*BUTTONS, *OF_SETTINGS])
def test_s15_buttons_of_weight_change_nothing_without_a_recent_proof(owner, okta, button):
    before = (IdentityProvider.objects.values().get(), ChangeEvent.objects.count())
    response = owner.post(url(f"provider-{button}", okta), {"is_enabled": "true"})
    assert is_asked(response)
    assert (IdentityProvider.objects.values().get(), ChangeEvent.objects.count()) == before


@pytest.mark.parametrize("switch", ["saml-switch", "password-switch"])
def test_s15_the_switches_of_the_environment_need_one_too(owner, dev, switch):
    before = EnvironmentPolicy.objects.values().get()
    assert is_asked(owner.post(url(switch), {"is_enabled": "false"}))
    assert EnvironmentPolicy.objects.values().get() == before


def test_s15_a_button_leads_back_to_the_page_it_stands_on(owner, okta):
    page = url("environment")
    response = owner.post(url("saml-switch"), {"is_enabled": "false"}, headers={"Referer": f"http://testserver{page}"})
    confirm = owner.get(response.url)
    assert str(AGAIN) in confirm.content.decode()
    assert owner.post(CONFIRM, {"password": PASSWORD, "next": page}).url == page
    assert owner.post(url("saml-switch"), {"is_enabled": "false"}).url == page


@pytest.mark.parametrize("before", ["https://evil.example/x", "//evil.example/", "", "http://testserver.evil/"])
def test_s15_a_button_leads_to_no_page_of_others(owner, okta, before):
    response = owner.post(url("saml-switch"), {"is_enabled": "false"}, headers={"Referer": before})
    assert response.url == f"{CONFIRM}?next=%2F"


def test_s15_what_is_typed_into_an_open_page_is_taken_as_long_as_the_session_lasts(owner, okta):
    answers = {"name": "Renamed", "vendor": "okta", "enforcement": "no_one", "domains": ""}
    prove(owner, OPENED_RECENTLY - timedelta(seconds=5))
    assert is_asked(owner.get(url("provider-edit", okta)))
    assert owner.post(url("provider-edit", okta), answers).url == url("environment")
    assert IdentityProvider.objects.get().name == "Renamed"
    prove(owner, OPENED_RECENTLY + timedelta(seconds=5))
    assert is_asked(owner.post(url("provider-edit", okta), answers))


def test_s15_reading_needs_no_proof_and_refreshing_changes_no_trust(owner, okta):
    for route in ("environment", "provider-certificates"):
        assert owner.get(url(route, None if route == "environment" else okta)).status_code == 200
    assert not is_asked(owner.post(url("provider-metadata-refresh", okta)))


def test_s15_who_may_not_change_it_is_not_asked_for_a_password(client, dev, okta):
    client.force_login(factories.administrator(dev.workspace, "viewer").user)
    assert client.get(url("provider-edit", okta)).status_code == 403
    client.force_login(factories.administrator(factories.workspace("globex")).user)
    assert client.get(url("provider-edit", okta)).status_code == 404


def test_s15_the_password_confirms_and_leads_back_with_a_new_session_key(owner, okta):
    page = url("provider-edit", okta)
    before = owner.session.session_key
    assert owner.post(CONFIRM, {"password": PASSWORD, "next": page}).url == page
    assert owner.get(page).status_code == 200
    assert owner.session.session_key != before
    assert owner.get(f"{CONFIRM}?next={page}").url == page


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_s15_it_leads_to_no_other_site(owner, target):
    assert owner.post(CONFIRM, {"password": PASSWORD, "next": target}).url == "/"


def test_s15_a_wrong_password_proves_nothing(owner, okta):
    page = owner.post(CONFIRM, {"password": "wrong", "next": "/"})
    assert page.status_code == 200 and "This is not your password." in page.content.decode()
    assert is_asked(owner.get(url("provider-edit", okta)))


@pytest.mark.usefixtures("standing_clock")
def test_s15_guessing_is_throttled_together_with_the_sign_in(client, owner, okta):
    for _ in range(FREE_ATTEMPTS):
        owner.post(CONFIRM, {"password": "wrong"})
    response = owner.post(CONFIRM, {"password": PASSWORD})
    assert response.status_code == 429 and int(response["Retry-After"]) >= 1
    assert "Too many attempts." in response.content.decode()
    assert is_asked(owner.get(url("provider-edit", okta)))
    data = {"email": "owner@acme.example", "password": PASSWORD}
    assert client.__class__().post("/sign-in/", data).status_code == 429


def test_s15_only_who_is_signed_in_is_asked(client):
    assert client.get(CONFIRM).url.startswith("/sign-in/")
    assert client.post(CONFIRM, {"password": PASSWORD}).url.startswith("/sign-in/")


# Mail to the owners


def test_s15_all_active_owners_are_told_what_changed_before_and_after(dev, okta, mails):
    for name in ("ada", "ben", "gone"):
        who = factories.administrator(factories.workspace(name))
        dev.workspace.administrators.create(user=who.user, role="owner")
        who.user.is_active = name != "gone"
        who.user.save()
    factories.administrator(dev.workspace, "admin")
    factories.administrator(factories.workspace("globex"))
    (message,) = mails(lambda: connect(okta, RSA_CERTIFICATE, by=ACME))
    assert sorted(message.to) == ["owner@ada.example", "owner@ben.example"]
    assert message.subject == "Sign-in to Acme was changed"
    assert "ada@acme.example changed certificates of Okta Dev." in message.body
    assert (
        f"Certificates\n  before: {fingerprint(EC_CERTIFICATE)}\n  after: {fingerprint(RSA_CERTIFICATE)}"
        in message.body
    )
    assert "BEGIN" not in message.body and "&#" not in message.body


def test_s15_enforcement_is_told_and_a_name_is_not(dev, okta, mails):
    factories.administrator(dev.workspace)
    answers = {"vendor": "okta", "enforcement": "no_one", "by": ACME}
    assert mails(lambda: update_provider(environment_provider=okta, name="Renamed", **answers)) == []
    answers |= {"enforcement": "selected_domains", "domains": ["acme.com"]}
    (message,) = mails(lambda: update_provider(environment_provider=okta, name="Renamed", **answers))
    assert "Enforcement for acme.com starts after a test sign-in" in message.body
    assert "before: none\n  after: acme.com" in message.body


@pytest.mark.parametrize(
    ("route", "data"),
    [
        ("saml-switch", {"is_enabled": "false"}),
        ("provider-disable", {}),
        ("provider-remove", {}),
        ("provider-signing", {"is_enabled": "true"}),
        ("provider-idp-initiated", {"is_enabled": "true"}),
        ("provider-sha1", {"is_enabled": "true"}),
        ("provider-settings", {"name": "displayName"}),
        ("provider-rollover-start", {}),
    ],
)
def test_s15_every_change_of_weight_is_told(owner, okta, mails, route, data):
    ensure_signing_key(okta.environment.workspace, now=timezone.now())
    prove(owner)
    address = url(route, okta if route.startswith("provider") else None)
    (message,) = mails(lambda: owner.post(address, data))
    assert message.to == ["owner@acme.example"]
    event = ChangeEvent.objects.first()
    assert event.sentence in message.body and event.request_id in message.body
    assert mails(lambda: owner.post(address, data)) == []


@pytest.mark.parametrize("ending", ["finish", "cancel"])
def test_s15_the_end_of_a_rollover_is_told(owner, okta, mails, ending):
    ensure_signing_key(okta.environment.workspace, now=timezone.now())
    start_rollover(workspace=okta.environment.workspace, by=SYSTEM, now=timezone.now())
    prove(owner)
    (message,) = mails(lambda: owner.post(url(f"provider-rollover-{ending}", okta)))
    assert ChangeEvent.objects.first().sentence in message.body


def test_s15_a_provider_turned_on_or_used_elsewhere_is_told(owner, okta, mails):
    prove(owner)
    owner.post(url("provider-disable", okta))
    (message,) = mails(lambda: owner.post(url("provider-enable", okta)))
    assert "turned Okta Dev on in DEV." in message.body
    elsewhere = url("provider-use", okta).replace("/dev/", "/prod/")
    (message,) = mails(lambda: owner.post(elsewhere))
    assert "let PROD use the identity provider Okta Dev." in message.body


def test_s15_switching_passwords_off_is_told(owner, okta, mails):
    prove(owner)
    (message,) = mails(lambda: owner.post(url("password-switch"), {"is_enabled": "false"}))
    assert "switched Password authentication off in DEV." in message.body


def test_s15_what_the_installation_does_itself_is_not_mailed(dev, okta, mails):
    factories.administrator(dev.workspace)
    assert mails(lambda: connect(okta, RSA_CERTIFICATE, by=SYSTEM)) == []


def test_s15_a_mail_server_that_fails_keeps_nobody_from_changing(dev, okta, mails, monkeypatch, caplog):
    factories.administrator(dev.workspace)

    def fail(_):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", fail)
    assert mails(lambda: connect(okta, RSA_CERTIFICATE, by=ACME)) == []
    assert okta.identity_provider.certificates.get().fingerprint == fingerprint(RSA_CERTIFICATE)
    assert "was not sent: ConnectionRefusedError" in caplog.text

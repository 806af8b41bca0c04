"""The workspace's own keys: made once, published, changed without a gap, and shown to nobody."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from authentication.actions.service_provider import (
    cancel_rollover,
    decryption_keys,
    ensure_signing_key,
    finish_rollover,
    published_certificates,
    start_rollover,
)
from authentication.models import AuthnRequest, IdentityProvider, ServiceProviderKey, SignInAttempt
from authentication.reasons import help_of
from tests import factories
from tests.authentication.end_users import url
from tests.authentication.ways import active_certificate, way
from workspace.events import SYSTEM, Actor
from workspace.models import ChangeEvent, Workspace
from workspace.refusals import ActionError

State = ServiceProviderKey.State
DS, MD = "{http://www.w3.org/2000/09/xmldsig#}", "{urn:oasis:names:tc:SAML:2.0:metadata}"


@pytest.fixture
def acme(db) -> Workspace:
    return factories.workspace()


@pytest.fixture
def owner(acme) -> Actor:
    return Actor.administrator(factories.administrator(acme))


def states(workspace: Workspace) -> list[str]:
    return sorted(workspace.service_provider_keys.values_list("state", flat=True))


def descriptors(client, provider) -> list[tuple[str, str]]:
    """The keys in the SP metadata: use and certificate."""
    root = etree.fromstring(client.get(reverse("saml:metadata", kwargs={"provider": provider.pk})).content)
    return [
        (element.get("use"), element.findtext(f".//{DS}X509Certificate"))
        for element in root.iterfind(f".//{MD}KeyDescriptor")
    ]


def body(pem: str) -> str:
    return "".join(pem.splitlines()[1:-1])


def test_the_key_is_made_on_first_use_and_stays(acme):
    assert decryption_keys(acme, timezone.now()) == () and published_certificates(acme) == ()
    key = ensure_signing_key(acme, now=timezone.now())
    assert ensure_signing_key(acme, now=timezone.now()) == key
    assert decryption_keys(acme, timezone.now()) == (key.private_pem,)
    assert [certificate.pem for certificate in published_certificates(acme)] == [active_certificate(acme)]
    assert [event.action for event in ChangeEvent.objects.of(acme)[:1]] == ["service_provider_key.created"]


def test_it_is_rsa_3072_self_signed_for_ten_years_and_names_only_our_host(acme, settings):
    settings.ORIGIN = "https://sso.example.com"
    key = ensure_signing_key(acme, now=timezone.now())
    certificate = x509.load_pem_x509_certificate(active_certificate(acme).encode())
    private = load_pem_private_key(key.private_pem.encode(), None)
    assert private.key_size == 3072 and private.public_key() == certificate.public_key()
    assert certificate.subject.rfc4514_string() == "CN=SAML service provider,O=sso.example.com"
    certificate.verify_directly_issued_by(certificate)
    assert 3650 <= (certificate.not_valid_after_utc - timezone.now()).days <= 3653
    assert certificate.not_valid_before_utc < timezone.now()


def test_each_workspace_has_its_own(acme):
    globex = factories.workspace("globex")
    assert (
        ensure_signing_key(acme, now=timezone.now()).private_pem
        != ensure_signing_key(globex, now=timezone.now()).private_pem
    )
    assert len(decryption_keys(globex, timezone.now())) == 1


def test_several_at_once_get_the_same_key(transactional_db):
    acme = factories.workspace()

    def ask(_) -> str:
        try:
            return ensure_signing_key(acme, now=timezone.now()).private_pem
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(12)))) == 1
    assert states(acme) == ["active"]
    assert ChangeEvent.objects.filter(action="service_provider_key.created").count() == 1


def test_several_rollovers_at_once_make_one_next_key(transactional_db):
    acme = factories.workspace()
    ensure_signing_key(acme, now=timezone.now())

    def start(_) -> bool:
        try:
            start_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
        except ActionError:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(start, range(4))) == 1
    assert states(acme) == ["active", "next"]


def test_a_rollover_publishes_both_and_signs_with_the_active_one_until_it_is_finished(client, acme):
    provider = factories.identity_provider(acme.environments.first()).identity_provider
    assert descriptors(client, provider) == []
    old, old_certificate = ensure_signing_key(acme, now=timezone.now()), active_certificate(acme)
    assert descriptors(client, provider) == [(use, body(old_certificate)) for use in ("signing", "encryption")]
    start_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    assert ensure_signing_key(acme, now=timezone.now()) == old
    uses = [use for use, _ in descriptors(client, provider)]
    assert uses == ["signing", "signing", "encryption", "encryption"]
    assert descriptors(client, provider)[0] == ("signing", body(old_certificate))
    finish_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    new = ensure_signing_key(acme, now=timezone.now())
    assert new.private_pem != old.private_pem
    assert descriptors(client, provider) == [(use, body(active_certificate(acme))) for use in ("signing", "encryption")]


def test_old_and_next_keys_decrypt_all_along_and_the_old_one_for_thirty_days_more(acme, monkeypatch):
    old = ensure_signing_key(acme, now=timezone.now()).private_pem
    start_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    during = decryption_keys(acme, timezone.now())
    assert len(during) == 2 and during[0] == old
    finish_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    assert set(decryption_keys(acme, timezone.now())) == set(during) and decryption_keys(acme, timezone.now())[0] != old
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=29))
    assert old in decryption_keys(acme, timezone.now())
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=31))
    assert old not in decryption_keys(acme, timezone.now()) and len(decryption_keys(acme, timezone.now())) == 1


def test_the_next_rollover_deletes_what_has_outlived_its_use(acme):
    ensure_signing_key(acme, now=timezone.now())
    start_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    finish_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    acme.service_provider_keys.filter(state=State.RETIRED).update(retired_at=timezone.now() - timedelta(days=31))
    start_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    finish_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    assert states(acme) == ["active", "retired"]


def test_a_cancelled_rollover_leaves_the_active_key_and_decrypts_what_came_meanwhile(acme):
    old, old_certificate = ensure_signing_key(acme, now=timezone.now()), active_certificate(acme)
    start_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    cancel_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    assert ensure_signing_key(acme, now=timezone.now()) == old and len(decryption_keys(acme, timezone.now())) == 2
    assert [certificate.pem for certificate in published_certificates(acme)] == [old_certificate]


@pytest.mark.parametrize("act", [finish_rollover, cancel_rollover])
def test_there_must_be_a_rollover_to_end(acme, act):
    ensure_signing_key(acme, now=timezone.now())
    with pytest.raises(ActionError, match="No rollover is going on"):
        act(workspace=acme, by=SYSTEM, now=timezone.now())
    assert states(acme) == ["active"]


def test_there_must_be_a_key_to_replace_and_no_rollover_already(acme):
    with pytest.raises(ActionError, match="no certificate to replace"):
        start_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    ensure_signing_key(acme, now=timezone.now())
    start_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    with pytest.raises(ActionError, match="going on already"):
        start_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    assert states(acme) == ["active", "next"]


def test_s15_every_step_is_recorded_with_fingerprints_only(acme, owner):
    ensure_signing_key(acme, now=timezone.now(), by=owner)
    for act in (start_rollover, cancel_rollover, start_rollover, finish_rollover):
        act(workspace=acme, by=owner, now=timezone.now())
    events = [event for event in ChangeEvent.objects.of(acme) if event.action.startswith("service_provider_key.")]
    assert [event.action.partition(".")[2] for event in reversed(events)] == [
        "created",
        "rollover_started",
        "rollover_cancelled",
        "rollover_started",
        "rollover_finished",
    ]
    assert {event.actor_name for event in events} == {"owner@acme.example"}
    kept = {
        key[0]: key[1] for event in events for state in (event.before, event.after) for key in state.get("keys", [])
    }
    assert kept == {str(key.pk): key.fingerprint for key in ServiceProviderKey.objects.all()}
    changed = [[key[2] for key in state.get("keys", [])] for state in (events[0].before, events[0].after)]
    assert changed == [["active", "next"], ["retired", "active"]]


def test_the_private_key_stands_nowhere_in_clear(acme, caplog):
    key = ensure_signing_key(acme, now=timezone.now())
    secret = body(key.private_pem)[100:160]
    row = ServiceProviderKey.objects.values().get()
    assert "PRIVATE" not in str(row) and secret not in str(row)
    assert secret not in repr(key) and secret not in caplog.text
    assert secret not in str(list(ChangeEvent.objects.values()))


def test_without_the_sealing_key_nothing_signs_and_the_rest_still_decrypts(acme, settings):
    ensure_signing_key(acme, now=timezone.now())
    settings.SECRETS_KEYS = ["another key"]
    with pytest.raises(ActionError, match="SECRETS_KEYS"):
        ensure_signing_key(acme, now=timezone.now())
    assert decryption_keys(acme, timezone.now()) == ()
    start_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    finish_rollover(workspace=acme, by=SYSTEM, now=timezone.now())
    assert decryption_keys(acme, timezone.now()) == (ensure_signing_key(acme, now=timezone.now()).private_pem,)


def test_sso_says_what_to_do_when_nothing_can_be_signed(client, acme, settings):
    theirs = way(acme.environments.first())
    ensure_signing_key(acme, now=timezone.now())
    IdentityProvider.objects.update(wants_signed_requests=True)
    settings.SECRETS_KEYS = ["another key"]
    response = client.get(url(theirs.environment, f"sso/{theirs.environment_provider.identity_provider_id}/"))
    page = response.content.decode()
    attempt = SignInAttempt.objects.get()
    assert response.status_code == 503 and str(attempt.pk) in page and "SECRETS_KEYS" not in page
    assert (attempt.reason, attempt.identity_provider) == (
        "signing_key_sealed",
        theirs.environment_provider.identity_provider,
    )
    assert "SECRETS_KEYS" in help_of(attempt.reason)
    assert not AuthnRequest.objects.exists()


def test_the_metadata_says_whether_requests_are_signed(client, acme):
    provider = factories.identity_provider(acme.environments.first()).identity_provider

    def says() -> str:
        root = etree.fromstring(client.get(reverse("saml:metadata", kwargs={"provider": provider.pk})).content)
        return root.find(f"{MD}SPSSODescriptor").get("AuthnRequestsSigned")

    assert says() == "false"
    for field in ("signs_requests", "wants_signed_requests"):
        type(provider).objects.update(**{"signs_requests": False, "wants_signed_requests": False, field: True})
        assert says() == "true"

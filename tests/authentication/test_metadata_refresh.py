"""S13: metadata is fetched again on request, and what it changes is in force only once somebody has seen it."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from authentication import idp_side
from authentication.actions.provider_connection import connect_provider
from authentication.models import EnvironmentProvider, IdentityProvider, ServiceProviderKey
from authentication.saml.metadata import parse_idp_metadata
from tests import factories
from tests.authentication.certificates import fingerprint, make
from tests.authentication.published import EXPIRED, NEW, OLD, URL, metadata
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, Environment
from workspace.outgoing import FetchResult


@pytest.fixture
def dev(db) -> Environment:
    return factories.workspace().environments.get(slug="dev")


@pytest.fixture
def okta(dev) -> EnvironmentProvider:
    environment_provider = factories.identity_provider(dev)
    read = parse_idp_metadata(metadata(OLD), now=datetime.now(UTC))
    connect_provider(
        environment_provider=environment_provider,
        metadata=read,
        source="url",
        metadata_url=URL,
        by=SYSTEM,
        now=timezone.now(),
    )
    return environment_provider


@pytest.fixture
def owner(client, dev):
    return factories.sign_in(client, factories.administrator(dev.workspace))


@pytest.fixture
def idp(monkeypatch):
    """What the IdP publishes: set `idp.body`, or `idp.error` for a fetch that fails."""

    class Published:
        body, error = metadata(OLD), ""

        def fetch(self, url, **kwargs):
            assert url == URL
            return FetchResult(None if self.error else self.body, self.error)

    published = Published()
    monkeypatch.setattr(idp_side, "fetch_metadata", published.fetch)
    return published


@pytest.fixture
def press(owner, okta):
    """Presses a button of the Certificates page; the text of the page that follows."""

    def act(button: str, **data) -> str:
        response = owner.post(url(okta, f"metadata-{button}"), data, follow=True)
        assert response.redirect_chain == [(url(okta, "certificates"), 302)]
        return unescape(response.content.decode())

    return act


def url(okta: EnvironmentProvider, page: str) -> str:
    kwargs = {"workspace": "acme", "environment": "dev", "provider": okta.identity_provider_id}
    return reverse(f"authentication:provider-{page}", kwargs=kwargs)


def held_digest(owner, okta) -> str:
    return owner.get(url(okta, "certificates")).context["held"]["digest"]


def in_force() -> tuple:
    provider = IdentityProvider.objects.get()
    return provider.entity_id, provider.sso_url, provider.sso_binding, fingerprints(provider)


def fingerprints(provider) -> list[str]:
    return sorted(provider.certificates.values_list("fingerprint", flat=True))


def actions() -> list[str]:
    """The latest first, up to the set-up."""
    found = [event.action.partition(".")[2] for event in ChangeEvent.objects.filter(subject_kind="identityprovider")]
    return found[: found.index("connected")]


def test_s13_unchanged_metadata_says_so_and_leaves_no_event(press, idp, okta):
    before = okta.identity_provider.metadata_fetched_at
    assert "The metadata of Okta Dev has not changed." in press("refresh")
    assert actions() == []
    assert IdentityProvider.objects.get().metadata_fetched_at > before


def test_s3_a_weak_certificate_that_comes_with_a_refresh_is_named_and_left_out(press, idp):
    weak = make(rsa.generate_private_key(public_exponent=65537, key_size=1024), name="weak.example")
    idp.body, before = metadata(weak, OLD), in_force()
    page = press("refresh")
    assert "The metadata of Okta Dev has not changed." in page and in_force() == before
    assert f"The certificate CN=weak.example (SHA-256 {fingerprint(weak)}) has an RSA key of 1024 bits" in page


def test_s13_a_new_validity_alone_is_applied(press, idp):
    day = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)
    idp.body = metadata(OLD, valid=day.isoformat())
    before = in_force()
    assert "The metadata of Okta Dev was refreshed." in press("refresh")
    assert IdentityProvider.objects.get().metadata_valid_until == day and in_force() == before
    assert actions() == ["metadata_refreshed"]
    press("refresh")
    assert actions() == ["metadata_refreshed"]


@pytest.mark.parametrize(
    "changed",
    [
        metadata(OLD, NEW),
        metadata(NEW),
        metadata(OLD, sso="https://elsewhere.example/sso"),
        metadata(OLD, sso="", post="https://idp.example/sso"),
        metadata(OLD, issuer="https://other.example"),
        metadata(OLD, wants="true"),
    ],
    ids=["another certificate", "only a new one", "URL", "binding", "issuer", "signed requests"],
)
def test_s13_anything_else_is_held_and_in_force_only_once_it_is_confirmed(press, idp, owner, okta, changed):
    idp.body, before = changed, in_force()
    page = press("refresh")
    assert "Nothing is in force until you confirm it." in page and "waits for confirmation" in page
    assert in_force() == before and not IdentityProvider.objects.get().wants_signed_requests
    assert "was confirmed and is in force" in press("confirm", digest=held_digest(owner, okta))
    provider, read = IdentityProvider.objects.get(), parse_idp_metadata(changed, now=datetime.now(UTC))
    assert in_force() == (
        read.entity_id,
        read.sso_url,
        read.sso_binding,
        sorted(each.fingerprint for each in read.certificates),
    )
    assert provider.pending_metadata is None
    assert provider.wants_signed_requests == ServiceProviderKey.objects.exists() == read.wants_authn_requests_signed
    assert actions() == ["metadata_confirmed", "metadata_held"]


def test_s13_the_difference_is_shown_with_what_stays_comes_and_goes(press, idp):
    idp.body = metadata(NEW, sso="https://elsewhere.example/sso")
    page = press("refresh")
    assert "<del>https://idp.example/sso</del>" in page and "<ins>https://elsewhere.example/sso</ins>" in page
    assert fingerprint(NEW) in page and "CN=new" in page and ">New<" in page
    assert fingerprint(OLD) in page and ">No longer listed<" in page and ">Stays<" not in page
    assert "Issuer (entity ID)" not in page
    idp.body = metadata(OLD, NEW)
    page = press("refresh")
    assert ">Stays<" in page and ">New<" in page and ">No longer listed<" not in page and "<del>" not in page


def test_s13_the_list_of_providers_says_that_something_waits(press, idp, owner, okta):
    IdentityProvider.objects.update(allows_sha1=True)
    idp.body = metadata(NEW)
    press("refresh")
    owner.post(reverse("authentication:saml-switch", args=["acme", "dev"]), {"is_enabled": "true"})
    page = owner.get(reverse("authentication:environment", args=["acme", "dev"])).content.decode()
    assert "New metadata to confirm" in page and "SHA-1 accepted" in page


def test_s13_discarding_leaves_everything_as_it_was_and_the_next_refresh_asks_again(press, idp, owner, okta):
    idp.body, before = metadata(NEW), in_force()
    press("refresh")
    assert "The connection stays as it was." in press("discard", digest=held_digest(owner, okta))
    assert in_force() == before and IdentityProvider.objects.get().pending_metadata is None
    assert actions() == ["metadata_discarded", "metadata_held"]
    assert ChangeEvent.objects.first().before["held"] == {"certificates": [fingerprint(NEW)]}
    assert "waits for confirmation" in press("refresh")


@pytest.mark.parametrize("decision", ["confirm", "discard"])
def test_s13_only_what_was_seen_is_decided(press, idp, owner, okta, decision):
    idp.body, before = metadata(NEW), in_force()
    press("refresh")
    seen = held_digest(owner, okta)
    idp.body = metadata(NEW, sso="https://evil.example/sso")
    press("refresh")
    for digest in (seen, "", "x"):
        assert "Look at the differences again." in press(decision, digest=digest)
    assert in_force() == before and IdentityProvider.objects.get().pending_metadata
    press("discard", digest=held_digest(owner, okta))
    assert "Nothing waits for confirmation any more" in press(decision, digest=seen)
    assert in_force() == before


def test_s13_the_same_difference_is_recorded_and_told_once(press, idp):
    for day in (5, 6):
        idp.body = metadata(NEW, valid=f"{datetime.now(UTC) + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}")
        assert "Nothing is in force until you confirm it." in press("refresh")
    assert actions() == ["metadata_held"]


def test_s13_metadata_that_went_back_takes_what_was_held_with_it(press, idp):
    idp.body = metadata(NEW)
    press("refresh")
    idp.body = metadata(OLD)
    assert "waits for confirmation" not in press("refresh")
    assert IdentityProvider.objects.get().pending_metadata is None
    assert actions() == ["metadata_refreshed", "metadata_held"]
    assert ChangeEvent.objects.first().before["is_held"] is True


def test_s13_replacing_the_connection_settles_what_was_held(press, idp, okta):
    idp.body = metadata(NEW)
    press("refresh")
    read = parse_idp_metadata(metadata(OLD, NEW), now=datetime.now(UTC))
    connect_provider(environment_provider=okta, metadata=read, source="xml", by=SYSTEM, now=timezone.now())
    assert IdentityProvider.objects.get().pending_metadata is None


@pytest.mark.parametrize(
    ("body", "error", "sentence"),
    [
        (b"", "The metadata URL could not be reached.", "could not be reached"),
        (b"<html></html>", "", "web page"),
        (metadata(), "", "no signing certificate"),
        (metadata(EXPIRED), "", "expired on"),
        (metadata(OLD, sso="http://idp.example/sso"), "", "no https single sign-on URL"),
    ],
    ids=["unreachable", "web page", "no certificate", "expired", "http"],
)
def test_s13_what_cannot_be_read_changes_nothing_and_says_why(press, idp, body, error, sentence):
    idp.body, idp.error, before = body, error, IdentityProvider.objects.values().get()
    page = press("refresh")
    assert "The metadata was not refreshed." in page and sentence in page
    assert IdentityProvider.objects.values().get() == before and actions() == []


def test_s13_metadata_that_was_not_given_by_url_has_no_button(press, okta, owner):
    assert "Refresh metadata" in owner.get(url(okta, "certificates")).content.decode()
    IdentityProvider.objects.update(metadata_source="xml", metadata_url="")
    assert "Refresh metadata" not in owner.get(url(okta, "certificates")).content.decode()
    assert "It was not given by URL." in press("refresh")


def test_s13_a_connection_that_changes_while_the_idp_is_asked_is_left_alone(press, idp, monkeypatch):
    def fetch(url, **kwargs):
        IdentityProvider.objects.update(metadata_url="https://new.example/metadata")
        return FetchResult(metadata(NEW))

    monkeypatch.setattr(idp_side, "fetch_metadata", fetch)
    assert "was changed meanwhile" in press("refresh")
    assert IdentityProvider.objects.get().pending_metadata is None


@pytest.mark.django_db(transaction=True)
def test_s13_no_transaction_is_open_while_the_network_is_asked(press, monkeypatch):
    seen = []

    def fetch(url, **kwargs):
        seen.append(connection.in_atomic_block)
        return FetchResult(None, "unreachable")

    monkeypatch.setattr(idp_side, "fetch_metadata", fetch)
    press("refresh")
    assert seen == [False]


def test_s13_owners_are_told_when_something_is_held_and_when_it_is_confirmed(press, idp, owner, okta, mails):
    idp.body = metadata(NEW)
    for button, sentence in {"refresh": "wait for confirmation", "confirm": "confirmed changed metadata"}.items():
        data = {"digest": held_digest(owner, okta)} if button == "confirm" else {}
        (message,) = mails(lambda button=button, data=data: press(button, **data))
        assert message.to == ["owner@acme.example"] and sentence in message.body
        assert fingerprint(NEW) in message.body and fingerprint(OLD) in message.body


def test_s13_a_viewer_sees_the_difference_without_buttons(press, idp, client, dev, okta):
    idp.body = metadata(NEW)
    press("refresh")
    viewer = factories.sign_in(client, factories.administrator(dev.workspace, "viewer"))
    page = viewer.get(url(okta, "certificates")).content.decode()
    assert fingerprint(NEW) in page and ">Confirm<" not in page and "Refresh metadata" not in page

"""Passkeys: added by the account's owner, and taken once each as both factors."""

import html
import re
from datetime import timedelta

import pytest
import webauthn
from django.contrib.auth import get_user
from django.core import signing
from django.test import Client, override_settings
from django.utils import timezone
from webauthn.helpers.structs import UserVerificationRequirement

from tests.factories import PASSWORD
from tests.workspace.authenticator import PRESENT, Authenticator
from tests.workspace.pages import text
from tests.workspace.two_step import with_two_step
from workspace import passkeys
from workspace.actions.passkeys import NOT_ADDED, NOT_SIGNED_IN, take_passkey
from workspace.models import ChangeEvent, ConsoleSession, Passkey, User
from workspace.refusals import ActionError
from workspace.visits import Visit

pytestmark = pytest.mark.django_db
HERE = "localhost"


@pytest.fixture(autouse=True)
def installation():
    """One that is tried out on this machine."""
    with override_settings(ORIGIN="http://localhost", ALLOWED_HOSTS=[HERE, "127.0.0.1"]):
        yield


@pytest.fixture
def ada():
    return User.objects.create_user("ada@example.com", PASSWORD)


def browser():
    return Client(SERVER_NAME=HERE)


@pytest.fixture
def signed_in(ada):
    client = browser()
    client.post("/sign-in/", {"email": ada.email, "password": PASSWORD})
    return client


def asked(page) -> tuple[str, str]:
    """The question of a page, and its sealed challenge."""
    content = html.unescape(page.content.decode())
    return (
        re.search(r'data-options="(\{.*?\})"\s+data-', content, re.DOTALL)[1],
        re.search(r'name="challenge" value="([^"]+)"', content)[1],
    )


def add(client, authenticator, name="MacBook"):
    options, challenge = asked(client.get("/account/passkeys/add/"))
    data = {"name": name, "credential": authenticator.create(options), "challenge": challenge}
    return client.post("/account/passkeys/add/", data, follow=True)


def sign_in(client, authenticator, **more):
    options, challenge = asked(client.get("/sign-in/"))
    data = {"credential": authenticator.sign(options), "challenge": challenge, **more}
    return client.post("/sign-in/passkey/", data, follow=True)


@pytest.fixture
def macbook(signed_in):
    authenticator = Authenticator()
    add(signed_in, authenticator)
    return authenticator


def test_a_passkey_is_added_listed_and_told_of(signed_in, ada, mails):
    before = signed_in.session.session_key
    [mail] = mails(lambda: add(signed_in, Authenticator(), "  My   MacBook "))
    assert "My MacBook" in mail.body and mail.to == [ada.email]
    assert "My MacBook Added just now , never used" in text(signed_in.get("/account/"))
    assert signed_in.session.session_key != before
    assert ChangeEvent.objects.get(action="user.passkey_added").sentence.endswith("added the passkey My MacBook.")


def test_a_passkey_signs_in_as_both_factors_without_a_password(macbook, ada):
    with_two_step(ada)
    client = browser()
    response = sign_in(client, macbook, next="/account/password/")
    assert response.redirect_chain[-1][0] == "/account/password/"
    assert get_user(client) == ada and client.session["has_second_factor"]
    assert Passkey.objects.get().last_used_at and Passkey.objects.get().sign_count == 1


def test_a_sign_in_page_asks_what_the_library_would_ask():
    challenge = passkeys.Challenge.new()
    library = webauthn.generate_authentication_options(
        rp_id="localhost", challenge=challenge.value, user_verification=UserVerificationRequirement.REQUIRED
    )
    assert passkeys.options_to_sign_in(challenge) == webauthn.options_to_json(library)


def test_an_answer_counts_once(macbook):
    client, other = browser(), browser()
    options, challenge = asked(client.get("/sign-in/"))
    data = {"credential": macbook.sign(options), "challenge": challenge}
    client.post("/sign-in/passkey/", data)
    assert str(NOT_SIGNED_IN) in text(other.post("/sign-in/passkey/", data, follow=True))
    assert get_user(client).is_authenticated and not get_user(other).is_authenticated


def test_of_two_uses_of_one_answer_at_once_one_counts(macbook, monkeypatch):
    macbook.count = -1  # as of synchronised passkeys, which count no signatures
    challenge = passkeys.Challenge.new()
    answer, sealed = macbook.sign(passkeys.options_to_sign_in(challenge)), challenge.sealed()
    row = Passkey.objects.select_related("user").get()
    monkeypatch.setattr(type(Passkey.objects.all()), "first", lambda self: row)  # both have read the row
    take_passkey(answer=answer, sealed_challenge=sealed, visit=Visit(), now=timezone.now())
    with pytest.raises(ActionError):
        take_passkey(answer=answer, sealed_challenge=sealed, visit=Visit(), now=timezone.now())


@pytest.mark.parametrize(
    "wrong",
    [{"domain": "evil.example"}, {"origin": "https://evil.example"}, {"flags": PRESENT}],
    ids=["domain", "origin", "nobody verified"],
)
def test_an_answer_for_another_site_or_without_verification_is_refused(signed_in, macbook, wrong):
    assert str(NOT_ADDED) in text(add(signed_in, Authenticator(**wrong)))
    vars(macbook).update(wrong)
    client = browser()
    assert str(NOT_SIGNED_IN) in text(sign_in(client, macbook))
    assert not get_user(client).is_authenticated and Passkey.objects.count() == 1


def test_a_challenge_is_ours_and_ten_minutes_old_at_most(macbook, monkeypatch):
    client = browser()
    options, challenge = asked(client.get("/sign-in/"))
    answer = macbook.sign(options)
    forged = signing.dumps(["00" * 64, timezone.now().timestamp()], salt="another")
    later = signing.time.time() + timedelta(minutes=11).total_seconds()
    for sealed, at in ((forged, 0), (challenge, later), ("", 0)):
        with monkeypatch.context() as patch:
            patch.setattr(signing.time, "time", lambda at=at: at) if at else None
            client.post("/sign-in/passkey/", {"credential": answer, "challenge": sealed})
        assert not get_user(client).is_authenticated


@pytest.mark.parametrize("credential", ["", "{}", "[]", "null", "[" * 5000, '{"id": 7}', '{"id": "x", "response": 7}'])
def test_nonsense_is_refused_in_a_sentence(signed_in, credential):
    client = browser()
    _, challenge = asked(client.get("/sign-in/"))
    data = {"credential": credential, "challenge": challenge, "name": "x"}
    assert str(NOT_SIGNED_IN) in text(client.post("/sign-in/passkey/", data, follow=True))
    assert signed_in.post("/account/passkeys/add/", data).status_code == 200
    assert not Passkey.objects.exists()


def test_nobody_else_has_or_removes_the_passkey(signed_in, macbook):
    bo = browser()
    User.objects.create_user("bo@example.com", PASSWORD)
    bo.post("/sign-in/", {"email": "bo@example.com", "password": PASSWORD})
    path = f"/account/passkeys/{Passkey.objects.get().pk}/remove/"
    assert bo.get(path).status_code == 404
    bo.post(path)
    assert "This passkey is added already." in text(add(bo, macbook))
    assert Passkey.objects.count() == 1


def test_a_removed_passkey_and_one_of_a_switched_off_account_open_nothing(signed_in, macbook, ada):
    User.objects.update(is_active=False)
    assert str(NOT_SIGNED_IN) in text(sign_in(browser(), macbook))
    User.objects.update(is_active=True)
    path = f"/account/passkeys/{Passkey.objects.get().pk}/remove/"
    assert "MacBook" in text(signed_in.get(path))
    signed_in.post(path)
    assert str(NOT_SIGNED_IN) in text(sign_in(browser(), macbook))


def test_adding_and_removing_need_a_recent_password(signed_in, macbook):
    session = signed_in.session
    session["proved_at"] = 0
    session.save()
    for path in ("add/", f"{Passkey.objects.get().pk}/remove/"):
        assert signed_in.get(f"/account/passkeys/{path}")["Location"].startswith("/confirm-identity/")
        assert signed_in.post(f"/account/passkeys/{path}")["Location"].startswith("/confirm-identity/")


def test_looking_at_the_sign_in_page_stores_nothing_and_names_nobody(macbook):
    sessions = ConsoleSession.objects.count()
    options, _ = asked(browser().get("/sign-in/"))
    assert '"allowCredentials": []' in options and ConsoleSession.objects.count() == sessions


@pytest.mark.usefixtures("standing_clock")
def test_guesses_from_one_address_are_throttled(macbook):
    client = browser()
    for _ in range(6):
        page = sign_in(client, Authenticator())
    assert "Too many attempts." in text(page)


@pytest.mark.parametrize(
    ("origin", "domain", "at"),
    [
        ("http://127.0.0.1:8000", "localhost", "http://localhost:8000"),
        ("https://admin.example.com", "admin.example.com", "https://admin.example.com"),
    ],
)
def test_passkeys_belong_to_the_domain_of_the_installation(origin, domain, at):
    with override_settings(ORIGIN=origin):
        assert (passkeys.domain(), passkeys.origin()) == (domain, at)


def test_at_an_ip_address_the_account_says_where_passkeys_work(ada):
    client = Client(SERVER_NAME="127.0.0.1")
    assert "Sign in with a passkey" not in text(client.get("/sign-in/"))
    client.post("/sign-in/", {"email": ada.email, "password": PASSWORD})
    assert "Passkeys work at http://localhost/account/ ." in text(client.get("/account/"))

"""The front door: who gets in, what the others learn, and how often they may try."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.utils import timezone

from tests.factories import PASSWORD
from workspace.models import SignInThrottle, User
from workspace.models.throttling import FREE_ATTEMPTS
from workspace.views.sign_in import REFUSAL

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return User.objects.create_user("Ada@Example.com", PASSWORD)


def attempt(client, email="ada@example.com", password=PASSWORD, **more):
    return client.post("/sign-in/", {"email": email, "password": password, **more})


def text(response):
    """The page without what differs from request to request."""
    page = response.content.decode()
    page = re.sub(r'name="(csrfmiddlewaretoken|challenge)" value="[^"]+"', "", page)
    page = re.sub(r"&quot;challenge&quot;: &quot;[\w-]+&quot;", "", page)
    return re.sub(r"<code>[0-9a-f-]{36}</code>", "", page)


def test_email_and_password_open_the_console(client, ada):
    response = attempt(client)
    assert response.status_code == 302 and response["Location"] == "/"
    assert get_user(client) == ada


def test_the_address_counts_in_any_spelling(client, ada):
    attempt(client, email=" ADA@EXAMPLE.COM ")
    assert get_user(client) == ada


def test_the_session_is_rotated_and_its_beginning_is_kept(client, ada):
    client.get("/sign-in/")
    session = client.session
    session["kept"] = "something of an anonymous visitor"
    session.save()
    before = session.session_key
    attempt(client)
    assert client.session.session_key != before
    assert client.session["signed_in_at"] == pytest.approx(timezone.now().timestamp(), abs=5)


def test_wrong_address_wrong_password_and_inactive_account_read_the_same(client, ada):
    User.objects.create_user("gone@example.com", PASSWORD, is_active=False)
    pages = [
        text(attempt(client, email=email, password=password)).replace(email, "")
        for email, password in [
            ("ada@example.com", "wrong"),
            ("nobody@example.com", PASSWORD),
            ("gone@example.com", PASSWORD),
        ]
    ]
    assert pages[0] == pages[1] == pages[2]
    assert str(REFUSAL) in pages[0]


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_one_password_is_hashed_whether_or_not_there_is_such_an_account(client, ada, hashed, email):
    hashed.clear()
    attempt(client, email=email, password="wrong")
    assert len(hashed) == 1


def test_what_was_typed_stays_but_never_the_password(client, ada):
    page = text(attempt(client, password="my secret mistake"))
    assert 'value="ada@example.com"' in page
    assert "my secret mistake" not in page


def test_empty_fields_are_named_and_are_no_attempt(client):
    page = text(attempt(client, email="", password=""))
    assert "Enter your email address." in page and "Enter your password." in page
    assert not SignInThrottle.objects.exists()


@pytest.mark.parametrize("target", ["/workspaces/acme/dev/groups/", "/workspaces/acme/dev/end-users/?q=a"])
def test_next_leads_to_our_own_page(client, ada, target):
    assert attempt(client, next=target)["Location"] == target


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "http://testserver.evil.example/",
        "",
    ],
)
def test_next_never_leads_to_another_host(client, ada, target):
    assert attempt(client, next=target)["Location"] == "/"
    assert client.get("/sign-in/", {"next": target})["Location"] == "/"


def test_who_is_signed_in_already_goes_straight_on(client, ada):
    attempt(client)
    assert client.get("/sign-in/?next=/workspaces/acme/")["Location"] == "/workspaces/acme/"


def test_an_administrator_at_the_operators_door_is_told_why_instead_of_sent_in_circles(client, ada):
    attempt(client)
    response = client.get("/operator/", follow=True)
    assert response.status_code == 200
    assert "You are signed in as Ada@Example.com, but the page you asked for is for operators." in text(response)


def test_an_operator_signs_in_on_the_same_page(client):
    User.objects.create_superuser("op@example.com", PASSWORD)
    asked = client.get("/operator/", follow=True)
    assert asked.redirect_chain[-1][0].startswith("/sign-in/?next=/operator/")
    assert attempt(client, email="op@example.com", next="/operator/")["Location"] == "/operator/"
    # Two-step verification or a passkey is required of operators.
    assert client.get("/operator/", follow=True).redirect_chain[-1][0] == "/account/second-factor/?next=%2Foperator%2F"


def test_signing_out_needs_a_post_and_ends_the_session(client, ada):
    attempt(client)
    assert client.get("/sign-out/")["Location"] == "/"
    assert get_user(client) == ada
    response = client.post("/sign-out/", follow=True)
    assert "You are signed out." in text(response)
    assert not get_user(client).is_authenticated


def test_the_page_is_kept_in_no_cache(client):
    assert "no-store" in client.get("/sign-in/")["Cache-Control"]


def fail(client, times, **more):
    for _ in range(times):
        response = attempt(client, password="wrong", **more)
    return response


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
@pytest.mark.usefixtures("standing_clock")
def test_after_some_failures_one_has_to_wait_also_where_there_is_no_account(client, ada, email):
    assert fail(client, FREE_ATTEMPTS, email=email).status_code == 200
    response = attempt(client, email=email)
    assert response.status_code == 429 and response["Retry-After"] == "1"
    assert "Too many attempts. Wait 1 second, then try again." in text(response)
    assert not get_user(client).is_authenticated


def test_when_the_wait_is_over_the_right_password_opens_and_clears_the_count(client, ada, monkeypatch):
    fail(client, FREE_ATTEMPTS)
    later = timezone.now() + timedelta(seconds=2)
    monkeypatch.setattr("workspace.views.sign_in.timezone.now", lambda: later)
    assert attempt(client).status_code == 302
    assert not SignInThrottle.objects.exists()


def test_other_accounts_and_other_addresses_do_not_wait(client, ada):
    User.objects.create_user("bo@example.com", PASSWORD)
    fail(client, FREE_ATTEMPTS + 1)
    assert attempt(client, email="bo@example.com").status_code == 302
    client.post("/sign-out/")
    response = client.post("/sign-in/", {"email": "ada@example.com", "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    assert response.status_code == 302


def test_the_wait_doubles_up_to_a_limit_and_is_forgotten_after_a_day():
    now, waits = timezone.now(), []
    for _ in range(FREE_ATTEMPTS + 12):
        assert not SignInThrottle.objects.attempt("a@b", "192.0.2.1", now)
        throttle = SignInThrottle.objects.get()
        waits.append((throttle.open_at - now).total_seconds())
        now = throttle.open_at
    assert waits[:FREE_ATTEMPTS] == [0, 0, 0, 0, 1]
    assert waits[FREE_ATTEMPTS:] == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert not SignInThrottle.objects.attempt("a@b", "192.0.2.1", now + timedelta(days=1, seconds=1))
    assert SignInThrottle.objects.get().attempts == 1


def test_neither_account_nor_address_can_be_read_from_the_throttle(client, ada):
    fail(client, 1)
    row = str(SignInThrottle.objects.values().get())
    assert "ada@example.com" not in row and "127.0.0.1" not in row


class TestHome:
    def test_one_workspace_opens_at_once_the_first_time_on_get_started(self, client, acme):
        client.force_login(acme.roles["viewer"].user)
        response = client.get("/", follow=True)
        assert response.redirect_chain[-1][0] == "/workspaces/acme/dev/get-started/"

    def test_several_workspaces_are_a_choice(self, client, acme, globex):
        user = acme.roles["owner"].user
        globex.workspace.administrators.create(user=user, role="viewer")
        client.force_login(user)
        page = text(client.get("/"))
        assert "/workspaces/acme/" in page and "/workspaces/globex/" in page

    def test_somebody_without_a_role_is_told_what_to_do(self, client, ada):
        client.force_login(ada)
        assert "Ask an owner to add Ada@Example.com under Access control." in text(client.get("/"))

    def test_an_operator_without_a_workspace_goes_to_the_operators_pages(self, client):
        client.force_login(User.objects.create_superuser("op@example.com", PASSWORD))
        assert client.get("/")["Location"] == "/operator/"

"""Forgot password? of the console: one link, one hour, one use, and no word about who has an account."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import PASSWORD
from tests.workspace.pages import text
from workspace.actions.account_passwords import set_password_by_link
from workspace.models import AccountLink, ChangeEvent, User
from workspace.refusals import ActionError
from workspace.tokens import digest_of
from workspace.visits import Visit

pytestmark = pytest.mark.django_db
ANOTHER = "an even longer passphrase"


@pytest.fixture
def ada():
    return User.objects.create_user("ada@example.com", PASSWORD)


def ask(client, email="ada@example.com"):
    return client.post("/sign-in/forgotten-password/", {"email": email})


@pytest.fixture
def token(client, ada, mails):
    """The token of a link that was mailed to ada."""
    [mail] = mails(lambda: ask(client))
    link = re.search(r"http://testserver(/sign-in/new-password/\?\S+)", mail.body)[1]
    return parse_qs(urlsplit(link).query)["token"][0]


def choose(client, token, password=ANOTHER):
    data = {"token": token, "password": password, "repeated": password}
    return client.post("/sign-in/new-password/", data)


def test_the_sign_in_page_leads_to_it(client):
    assert 'href="/sign-in/forgotten-password/"' in client.get("/sign-in/").content.decode()


def test_the_link_sets_a_password_once_and_ends_all_sessions(client, ada, token):
    old = Client()
    old.force_login(ada)
    assert "ada@example.com" in text(client.get("/sign-in/new-password/", {"token": token}))
    assert choose(client, token)["Location"] == "/sign-in/"
    ada.refresh_from_db()
    assert ada.check_password(ANOTHER)
    assert not get_user(old).is_authenticated and not get_user(client).is_authenticated
    assert choose(client, token, PASSWORD).status_code == 410
    assert client.get("/sign-in/new-password/", {"token": token}).status_code == 410


def test_only_the_digest_of_the_link_is_stored(token):
    assert AccountLink.objects.get().digest == digest_of(token)
    assert token not in str([event.__dict__ for event in ChangeEvent.objects.all()])


def test_answer_and_work_are_the_same_for_addresses_without_an_account(client, ada, mails):
    User.objects.create_user("gone@example.com", PASSWORD, is_active=False)
    pages, statements = [], []
    for email in ("ada@example.com", "nobody@example.com", "gone@example.com"):
        with CaptureQueriesContext(connection) as queries:
            pages.append(text(ask(client, email)).replace(email, ""))
        written = [each["sql"] for each in queries if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        statements.append([sql.split()[2] for sql in written])
    strip = re.compile(r"[0-9a-f-]{36}")
    assert len({strip.sub("", page) for page in pages}) == 1
    assert statements[0] == statements[1] == statements[2]
    assert AccountLink.objects.count() == 1 and ChangeEvent.objects.filter(action__startswith="user.").count() == 1
    assert mails(lambda: [ask(client, "nobody@example.com"), ask(client, "gone@example.com")]) == []


def test_a_mailbox_is_not_flooded(client, ada, mails, monkeypatch):
    def ask_at_once():
        """On a busy machine twenty requests may take longer than the first waits, so no time passes here."""
        moment = timezone.now()
        with monkeypatch.context() as frozen:
            frozen.setattr(timezone, "now", lambda: moment)
            return [ask(client) for _ in range(20)]

    assert len(mails(ask_at_once)) == 5


def test_the_link_works_for_an_hour(client, token):
    expires = AccountLink.objects.get().expires_at
    assert timedelta(minutes=59) < expires - timezone.now() <= timedelta(hours=1)
    AccountLink.objects.update(expires_at=timezone.now())
    assert choose(client, token).status_code == 410


def test_a_newer_password_kills_the_link(client, ada, token, mails):
    [mail] = mails(lambda: ask(client))
    newer = re.search(r"token=(\S+)", mail.body)[1]
    choose(client, newer)
    assert choose(client, token).status_code == 410


@pytest.mark.parametrize("change", [{"email": "other@example.com"}, {"is_active": False}])
def test_the_link_dies_with_the_address_and_the_account(client, ada, token, change):
    for name, value in change.items():
        setattr(ada, name, value)
    ada.save()
    response = choose(client, token)
    assert response.status_code == 410 or "too old" in response.content.decode()
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_a_weak_password_leaves_the_link_usable(client, ada, token):
    assert "at least 12 characters" in text(choose(client, token, "short"))
    assert choose(client, token).status_code == 302


def test_of_two_uses_at_once_one_counts(ada, token, monkeypatch):
    usable = AccountLink.objects.usable(timezone.now())
    monkeypatch.setattr(type(usable), "usable", lambda self, now: self)  # both have read the link before either writes
    set_password_by_link(token=token, password=ANOTHER, visit=Visit(), now=timezone.now())
    with pytest.raises(ActionError):
        set_password_by_link(token=token, password=PASSWORD, visit=Visit(), now=timezone.now())
    ada.refresh_from_db()
    assert ada.check_password(ANOTHER)

"""Your account: name, password, and the sessions that its owner sees and ends."""

import re
from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.test import Client

from tests.factories import PASSWORD
from tests.workspace.pages import text
from workspace.models import ChangeEvent, ConsoleSession, User

pytestmark = pytest.mark.django_db
ANOTHER = "an even longer passphrase"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def ada(acme):
    return acme.roles["owner"].user


def browser(user, agent=FIREFOX):
    """A browser that is signed in as the account."""
    client = Client(headers={"User-Agent": agent})
    client.post("/sign-in/", {"email": user.email, "password": PASSWORD})
    assert get_user(client) == user
    return client


def change(client, current=PASSWORD, password=ANOTHER, **more):
    data = {"current": current, "password": password, "repeated": password, **more}
    return client.post("/account/password/", data)


@pytest.mark.parametrize("path", ["", "password/", "sessions/end/", "sessions/x/end/"])
def test_nobody_opens_it_without_signing_in(client, path):
    response = client.post(f"/account/{path}", {})
    assert response.status_code == 302 and response["Location"].startswith("/sign-in/?next=")
    assert not ChangeEvent.objects.filter(action__startswith="user.").exists()


def test_the_account_menu_leads_to_it_and_its_sidebar_leads_back(acme, ada):
    client = browser(ada)
    assert 'href="/account/"' in client.get(f"{acme.url}groups/").content.decode()
    page = client.get("/account/").content.decode()
    assert 'href="/workspaces/acme/"' in page and 'action="/sign-out/"' in page


def test_an_account_without_a_workspace_has_the_page_too(client):
    client.force_login(User.objects.create_superuser("op@example.com", PASSWORD))
    assert "Operator pages" in text(client.get("/account/"))


def test_a_new_name_is_saved_clean_and_recorded_once(ada):
    client = browser(ada)
    client.post("/account/", {"full_name": "  Ada   Lovelace "})
    client.post("/account/", {"full_name": "Ada Lovelace"})
    ada.refresh_from_db()
    assert ada.full_name == "Ada Lovelace"
    event = ChangeEvent.objects.get(action="user.renamed")
    assert event.before == {"name": ""} and event.after == {"name": "Ada Lovelace"}


@pytest.mark.parametrize("name", ["", "   ", "x" * 151, "Ada \u202eecalevoL"])
def test_a_name_that_is_none_is_refused_and_stays_in_the_form(ada, name):
    response = browser(ada).post("/account/", {"full_name": name})
    assert response.status_code == 200 and "field-error" in response.content.decode()
    assert not ChangeEvent.objects.filter(action="user.renamed").exists()


def test_a_new_password_keeps_this_session_under_another_key_and_ends_the_others(ada, mails):
    here, there = browser(ada), browser(ada)
    before = here.session.session_key
    sent = mails(lambda: change(here))
    assert get_user(here) == ada and here.session.session_key != before
    assert not get_user(there).is_authenticated
    ada.refresh_from_db()
    assert ada.check_password(ANOTHER)
    assert [mail.to for mail in sent] == [[ada.email]] and "password" in sent[0].body
    event = ChangeEvent.objects.get(action="user.password_changed")
    assert ANOTHER not in str(event.__dict__) and event in ChangeEvent.objects.about(ada.roles.get().pk)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"current": "wrong"}, "This is not your current password."),
        ({"password": "short"}, "at least 12 characters"),
        ({"repeated": "something else entirely"}, "The two are not the same."),
    ],
)
def test_a_refused_password_changes_nothing(ada, data, told):
    assert told in text(change(browser(ada), **data))
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


@pytest.mark.usefixtures("standing_clock")
def test_guessing_the_current_password_is_throttled(ada):
    client = browser(ada)
    for _ in range(6):
        page = text(change(client, current="wrong"))
    assert "Too many attempts." in page
    assert "Too many attempts." in text(change(client))


def test_sessions_name_their_browser_and_address_but_not_their_key(ada):
    here, there = browser(ada), browser(ada, "Mozilla/5.0 (iPhone) Safari/605")
    page = here.get("/account/")
    assert "Firefox on Windows This one" in text(page) and "Safari on iPhone" in text(page)
    assert "127.0.0.1" in text(page)
    assert there.session.session_key not in page.content.decode()


def test_one_session_ends_and_the_others_stay(ada):
    here, there = browser(ada), browser(ada)
    ends = re.findall(r"/account/sessions/\w+/end/", here.get("/account/").content.decode())
    assert len(ends) == 1
    here.post(ends[0])
    assert get_user(here) == ada and not get_user(there).is_authenticated
    assert "ended already" in text(here.post(ends[0], follow=True))
    assert ChangeEvent.objects.filter(action="user.sessions_ended").count() == 1


def test_nobody_ends_or_sees_sessions_of_somebody_else(acme, ada):
    here, there = browser(ada), browser(acme.roles["admin"].user, "Mozilla/5.0 (iPhone) Safari/605")
    assert "iPhone" not in text(here.get("/account/"))
    here.post(f"/account/sessions/{ConsoleSession.objects.get(pk=there.session.session_key).name}/end/")
    assert get_user(there).is_authenticated


def test_signing_out_everywhere_ends_this_session_too(ada):
    here, there = browser(ada), browser(ada)
    assert "You are signed out in every browser." in text(here.post("/account/sessions/end/", follow=True))
    assert not get_user(here).is_authenticated and not get_user(there).is_authenticated


def test_sessions_that_no_longer_count_are_not_listed(ada):
    browser(ada)
    ada.end_sessions()
    page = browser(ada).get("/account/").content.decode()
    assert "Sign out everywhere" in page and page.count("Firefox on Windows") == 1


def test_an_upgrade_signs_nobody_out(ada):
    client = browser(ada)
    row, key = ConsoleSession.objects.get(), client.session.session_key
    Session.objects.create(session_key=row.session_key, session_data=row.session_data, expire_date=row.expire_date)
    row.delete()
    import_module("workspace.migrations.0011_sessions_and_links_of_accounts").carry_over(apps, None)
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert get_user(client) == ada and ConsoleSession.objects.get().account == ada

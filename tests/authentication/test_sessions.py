"""When a session of an end user counts: at its own place, in time, and only while the person may be there."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authentication.actions.sessions import EndReason, as_actor, end_session, end_sessions, start_session
from authentication.decorators import cookie_name, current_session
from authentication.models import EndUserSession
from authentication.models.sessions import GREATEST_AGE, IDLE_AGE, SEEN_EVERY
from authentication.saml.name_ids import NameId
from tests.authentication.end_users import (
    OKTA,
    OKTA_ACTOR,
    environments,
    is_signed_in,
    person,
    provider,
    signed_in,
    text,
    token,
    url,
)
from workspace.actions.access import end_access, restore_access, set_manual_access
from workspace.actions.end_users import deactivate_end_user, link_end_user, reactivate_end_user
from workspace.crypto import unseal
from workspace.events import SYSTEM
from workspace.models import ChangeEvent
from workspace.profile import Profile
from workspace.visits import Visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def places():
    return environments()


@pytest.fixture
def dev(places):
    return places[0]


@pytest.fixture
def ada(places):
    return person(places[0], places[2])


@pytest.fixture
def browser(dev, ada) -> Client:
    return signed_in(dev, ada)


def session(**values) -> EndUserSession:
    """The only session, changed as time or somebody else would have."""
    EndUserSession.objects.update(**values)
    return EndUserSession.objects.get()


def has_access(end_user, environment, source=OKTA):
    link_end_user(
        end_user=end_user,
        profile=Profile(end_user.full_name, end_user.email, source),
        environment=environment,
        source=source,
        by=OKTA_ACTOR,
    )


# The check


def test_who_is_signed_in_is_one_query(dev, ada, browser):
    request = RequestFactory().get("/")
    request.COOKIES = {name: cookie.value for name, cookie in browser.cookies.items()}
    with CaptureQueriesContext(connection) as queries:
        found = current_session(request, "acme", "dev", timezone.now())
        assert (found.end_user, found.environment, found.environment.workspace) == (ada, dev, dev.workspace)
    assert len(queries) == 1


def test_only_a_digest_of_the_token_is_kept(dev, browser):
    assert re.fullmatch(r"[\w-]{43}", token(browser, dev))
    row = EndUserSession.objects.values().get()
    assert token(browser, dev) not in str(row) and row["digest"] != token(browser, dev)


@pytest.mark.parametrize("value", ["", "x", "é", "A" * 5000])
def test_a_made_up_token_opens_nothing(dev, browser, value):
    browser.cookies[cookie_name("acme", "dev")] = value
    assert not is_signed_in(browser, dev)


@pytest.mark.parametrize("reason", [EndReason.SIGNED_OUT, EndReason.ENDED_BY_ADMINISTRATOR])
def test_an_ended_session_opens_nothing(dev, ada, browser, reason):
    end_session(session=EndUserSession.objects.get(), reason=reason, by=SYSTEM, now=timezone.now())
    assert not is_signed_in(browser, dev)


# The place


def test_the_cookie_of_another_environment_opens_nothing_here(places, browser):
    dev, _, prod = places
    assert is_signed_in(browser, dev) and not is_signed_in(browser, prod)
    browser.cookies[cookie_name("acme", "prod")] = token(browser, dev)
    assert not is_signed_in(browser, prod)


def test_nor_does_that_of_another_workspace(dev, browser):
    elsewhere = environments("globex")[0]
    browser.cookies[cookie_name("globex", "dev")] = token(browser, dev)
    assert not is_signed_in(browser, elsewhere)


def test_a_person_has_a_session_in_each_environment_and_leaves_each_alone(places, ada, browser):
    dev, _, prod = places
    browser.post(url(prod, "password/"), {"email": ada.email, "password": "a long enough passphrase"})
    assert is_signed_in(browser, dev) and is_signed_in(browser, prod)
    browser.post(url(dev, "sign-out/"))
    assert not is_signed_in(browser, dev) and is_signed_in(browser, prod)


# The person


def test_deactivation_ends_the_session_on_the_next_request_in_every_environment(places, ada, browser):
    prod = signed_in(places[2], ada)
    deactivate_end_user(end_user=ada, by=SYSTEM)
    assert not is_signed_in(browser, places[0]) and not is_signed_in(prod, places[2])


def test_a_session_that_was_refused_once_does_not_come_back_with_the_person(dev, ada, browser):
    deactivate_end_user(end_user=ada, by=SYSTEM)
    assert not is_signed_in(browser, dev)
    reactivate_end_user(end_user=ada, by=SYSTEM)
    assert not is_signed_in(browser, dev)
    assert session().end_reason == EndReason.NOT_USABLE


def test_deactivation_ends_it_also_if_the_browser_sleeps_until_reactivation(dev, ada, browser):
    deactivate_end_user(end_user=ada, by=SYSTEM)
    reactivate_end_user(end_user=ada, by=SYSTEM)
    assert not is_signed_in(browser, dev)
    assert is_signed_in(signed_in(dev, ada), dev)


def test_the_end_of_access_ends_the_sessions_there_only(places, ada, browser):
    dev, _, prod = places
    other = signed_in(prod, ada)
    set_manual_access(end_user=ada, environments=[prod], by=SYSTEM)
    assert not is_signed_in(browser, dev) and is_signed_in(other, prod)


def test_access_that_comes_back_brings_no_old_session_back(dev):
    bo = person(dev, name="Bo Lund")
    has_access(bo, dev)
    set_manual_access(end_user=bo, environments=[], by=SYSTEM)
    browser = signed_in(dev, bo)
    end_access(end_user=bo, source=OKTA, environment=dev, by=OKTA_ACTOR)
    restore_access(end_user=bo, source=OKTA, environment=dev, environments=[dev], by=OKTA_ACTOR)
    assert not is_signed_in(browser, dev)
    assert is_signed_in(signed_in(dev, bo), dev)


def test_access_through_another_source_keeps_the_session(dev, ada, browser):
    has_access(ada, dev)
    end_access(end_user=ada, source=OKTA, environment=dev, by=OKTA_ACTOR)
    assert is_signed_in(browser, dev)


# Time


@pytest.mark.parametrize(
    "values",
    [
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"last_seen_at": timezone.now() - IDLE_AGE - timedelta(seconds=1)},
    ],
)
def test_an_old_or_idle_session_is_over(dev, browser, values):
    session(**values)
    assert not is_signed_in(browser, dev)
    assert session().ended_at is not None


def test_use_is_noted_once_in_a_while(dev, browser):
    before = session().last_seen_at
    assert is_signed_in(browser, dev) and session().last_seen_at == before
    session(last_seen_at=before - SEEN_EVERY)
    assert is_signed_in(browser, dev) and session().last_seen_at >= before


def start(dev, ada, **more) -> EndUserSession:
    start_session(end_user=ada, environment=dev, visit=Visit(), now=timezone.now(), **more)
    return EndUserSession.objects.get()


def test_a_session_ends_with_that_of_the_identity_provider_but_never_later_than_ours(dev, ada):
    early, late = timezone.now() + timedelta(hours=1), timezone.now() + GREATEST_AGE * 2
    assert start(dev, ada, not_after=early).expires_at == early
    EndUserSession.objects.all().delete()
    assert start(dev, ada, not_after=late).expires_at < late


def test_a_session_remembers_how_the_identity_provider_calls_it(dev, ada):
    okta = provider(dev).identity_provider
    found = start(dev, ada, identity_provider=okta, name_id=NameId("ada@acme"), session_index="_1")
    assert (found.identity_provider, found.session_index) == (okta, "_1")
    assert NameId.from_json(unseal(found.sealed_name_id)) == NameId("ada@acme")


# Signing out


def test_signing_out_needs_a_post_ends_the_session_and_takes_the_cookie(dev, browser):
    kept = token(browser, dev)
    assert browser.get(url(dev, "sign-out/"))["Location"] == url(dev, "")
    response = browser.post(url(dev, "sign-out/"), follow=True)
    assert "You are signed out" in text(response) and token(browser, dev) == ""
    browser.cookies[cookie_name("acme", "dev")] = kept
    assert not is_signed_in(browser, dev)
    assert session().end_reason == EndReason.SIGNED_OUT


def test_the_account_page_lists_the_sessions_here_and_marks_this_one(places, ada, browser):
    signed_in(places[0], ada)
    signed_in(places[2], ada)
    shown = browser.get(url(places[0], "account/")).context
    assert len(shown["sessions"]) == 2
    assert shown["session"] == EndUserSession.objects.opened_by(token(browser, places[0])).get()


def test_one_can_sign_out_of_another_browser_or_of_all(dev, ada, browser):
    other, third = signed_in(dev, ada), signed_in(dev, ada)
    pk = EndUserSession.objects.opened_by(token(other, dev)).get().pk
    browser.post(url(dev, f"account/sessions/{pk}/end/"))
    assert not is_signed_in(other, dev) and is_signed_in(browser, dev)
    browser.post(url(dev, "account/sessions/end/"))
    assert not is_signed_in(browser, dev) and not is_signed_in(third, dev)


def test_nobody_ends_the_sessions_of_others(places, ada, browser):
    ben = person(places[0], name="Ben Moss")
    theirs = [signed_in(places[0], ben), signed_in(places[2], ada)]
    for pk in EndUserSession.objects.exclude(digest=session_of(browser, places[0]).digest).values_list("pk", flat=True):
        assert browser.post(url(places[0], f"account/sessions/{pk}/end/")).status_code == 404
    browser.post(url(places[0], "account/sessions/end/"))
    assert is_signed_in(theirs[0], places[0]) and is_signed_in(theirs[1], places[2])


def session_of(browser, environment) -> EndUserSession:
    return EndUserSession.objects.opened_by(token(browser, environment)).get()


def test_ones_own_sign_out_is_no_change_event_but_what_an_administrator_ends_is_one(dev, ada, browser):
    before, now = ChangeEvent.objects.count(), timezone.now()
    own = as_actor(ada, Visit())
    end_session(session=session_of(browser, dev), reason=EndReason.SIGNED_OUT, by=own, now=now)
    assert ChangeEvent.objects.count() == before
    signed_in(dev, ada), signed_in(dev, ada)
    reason = EndReason.ENDED_BY_ADMINISTRATOR
    assert end_sessions(end_user=ada, environment=dev, reason=reason, by=SYSTEM, now=now) == 2
    assert end_sessions(end_user=ada, environment=dev, reason=reason, by=SYSTEM, now=now) == 0
    assert ChangeEvent.objects.count() == before + 1
    assert ChangeEvent.objects.first().sentence == f"System ended 2 sessions of {ada} in DEV."


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
         "Edge on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Mobile Safari/604",
         "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)  # fmt: skip
def test_a_browser_is_named_in_words(agent, words):
    assert EndUserSession(user_agent=agent).browser == words


@pytest.mark.parametrize(
    ("given", "kept"), [("192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1"), ("", None), ("unix:", None)]
)
def test_an_address_is_kept_only_if_it_is_one(given, kept):
    assert Visit.of(RequestFactory().get("/", REMOTE_ADDR=given)).address == kept

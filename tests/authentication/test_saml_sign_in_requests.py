"""S6, S7 and S8: a Response answers one request of one browser to one provider, once."""

from dataclasses import replace
from datetime import timedelta
from html import unescape
from itertools import product
from urllib.parse import parse_qsl, quote_plus, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from authentication.actions.saml_requests import TYPED
from authentication.models import AuthnRequest, ConsumedMessage, EndUserSession, EnvironmentProvider, SignInAttempt
from tests import factories
from tests.authentication.end_users import environments, url
from tests.authentication.ways import ADA, Way, reasons, refused, requested, way
from tests.idp import Idp

pytestmark = pytest.mark.django_db


# The address that was typed before. -----------------------------------------------------------------------------------


@pytest.mark.parametrize("enforcement", ["no_one", "all_domains"])
def test_the_address_goes_on_with_whom_typed_it(okta, enforcement):
    EnvironmentProvider.objects.update(enforcement=enforcement)
    page = unescape(okta.browser.post(url(okta.environment), {"email": ADA}).content.decode())
    assert f"&login_hint={quote_plus(ADA)}" in page


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (ADA, ADA),
        ("müller+1@acme.example", "müller+1@acme.example"),
        ("", None),
        ("ada.winter", None),
        (f"{'a' * 254}@acme.example", None),
        ("a@acme.example&RelayState=b", None),
        ("a@acme.example\r\nx", None),
    ],
)
def test_the_idp_is_told_an_address_and_nothing_else(okta, typed, told):
    start = url(okta.environment, f"sso/{okta.environment_provider.identity_provider_id}/")
    query = dict(parse_qsl(urlsplit(okta.browser.get(start, {"login_hint": typed})["Location"]).query))
    assert query.pop("login_hint", None) == told
    assert query.keys() == {"SAMLRequest", "RelayState"}


def test_an_attempt_whose_response_names_nobody_shows_the_address_that_was_typed_here(okta, client):
    start = url(okta.environment, f"sso/{okta.environment_provider.identity_provider_id}/")
    okta.browser.get(start, {"login_hint": ADA})
    stored = okta.browser.post(okta.acs, {"SAMLResponse": "!!", "RelayState": AuthnRequest.objects.get().pk})
    assert okta.browser.get(stored["Location"]).status_code == 403
    attempt = SignInAttempt.objects.get()
    assert attempt.email == ADA and attempt.end_user is None and attempt.notes == [TYPED]
    viewer = factories.sign_in(client, factories.administrator(okta.environment.workspace, "viewer"))
    page = viewer.get(f"/workspaces/{okta.environment.workspace.slug}/{okta.environment.slug}/sign-in-attempts/")
    assert ADA in page.content.decode() and TYPED in page.content.decode()


# S6: in answer to a request of this browser. --------------------------------------------------------------------------


@pytest.mark.parametrize("cookies", ["none", "another"])
def test_s6_another_browser_is_refused_and_the_first_can_still_finish(okta, ada, cookies):
    stored = okta.deliver(okta.idp.respond(okta.answer(okta.begin())))["Location"]
    stranger = replace(okta, browser=Client())
    if cookies == "another":
        stranger.begin()
    refused(stranger.browser.get(stored), "other_browser")
    assert okta.browser.get(stored).status_code == 302 and okta.is_in()


def test_s6_an_expired_request_is_refused(okta, ada):
    request = okta.begin()
    AuthnRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(okta.post(okta.idp.respond(okta.answer(request))), "request_gone")


def test_s6_a_request_that_expires_on_the_way_is_refused(okta, ada):
    stored = okta.deliver(okta.idp.respond(okta.answer(okta.begin())))["Location"]
    AuthnRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(okta.browser.get(stored), "request_gone")


def test_s6_a_used_request_is_refused(okta, ada):
    request = okta.begin()
    for number in (1, 2):
        okta.browser = Client() if number == 2 else okta.browser  # where somebody is signed in, it leads on
        okta.post(okta.idp.respond(okta.answer(request, assertion_id=f"_assertion-{number}")))
    assert reasons() == ["", "request_gone"] and EndUserSession.objects.count() == 1


@pytest.mark.parametrize("relay_state", ["", "https://evil.example/", "request"])
def test_s6_an_unsolicited_response_is_refused(okta, ada, relay_state):
    def unsolicited(root):
        for element in root.iter():
            element.attrib.pop("InResponseTo", None)

    request = okta.begin()
    xml = okta.idp.respond(okta.answer(request), edit=unsolicited)
    refused(okta.post(xml, relay_state=request if relay_state == "request" else relay_state), "unsolicited")
    assert not AuthnRequest.objects.exclude(response="").exists()


def test_s6_the_request_of_another_provider_is_refused(okta, places, ada):
    other = way(places[1], "Entra", idp=okta.idp)
    other.browser = okta.browser
    request = other.begin()
    refused(okta.deliver(okta.idp.respond(okta.answer(request)), relay_state=request), "request_gone")
    assert not AuthnRequest.objects.get(pk=request).response


def test_s6_the_relay_state_of_another_tab_does_not_matter(okta, ada):
    first, second = okta.begin(), okta.begin()
    xml = okta.idp.respond(okta.answer(first))
    assert okta.post(xml, relay_state=second).status_code == 302
    assert not AuthnRequest.objects.get(pk=second).consumed_at


def test_s6_two_tabs_sign_in_one_after_the_other(okta, ada):
    requests = [okta.begin() for _ in range(2)]
    for request in requests:
        assert okta.post(okta.idp.respond(okta.answer(request))).status_code == 302


def test_s6_the_answer_to_a_test_signs_nobody_in(client, okta, ada):
    factories.sign_in(client, factories.administrator(okta.environment.workspace))
    where = {"workspace": "acme", "environment": "test", "provider": okta.environment_provider.identity_provider_id}
    request = requested(client.get(reverse("authentication:provider-test-start", kwargs=where)))
    report = okta.deliver(okta.idp.respond(okta.answer(request)))["Location"]
    assert report.endswith(f"/test/{request}/")
    refused(client.get(f"{okta.acs}/{request}"), "request_gone")


# S7: one assertion, one session. --------------------------------------------------------------------------------------


def test_s7_one_response_makes_one_session(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    assert okta.post(xml).status_code == 302
    assert okta.post(xml, Client()).status_code == 403
    assert EndUserSession.objects.count() == 1 and not AuthnRequest.objects.exclude(response="").exists()


def test_s7_the_end_of_a_sign_in_cannot_be_repeated(okta, ada):
    stored = okta.deliver(okta.idp.respond(okta.answer(okta.begin())))["Location"]
    assert okta.browser.get(stored).status_code == 302
    nonce = okta.browser.cookies["sso-nonce"]
    okta.browser = Client()
    okta.browser.cookies["sso-nonce"] = nonce.value
    assert okta.browser.get(stored).status_code == 403 and not okta.is_in()


def test_s7_nor_does_its_assertion_in_answer_to_another_request(okta, ada):
    first = okta.answer(okta.begin())
    assert okta.post(okta.idp.respond(first)).status_code == 302
    again = replace(first, request_id=okta.begin())
    assert okta.post(okta.idp.respond(again)).status_code == 403
    assert reasons() == ["", "replayed"]


def test_a_sign_in_takes_few_statements_and_no_savepoint(okta, ada, django_assert_num_queries):
    """Each is a round trip."""
    EnvironmentProvider.objects.update(method="jit", syncs_groups=True)
    groups = {"workspace_end_user_groups": ["Engineering"]}
    okta.sign_in(attributes=groups)
    # Environment; providers; the new request, with what is deleted beside it; and the test looks for the request.
    with django_assert_num_queries(4 if connection.vendor == "postgresql" else 8):
        request = okta.begin()
    xml = okta.idp.respond(okta.answer(request, attributes=groups))
    with django_assert_num_queries(2):  # the request, and the response stored at it
        stored = okta.deliver(xml)
    # Request; providers; person. PostgreSQL does by one: request and assertion used up, attempt, session, when they
    # signed in last. Here it is in the transaction of the test, with a savepoint.
    with django_assert_num_queries(6 if connection.vendor == "postgresql" else 10):
        assert okta.browser.get(stored["Location"]).status_code == 302


def test_s7_what_has_expired_is_swept_by_the_next_sign_in(okta, ada):
    okta.sign_in()
    okta.deliver(okta.idp.respond(okta.answer(okta.begin())))
    kept = (AuthnRequest, ConsumedMessage)
    for model in kept:
        model.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    okta.begin()
    assert [model.objects.count() for model in kept] == [1, 0]


# S8: only the diagonal. -----------------------------------------------------------------------------------------------


def test_s8_of_three_providers_urls_and_keys_only_the_diagonal_signs_in(places):
    globex = environments("globex")[1]
    ways = [way(places[1], "One"), way(places[1], "Two"), way(globex)]
    for place in (places[1], globex):
        factories.end_user(place)
    for asked, posted, signing in product(ways, repeat=3):
        asked.browser = posted.browser = Client()
        answer = posted.answer(asked.begin(), _ada_of(posted))
        response = posted.post(signing.idp.respond(answer))
        assert (response.status_code == 302) == (asked is posted is signing)
    assert EndUserSession.objects.count() == 3


def test_s8_two_tenants_may_use_the_same_idp(places):
    shared, globex = Idp(), environments("globex")[1]
    ways = [way(places[1], idp=shared), way(globex, idp=shared)]
    for place in (places[1], globex):
        factories.end_user(place)
    for asked, posted, addressed in product(ways, repeat=3):
        asked.browser = posted.browser = Client()
        answer = addressed.answer(asked.begin(), _ada_of(addressed))
        assert (posted.post(shared.respond(answer)).status_code == 302) == (asked is posted is addressed)
    assert EndUserSession.objects.count() == 2


def _ada_of(theirs: Way) -> str:
    return f"ada.winter@{theirs.environment.workspace.slug}.example"

"""S6 with its switch on: what the IdP began, begins here by itself, and its response counts for nothing else."""

from html import unescape

import pytest
from django.test import Client

from authentication.actions.policies import switch_saml
from authentication.actions.provider_settings import switch_idp_initiated
from authentication.actions.provider_use import disable_provider, use_provider
from authentication.models import AuthnRequest, ConsumedMessage, EndUserSession, IdentityProvider, SignInAttempt
from tests.authentication.end_users import person, url
from tests.authentication.ways import Way, connect, form, reasons, requested, way
from tests.idp import Idp
from workspace.events import SYSTEM
from workspace.models import EndUser

pytestmark = pytest.mark.django_db
FOREIGN = ["https://evil.example/sign-in/acme/prod/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]


@pytest.fixture(autouse=True)
def allowed(okta) -> None:
    switch_idp_initiated(environment_provider=okta.environment_provider, is_enabled=True, by=SYSTEM)


def unsolicited(root) -> None:
    for element in root.iter():
        element.attrib.pop("InResponseTo", None)


def response_to_no_request(okta: Way, **changes) -> bytes:
    return okta.idp.respond(okta.answer("_" + "0" * 40, **changes), edit=unsolicited)


def begin_at_the_idp(okta: Way, relay_state: str = "", browser: Client | None = None):
    return okta.post(response_to_no_request(okta), browser, relay_state)


def onwards(page) -> str:
    """Where a page leads on to by itself, which its button does too."""
    assert page.status_code == 200 and "no-store" in page["Cache-Control"]
    target = page["Refresh"].removeprefix("0; url=")
    assert f'href="{target}"' in unescape(page.content.decode())
    return target


def started(okta: Way, page) -> str:
    """Follow a page that leads on, to where the sign-in starts."""
    response = okta.browser.get(onwards(page))
    assert response.status_code == 302
    return response["Location"]


def sign_in_after(okta: Way, page) -> None:
    request = requested(okta.browser.get(started(okta, page)))
    assert okta.post(okta.idp.respond(okta.answer(request))).status_code == 302


def button(page) -> str:
    assert page.status_code == 403 and "Refresh" not in page
    (target,) = [part.partition('"')[0] for part in unescape(page.content.decode()).split('button-wide" href="')[1:]]
    return target


@pytest.mark.parametrize("relay_state", ["", *FOREIGN, "x" * 4000, "/sign-in/acme/dev/" + "x" * 4000])
def test_s6_a_sign_in_that_the_idp_began_goes_on_by_itself(okta, ada, relay_state):
    page = begin_at_the_idp(okta, relay_state)
    assert "evil" not in page.content.decode() + page["Refresh"]
    assert not okta.is_in()
    sign_in_after(okta, page)
    assert okta.is_in() and reasons() == [""]


def test_s6_the_relay_state_says_which_environment_and_page(okta, places, ada, settings):
    provider = okta.environment_provider.identity_provider
    switch_saml(environment=places[2], is_enabled=True, by=SYSTEM)
    use_provider(provider=provider, environment=places[2], by=SYSTEM)
    account = url(places[2], "account/")
    for relay_state in (account, f"{settings.ORIGIN}{account}", f"{settings.ORIGIN}{url(places[2])}"):
        okta.browser = Client()
        start = started(okta, begin_at_the_idp(okta, relay_state))
        assert start.startswith(url(places[2], f"sso/{provider.pk}/"))
        assert AuthnRequest.objects.get(pk=requested(okta.browser.get(start))).next_path == account


@pytest.mark.parametrize(
    "sent",
    {
        "another person": lambda okta: response_to_no_request(okta, person="bo@acme.example"),
        "another key": lambda okta: Idp().respond(okta.answer("_" + "0" * 40), edit=unsolicited),
        "nothing signed": lambda okta: okta.idp.respond(okta.answer("_" + "0" * 40), sign=(), edit=unsolicited),
    }.values(),
    ids=["another person", "another key", "nothing signed"],
)
def test_s6_nothing_of_a_response_to_no_request_is_believed_or_kept(okta, ada, places, sent):
    person(places[1], name="Bo")
    page = okta.post(sent(okta))
    for model in (AuthnRequest, ConsumedMessage, EndUserSession, SignInAttempt):
        assert not model.objects.exists()
    assert "bo@" not in page.content.decode() + started(okta, page)
    okta.browser = Client()
    sign_in_after(okta, begin_at_the_idp(okta))
    assert EndUserSession.objects.get().end_user == ada and EndUser.objects.count() == 2


def test_s6_an_idp_that_answers_no_request_goes_round_once(okta, ada):
    sent_there = okta.browser.get(started(okta, begin_at_the_idp(okta)))
    assert requested(sent_there)
    target = button(begin_at_the_idp(okta))
    assert reasons() == ["began_at_idp_again"]
    okta.browser.get(target)
    assert button(begin_at_the_idp(okta)) == target  # and a press of the button is no reason to go on by itself
    request = requested(okta.browser.get(target))
    assert okta.post(okta.idp.respond(okta.answer(request))).status_code == 302 and okta.is_in()


def test_s6_after_a_sign_in_the_next_one_goes_on_by_itself_again(okta, ada):
    for _ in range(2):
        sign_in_after(okta, begin_at_the_idp(okta))
    assert EndUserSession.objects.count() == 2 and reasons() == ["", ""]


def test_s6_a_browser_without_cookies_gets_the_button(okta, ada):
    for _ in range(2):
        assert button(Client().get(onwards(begin_at_the_idp(okta, browser=Client()))))
    assert set(reasons()) == {"began_at_idp_again"} and not AuthnRequest.objects.exists()


def test_s6_a_response_that_says_which_request_by_relay_state_alone_is_refused(okta, ada):
    request = okta.begin()
    page = okta.post(okta.idp.respond(okta.answer(request), edit=unsolicited), relay_state=request)
    assert button(page) == url(okta.environment) and reasons() == ["unsolicited"]


@pytest.mark.parametrize("raw", ["!!", "", "PHg+"])
def test_what_is_no_response_begins_nothing(okta, ada, raw):
    assert button(okta.post_form(f"SAMLResponse={raw}"))
    assert len(reasons()) == 1 and "began_at_idp_again" not in reasons()


def test_a_provider_that_is_off_begins_nothing(okta, ada):
    disable_provider(environment_provider=okta.environment_provider, by=SYSTEM)
    page = begin_at_the_idp(okta)
    assert page.status_code == 403 and "Refresh" not in page and reasons() == ["unsolicited"]


def test_the_switch_is_of_one_provider(okta, places, ada):
    entra = way(places[0], "Entra")
    assert button(begin_at_the_idp(entra)).startswith(url(places[0], "sso/"))
    other = IdentityProvider.objects.exclude(pk=okta.environment_provider.identity_provider_id).get()
    assert button(Client().get(f"/saml/{other.pk}/begin")).startswith(url(places[0], "sso/"))
    assert reasons() == ["unsolicited"]  # which two equal ones are


def test_nobody_fills_anything_by_it(okta, ada):
    sent = form(response_to_no_request(okta), "/sign-in/acme/dev/")
    for _ in range(50):
        onwards(okta.post_form(sent, Client()))
    assert not SignInAttempt.objects.exists() and not AuthnRequest.objects.exists()


def test_an_idp_that_takes_posts_gets_one_by_a_button(okta, ada):
    connect(okta.environment_provider, okta.idp, post_url="https://idp.example/post")
    page = okta.browser.get(started(okta, begin_at_the_idp(okta)))
    assert page.status_code == 200 and 'action="https://idp.example/post"' in page.content.decode()


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_hosts(okta, ada, settings):
    settings.SESSION_COOKIE_SECURE = True
    begin_at_the_idp(okta)
    cookie = okta.browser.cookies["__Host-sso-begun"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")

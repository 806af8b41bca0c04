"""S18 and the way back: no sign-in ends at a page without a way on."""

from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from authentication.actions.policies import switch_saml
from authentication.actions.provider_use import disable_provider, use_provider
from authentication.models import AuthnRequest, EndUserSession, SignInAttempt
from tests.authentication.end_users import url
from tests.authentication.ways import Way, requested
from workspace.events import SYSTEM

pytestmark = pytest.mark.django_db


def begun_at_the_idp(okta: Way, relay_state: str = ""):
    def unsolicited(root):
        for element in root.iter():
            element.attrib.pop("InResponseTo", None)

    return okta.post(okta.idp.respond(okta.answer("_" + "0" * 40), edit=unsolicited), relay_state=relay_state)


def buttons(page) -> list[str]:
    return [part.partition('"')[0] for part in unescape(page.content.decode()).split('button-wide" href="')[1:]]


# S18


@pytest.mark.parametrize("relay_state", ["", "https://evil.example/sign-in/acme/prod/", "//evil.example", "x" * 4000])
def test_s18_a_sign_in_that_the_idp_began_leads_on_by_one_button(okta, ada, relay_state):
    page = begun_at_the_idp(okta, relay_state)
    (button,) = buttons(page)
    assert page.status_code == 403 and "evil" not in page.content.decode()
    assert button.startswith(url(okta.environment, f"sso/{okta.environment_provider.identity_provider_id}/"))
    request = requested(okta.browser.get(button))
    assert okta.post(okta.idp.respond(okta.answer(request))).status_code == 302 and okta.is_in()


def test_s18_the_relay_state_says_which_environment_and_page(okta, places, ada, settings):
    provider = okta.environment_provider.identity_provider
    switch_saml(environment=places[2], is_enabled=True, by=SYSTEM)
    use_provider(provider=provider, environment=places[2], by=SYSTEM)
    account = url(places[2], "account/")
    for relay_state in (account, f"{settings.ORIGIN}{account}"):
        (button,) = buttons(begun_at_the_idp(okta, relay_state))
        assert button.startswith(url(places[2], f"sso/{provider.pk}/"))
        request = requested(okta.browser.get(button))
        assert AuthnRequest.objects.get(pk=request).next_path == account
    (button,) = buttons(begun_at_the_idp(okta, url(places[0])))  # which does not use it
    assert button.startswith(url(places[1]))


def test_s18_no_button_leads_to_a_provider_that_is_off(okta, ada):
    disable_provider(environment_provider=okta.environment_provider, by=SYSTEM)
    assert buttons(begun_at_the_idp(okta)) == []


def test_a_response_to_a_request_that_is_forgotten_leads_on_too(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    AuthnRequest.objects.all().delete()
    (button,) = buttons(okta.post(xml))
    assert parse_qs(urlsplit(button).query, keep_blank_values=True).keys() == {"next"}
    assert okta.browser.get(button).status_code == 302


# Back and reload


@pytest.mark.parametrize("how", ["back", "reload", "back later", "reload later"])
def test_back_and_reload_lead_on_while_the_session_lives(okta, ada, how):
    account = url(okta.environment, "account/")
    xml = okta.idp.respond(okta.answer(okta.begin(f"?next={account}password/")))
    stored = okta.deliver(xml)["Location"]
    assert okta.browser.get(stored)["Location"] == f"{account}password/"
    if how.endswith("later"):
        AuthnRequest.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    again = okta.post(xml) if how.startswith("back") else okta.browser.get(stored)
    assert (again.status_code, again["Location"]) == (302, f"{account}password/")
    assert EndUserSession.objects.count() == SignInAttempt.objects.count() == 1


def test_a_reload_after_the_request_is_forgotten_leads_to_the_account(okta, ada):
    stored = okta.deliver(okta.idp.respond(okta.answer(okta.begin())))["Location"]
    okta.browser.get(stored)
    AuthnRequest.objects.all().delete()
    assert okta.browser.get(stored)["Location"] == url(okta.environment, "account/")


@pytest.mark.parametrize("end", ["session", "person", "cookie"])
def test_back_leads_nowhere_without_a_living_session(okta, ada, end):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    okta.post(xml)
    if end == "session":
        EndUserSession.objects.update(ended_at=timezone.now())
    if end == "person":
        ada.accesses.all().delete()
    assert okta.post(xml, Client() if end == "cookie" else None).status_code == 403


def test_a_second_tab_that_is_answered_later_still_signs_in(okta, ada):
    first, second = okta.begin(), okta.begin()
    assert okta.post(okta.idp.respond(okta.answer(first))).status_code == 302
    assert okta.post(okta.idp.respond(okta.answer(second))).status_code == 302
    assert EndUserSession.objects.count() == 2

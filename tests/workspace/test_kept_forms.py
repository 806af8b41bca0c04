"""A form whose session or token ended comes back filled, and never with a secret."""

import re
import time
from html import unescape
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from authentication.models import IdentityProvider
from tests import factories
from tests.factories import PASSWORD
from workspace.console.kept import COMES_BACK, NOT_SAVED
from workspace.models import ConsoleSession, EndUser, EndUserGroup, Workspace

pytestmark = pytest.mark.django_db
HERE = {"origin": "http://testserver"}
GROUPS, NEW_GROUP = "/workspaces/acme/dev/groups/", "/workspaces/acme/dev/groups/new/"
PEOPLE = "/workspaces/acme/dev/end-users/add/"


@pytest.fixture
def acme() -> Workspace:
    place = factories.workspace()
    factories.administrator(place)
    return place


@pytest.fixture
def browser(acme) -> Client:
    """A browser of the owner that checks CSRF tokens as a real one does."""
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict)
    return strict


def token_of(response: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', response.content.decode())
    assert found
    return found[1]


def sign_in(browser: Client, page: Any = None, **fields: str) -> Any:
    """Type address and password into a sign-in page."""
    page = page or browser.get("/sign-in/")
    kept = re.search(r'name="kept" value="([^"]+)"', page.content.decode())
    typed = {"email": "owner@acme.example", "password": PASSWORD, "csrfmiddlewaretoken": token_of(page)}
    return browser.post("/sign-in/", typed | ({"kept": kept[1]} if kept else {}) | fields, headers=HERE)


def sign_out(browser: Client) -> None:
    browser.post("/sign-out/", {"csrfmiddlewaretoken": token_of(browser.get(NEW_GROUP))}, headers=HERE)


def send(browser: Client, page: str, typed: dict[str, Any], token: str, action: str = "", **headers: str) -> Any:
    sent = headers or HERE | {"referer": f"http://testserver{page}"}
    return browser.post(action or page, typed | {"csrfmiddlewaretoken": token}, headers=sent)


def value(response: Any, name: str) -> str:
    """What stands in a text field of the page."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', response.content.decode())
    assert found
    kept = re.search(r"""value=(["'])(.*?)\1""", found[0])
    return unescape(kept[2]) if kept else ""


def test_after_signing_out_and_in_again_in_another_tab_the_form_is_filled(browser):
    token = token_of(browser.get(NEW_GROUP))
    sign_out(browser)
    sign_in(browser)
    response = send(browser, NEW_GROUP, {"name": 'Sales "EMEA" <b>'}, token)
    assert response.status_code == 302 and response.url == NEW_GROUP
    page = browser.get(response.url)
    assert value(page, "name") == 'Sales "EMEA" <b>' and "<b>" not in page.content.decode()
    assert (
        str(NOT_SAVED) in page.content.decode() and not EndUserGroup.objects.filter(name__startswith="Sales").exists()
    )
    assert send(browser, NEW_GROUP, {"name": value(page, "name")}, token_of(page)).status_code == 302
    assert EndUserGroup.objects.filter(name__startswith="Sales").exists()
    assert value(browser.get(NEW_GROUP), "name") == ""


def test_after_the_session_ended_the_form_is_filled_once_somebody_has_signed_in(browser):
    token = token_of(browser.get(NEW_GROUP))
    import_module(settings.SESSION_ENGINE).SessionStore(browser.cookies[settings.SESSION_COOKIE_NAME].value).delete()
    page = send(browser, NEW_GROUP, {"name": "Sales"}, token)
    assert page.status_code == 200 and str(COMES_BACK) in unescape(page.content.decode())
    wrong = sign_in(browser, page, password="not my password")
    assert 'name="kept"' in wrong.content.decode()
    response = sign_in(browser, wrong, next=NEW_GROUP)
    assert value(browser.get(response.url), "name") == "Sales"


def test_signed_out_twice_over_the_form_is_filled_too(browser):
    """The token has changed, and there is no session."""
    token = token_of(browser.get(NEW_GROUP))
    sign_out(browser)
    sign_in(browser)
    sign_out(browser)
    page = send(browser, NEW_GROUP, {"name": "Sales"}, token)
    sign_in(browser, page, next=NEW_GROUP)
    assert value(browser.get(NEW_GROUP), "name") == "Sales"


def test_a_button_without_fields_leads_to_sign_in_and_to_its_page(browser):
    token = token_of(browser.get(NEW_GROUP))
    sign_out(browser)
    response = send(
        browser, "/workspaces/acme/dev/authentication/", {}, token, "/workspaces/acme/dev/authentication/saml/"
    )
    assert response.status_code == 302 and response.url.endswith("next=/workspaces/acme/dev/authentication/")


def test_what_another_site_sends_is_not_kept(browser):
    browser.get(NEW_GROUP)
    for headers in ({"origin": "https://evil.example"}, {"referer": "https://evil.example/"}, {"origin": "null"}):
        response = send(browser, NEW_GROUP, {"name": "Evil"}, "x" * 64, **headers)
        assert response.status_code == 403 and "This page has expired" in response.content.decode()
    assert value(browser.get(NEW_GROUP), "name") == ""


def test_nobody_fills_a_form_with_an_invented_seal(acme):
    stranger = Client()
    typed = {"email": "owner@acme.example", "password": PASSWORD, "kept": "eyJ9:1x:invented", "next": NEW_GROUP}
    assert value(stranger.get(stranger.post("/sign-in/", typed).url), "name") == ""


def test_a_form_is_filled_once_and_for_ten_minutes(browser):
    token = token_of(browser.get(NEW_GROUP))
    sign_out(browser)
    sign_in(browser)
    send(browser, NEW_GROUP, {"name": "Sales"}, token)
    session = browser.session
    session["kept_form"] = session["kept_form"] | {"at": time.time() - 601}
    session.save()
    assert value(browser.get(NEW_GROUP), "name") == ""
    assert "kept_form" not in browser.session


def test_secrets_do_not_come_back(browser):
    use = factories.identity_provider(Workspace.objects.get().environments.get(slug="dev"))
    page = reverse(
        "authentication:provider-connect",
        kwargs={"workspace": "acme", "environment": "dev", "provider": use.identity_provider_id},
    )
    token = token_of(browser.get(page))
    sign_out(browser)
    sign_in(browser)
    secret = "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----"
    typed = {
        "has_metadata_url": "no",
        "sso_url": "https://idp.example/sso",
        "certificates": secret,
        "password": "hidden",
    }
    send(browser, page, typed | {"entity_id": "scim_abcdefghij_" + "x" * 43}, token)
    assert [name for name, _ in browser.session["kept_form"]["fields"]] == ["has_metadata_url", "sso_url"]
    filled = browser.get(page)
    assert value(filled, "sso_url") == "https://idp.example/sso" and "PRIVATE KEY" not in filled.content.decode()
    assert re.search(r'value="no"[^>]*checked', filled.content.decode())


def test_a_proof_of_identity_loses_nothing(browser):
    page = "/workspaces/acme/dev/authentication/providers/new/"
    token = token_of(browser.get(page))
    session = browser.session
    session["proved_at"] = time.time() - 60 * 60
    session.save()
    typed = {"name": "Okta", "vendor": "okta", "enforcement": "selected_domains", "domains": "acme.com"}
    response = send(browser, page, typed, token)
    assert response.url.startswith("/confirm-identity/")
    confirm = browser.get(response.url)
    proof = {"password": PASSWORD, "next": page, "csrfmiddlewaretoken": token_of(confirm)}
    filled = browser.get(browser.post("/confirm-identity/", proof, headers=HERE).url)
    html = filled.content.decode()
    assert value(filled, "name") == "Okta" and value(filled, "domains") == "acme.com"
    assert re.search(r'<option value="selected_domains"[^>]* selected', html)
    assert not IdentityProvider.objects.exists()


def test_every_kind_of_field_comes_back(browser):
    token = token_of(browser.get(PEOPLE))
    sign_out(browser)
    sign_in(browser)
    typed = {"full_name": "Åda “W” & Co", "email": "ada@acme.example", "environments": ["dev", "test"]}
    send(browser, PEOPLE, typed, token)
    page = browser.get(PEOPLE)
    html = page.content.decode()
    assert value(page, "full_name") == typed["full_name"]
    ticked = re.findall(r'<input[^>]*type="checkbox"[^>]*value="(\w+)"[^>]*checked', html)
    assert sorted(ticked) == ["dev", "test"] and not EndUser.objects.exists()


def test_the_page_of_a_form_that_only_takes_a_post_is_the_one_above(browser):
    dev = Workspace.objects.get().environments.get(slug="dev")
    use = factories.identity_provider(dev)
    kwargs = {"workspace": "acme", "environment": "dev", "provider": use.identity_provider_id}
    page, action = reverse("provisioning:setup", kwargs=kwargs), reverse("provisioning:save", kwargs=kwargs)
    token = token_of(browser.get(page))
    sign_out(browser)
    sign_in(browser)
    response = send(browser, action, {"method": "jit", "syncs_groups": "on"}, token)
    assert response.url == action
    above = browser.get(action)
    assert above.url == page
    assert re.search(r'<option value="jit"[^>]* selected', browser.get(page).content.decode())


def test_the_second_of_two_sign_in_tabs_leads_on(acme):
    strict = Client(enforce_csrf_checks=True)
    second = strict.get(f"/sign-in/?next={GROUPS}")
    sign_in(strict)
    typed = {
        "email": "x@y.example",
        "password": "whatever it is",
        "next": GROUPS,
        "csrfmiddlewaretoken": token_of(second),
    }
    response = strict.post("/sign-in/", typed, headers=HERE | {"referer": "http://testserver/sign-in/"})
    assert strict.get(response.url).url == GROUPS


def test_a_sign_in_page_with_an_old_token_keeps_the_address_and_not_the_password(acme):
    strict = Client(enforce_csrf_checks=True)
    for path in ("/sign-in/", "/sign-in/acme/dev/"):
        strict.get(path)
        typed = {"email": "ada@acme.example", "password": "my own password", "csrfmiddlewaretoken": "x" * 64}
        action = path if path == "/sign-in/" else f"{path}password/"
        response = strict.post(action, typed, headers=HERE | {"referer": f"http://testserver{path}"})
        assert response.status_code == 302 and "my own password" not in str(response.cookies)
        page = strict.get(response.url)
        assert value(page, "email") == "ada@acme.example" and value(page, "password") == ""
        assert page.cookies["kept_form"].value == ""


def test_an_anonymous_client_stores_nothing_on_the_server(acme):
    stranger = Client()
    page = stranger.post(NEW_GROUP, {"name": "x" * 100_000}, headers=HERE)
    assert settings.SESSION_COOKIE_NAME not in page.cookies
    assert ConsoleSession.objects.count() == 0


def test_what_is_too_large_is_not_kept(browser):
    token = token_of(browser.get(NEW_GROUP))
    sign_out(browser)
    sign_in(browser)
    response = send(browser, NEW_GROUP, {"name": "x" * 300_000}, token)
    assert response.status_code == 302 and "kept_form" not in browser.session

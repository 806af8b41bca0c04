"""Sign-in by SAML with an identity provider that is a process of its own: the practice IdP of the demo."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from authentication.saml.requests import new_request, redirect_url
from tests.browser.accessibility import hold_to_the_rules
from tests.browser.conftest import Check
from tests.browser.steps import Console, provider, provider_start


def request_to(idp: dict[str, Any]) -> str:
    """Where a browser goes that is sent to the IdP."""
    addresses = {"entity_id": idp["sp_entity_id"], "acs_url": idp["acs_url"], "sso_url": idp["sso_url"]}
    return redirect_url(new_request(**addresses, now=datetime.now(UTC)), relay_state="key")


def test_the_practice_idp_shows_what_it_sends_before_it_does(
    page: Page, check: Check, practice_idp: dict[str, Any], console_errors: list[str]
):
    idp = provider(practice_idp, "Okta Test")
    check(practice_idp["practice_idp"]["origin"])
    expect(page.get_by_role("link", name="acme TEST")).to_be_visible()
    check(request_to(idp))
    page.get_by_role("radio", name="Fiona Byrne").check()
    page.get_by_role("checkbox", name="Groups").uncheck()
    page.get_by_role("radio", name="For another audience").check()
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("main")).to_contain_text("Wrong on purpose: For another audience")
    response = page.get_by_role("region", name="The response")
    expect(response).to_contain_text(">fiona.byrne@acme.example</saml:NameID>")
    expect(response).not_to_contain_text("workspace_end_user_groups")
    expect(page.get_by_role("button", name="Send to Workspace admin")).to_be_visible()
    assert console_errors == []
    hold_to_the_rules(page)
    console_errors.clear()  # of axe, as in `check`


@pytest.mark.parametrize(("place", "idp"), [("TEST", "Okta Test"), ("PROD", "Okta Prod")])
def test_sso_signs_in_a_person_of_test_and_prod(page: Page, practice_idp: dict[str, Any], place: str, idp: str):
    environment = next(each for each in practice_idp["environments"] if each["slug"] == place.lower())
    page.goto(environment["sign_in_url"])
    page.get_by_label("Email address").fill("fiona.byrne@acme.example")
    page.get_by_role("button", name="Continue").click()
    if place == "TEST":  # which has a second provider; where there is but one way, it is taken at once
        page.get_by_role("link", name=f"Continue with {idp}").click()
    page.get_by_role("radio", name="Fiona Byrne").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send to Workspace admin").click()

    expect(page.get_by_role("heading", name="Fiona Byrne")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(f"You are signed in to {place} of Acme.")
    expect(page.get_by_role("main")).to_contain_text(f"With {idp}")


def send_as_fiona(page: Page) -> None:
    page.get_by_role("radio", name="Fiona Byrne").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send to Workspace admin").click()


def test_a_sign_in_that_begins_at_the_idp_ends_signed_in(
    page: Page, practice_idp: dict[str, Any], console_errors: list[str]
):
    console = Console(page, practice_idp)
    console.sign_in("owner")
    console.open_authentication("TEST")
    console.open_menu("Okta Test", "Sign-in settings")
    switch = page.get_by_role("switch", name="Allow IdP-initiated sign-in")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    try:
        page.goto(practice_idp["practice_idp"]["origin"])
        page.get_by_role("link", name="Okta Test").click()
        expect(page.get_by_role("main")).to_contain_text("None: the sign-in begins here")
        send_as_fiona(page)  # leads to our sign-in, and from there to the IdP with a request
        expect(page.get_by_role("main")).not_to_contain_text("None: the sign-in begins here")
        expect(page.get_by_role("heading", name="Sign in to Okta Test")).to_be_visible()
        send_as_fiona(page)
        expect(page.get_by_role("main")).to_contain_text("You are signed in to TEST of Acme.")
        assert console_errors == []
    finally:
        page.goto(
            f"/workspaces/acme/test/authentication/providers/{provider(practice_idp, 'Okta Test')['id']}/settings/"
        )
        switch.click()
        expect(switch).to_have_attribute("aria-checked", "false")


def test_what_is_sent_wrongly_is_refused_and_explained_to_the_administrator(
    page: Page, practice_idp: dict[str, Any], console_errors: list[str]
):
    page.goto(provider_start(practice_idp, "Okta Test"))
    page.get_by_role("radio", name="Fiona Byrne").check()
    page.get_by_role("radio", name="For another audience").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send to Workspace admin").click()
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    console_errors.clear()  # the answer's status is 403
    reference = page.get_by_role("alert").inner_text().split()[-1].rstrip(".")

    Console(page, practice_idp).sign_in("viewer")
    page.goto(f"/workspaces/acme/test/sign-in-attempts/?q={reference}")
    expect(page.get_by_role("main")).to_contain_text("The audience is not our entity ID")

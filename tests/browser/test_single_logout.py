"""Single logout with the practice IdP: two programs, two origins, and a browser that holds each to its policy."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.accessibility import hold_to_the_rules
from tests.browser.steps import provider_start


def sign_in(page: Page, demo: dict[str, Any]) -> None:
    page.goto(provider_start(demo, "Okta Test"))
    page.get_by_role("radio", name="Fiona Byrne").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send to Workspace admin").click()
    expect(page.get_by_role("heading", name="Fiona Byrne")).to_be_visible()


def test_s14_signing_out_leads_over_the_idp_to_the_page_that_says_so(
    page: Page, practice_idp: dict[str, Any], console_errors: list[str]
):
    sign_in(page, practice_idp)
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Single logout")).to_be_visible()
    expect(page).to_have_url(re.compile(f"^{re.escape(practice_idp['practice_idp']['origin'])}/"))
    hold_to_the_rules(page)
    console_errors.clear()  # of axe, as in `check`
    page.get_by_role("link", name="Send to Workspace admin").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    expect(page).to_have_url(f"{practice_idp['origin']}/sign-in/acme/test/signed-out/")


def test_s14_signing_out_at_the_idp_ends_the_session_here(page: Page, practice_idp: dict[str, Any]):
    sign_in(page, practice_idp)
    account = page.url
    page.goto(practice_idp["practice_idp"]["origin"])
    person = page.get_by_role("listitem").filter(has_text="fiona.byrne@acme.example through Okta Test")
    person.get_by_role("button", name="Sign out everywhere").click()
    page.get_by_role("link", name="Send to Workspace admin").click()
    expect(page.get_by_role("main")).to_contain_text("The service signed the person out too.")
    page.goto(account)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

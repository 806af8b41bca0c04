"""A provider gets a new SCIM token, and the old one retires."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import Console
from tests.server import Server


@pytest.fixture
def acme(page: Page, server: Server) -> Console:
    return Console(page, server.demo())


def open_tokens(acme: Console, name: str) -> None:
    acme.sign_in("owner")
    acme.open_authentication("DEV")
    acme.switch_saml_on()
    acme.open_menu(name, "End user & group provisioning")
    acme.page.get_by_role("link", name="New token").click()
    expect(acme.page.get_by_role("heading", level=1)).to_have_text("New SCIM token")


def test_the_first_use_of_a_new_token_retires_the_old_one(page: Page, acme: Console, server: Server):
    name = acme.fresh("Okta Dev")
    access = server.demo("--empty-scim", name)
    open_tokens(acme, name)
    expect(page.get_by_role("radio", name="At the first use of the new one")).to_be_checked()
    expect(page.get_by_label("Date and time (UTC)")).to_be_hidden()
    page.get_by_role("button", name="New token").click()
    new = acme.copy("SCIM token")
    expect(page.get_by_text("retires at the first use of")).to_be_visible()

    assert acme.ask_scim(access["base_url"], access["token"]).status == 200
    assert acme.ask_scim(access["base_url"], new).status == 200
    assert acme.ask_scim(access["base_url"], access["token"]).status == 401
    page.reload()
    expect(page.get_by_text("retires at the first use of")).to_have_count(0)
    acme.open("DEV", "Provisioning activity")
    expect(page.get_by_text("for the first time, which retired").first).to_be_visible()


def test_a_date_is_asked_for_and_a_wrong_one_is_kept_with_what_to_correct(page: Page, acme: Console, server: Server):
    name = acme.fresh("Okta Dev")
    access = server.demo("--empty-scim", name)
    open_tokens(acme, name)
    page.get_by_role("radio", name="At a date").check()
    page.get_by_label("Date and time (UTC)").fill("2020-01-01T12:30")
    page.get_by_role("button", name="New token").click()
    expect(page.get_by_role("group", name="What to correct")).to_be_focused()
    expect(page.get_by_label("Date and time (UTC)")).to_have_value("2020-01-01T12:30")
    at = datetime.now(UTC) + timedelta(days=2)
    page.get_by_label("Date and time (UTC)").fill(f"{at:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="New token").click()
    expect(page.get_by_text(re.compile(f"retires on {at:%-d %B %Y, %H:%M} UTC"))).to_be_visible()
    assert acme.ask_scim(access["base_url"], access["token"]).status == 200


def test_without_javascript_the_old_token_retires_at_once(chromium: Browser, server: Server):
    with chromium.new_context(base_url=server.origin, java_script_enabled=False) as context:
        acme = Console(context.new_page(), server.demo())
        name = acme.fresh("Okta Dev")
        access = server.demo("--empty-scim", name)
        open_tokens(acme, name)
        expect(acme.page.get_by_label("Date and time (UTC)")).to_be_visible()
        acme.page.get_by_role("radio", name="At once").check()
        acme.page.get_by_role("button", name="New token").click()
        new = acme.page.get_by_label("SCIM token", exact=True).input_value()
        assert acme.ask_scim(access["base_url"], access["token"]).status == 401
        assert acme.ask_scim(access["base_url"], new).status == 200

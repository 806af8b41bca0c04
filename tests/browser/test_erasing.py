"""An administrator deletes the personal data of somebody who left."""

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import hold_to_the_rules
from tests.browser.steps import Console
from tests.server import Server


def test_the_personal_data_of_somebody_who_left_is_deleted(page: Page, server: Server):
    console = Console(page, server.demo())
    console.sign_in("owner")
    name = console.fresh("Leaver")
    address = f"{name.replace(' ', '-').lower()}@acme.example"
    page.get_by_role("link", name="End users").click()
    page.get_by_role("link", name="Add end user").click()
    page.get_by_label("Full name").fill(name)
    page.get_by_label("Email address").fill(address)
    page.get_by_role("button", name="Add end user").click()
    page.get_by_role("link", name="Deactivate").click()
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_role("link", name="Delete personal data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete personal data")
    hold_to_the_rules(page)
    page.get_by_role("button", name="Delete personal data").click()
    expect(page.get_by_role("group", name="What to correct")).to_be_focused()
    page.get_by_label(re.compile("^Type ")).fill(address)
    page.get_by_role("button", name="Delete personal data").click()
    expect(page.get_by_role("alert")).to_contain_text("The personal data was deleted.")
    page.get_by_label("Search").fill(name)
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("link", name=name)).to_have_count(0)

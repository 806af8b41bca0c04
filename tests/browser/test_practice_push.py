"""A newcomer makes the practice IdP push: people and groups arrive by SCIM, and a wrong filter drops most of them."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.accessibility import hold_to_the_rules
from tests.browser.conftest import Check
from tests.server import Server


def test_people_and_groups_are_pushed_and_dropped_by_a_wrong_filter(
    page: Page, check: Check, server: Server, practice_idp: dict[str, Any], console_errors: list[str]
):
    made = server.demo("--empty-scim", "Practice")
    check(practice_idp["practice_idp"]["origin"])
    page.get_by_role("link", name="Push people and groups").click()
    expect(page.get_by_role("radio", name="acme PROD · Okta Prod")).to_be_visible()
    page.get_by_role("radio", name="Another one of this console").check()
    page.get_by_label("Base URL").fill(made["base_url"])
    page.get_by_label("SCIM token").fill(made["token"])
    page.get_by_role("radio", name="Okta", exact=True).check()
    page.get_by_role("button", name="Use this connection").click()
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_role("status")).to_have_text("The connection works.")

    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("Email address").fill("nora.comer@newcomers.example")
    page.get_by_label("Full name").fill("Nora Comer")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Add a group").click()
    page.get_by_label("Name").fill("Newcomers")
    page.get_by_role("checkbox", name="Nora Comer").check()
    page.get_by_role("button", name="Save").click()
    push(page, "people created: 1, groups created: 1, members added: 1.")

    page.get_by_role("link", name="Nora Comer").click()
    page.get_by_role("checkbox", name="Active").uncheck()
    page.get_by_role("button", name="Save").click()
    push(page, "people deactivated: 1.")
    newest = page.locator("details[open]")
    expect(newest).to_contain_text("PATCH /Users/")
    expect(newest).to_contain_text('"active": false')
    hold_to_the_rules(page)
    console_errors.clear()  # of axe, as in `check`

    page.get_by_role("button", name="Add 100 example people").click()
    push(page, "people created: 100")
    page.get_by_role("button", name="Wrong filter: drop 90 of 100 people").click()
    expect(page.get_by_role("status")).to_contain_text("people deactivated: 90.")
    page.get_by_role("button", name="Wrong token").click()
    expect(page.get_by_role("alert")).to_contain_text("The token is not accepted.")
    assert made["token"] not in page.content()


def push(page: Page, done: str) -> None:
    page.get_by_role("button", name="Push now").click()
    expect(page.get_by_role("status")).to_contain_text(f"Pushed – {done}")

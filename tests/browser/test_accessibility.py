"""Every page of the console passes axe in both colour schemes, and fits a narrow screen."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Check
from tests.browser.steps import Console
from tests.server import Server

LISTS = [
    "get-started/",
    "groups/",
    "groups/new/",
    "groups/new/?q=nobody",
    "authentication/",
    "authentication/providers/new/",
    "end-users/",
    "end-users/add/",
    "end-users/import/",
    "provisioning-activity/",
    "provisioning-activity/requests/",
    "sign-in-attempts/",
    "access-control/",
    "access-control/sso-bypass/",
    "access-control/sso-bypass/add/",
    "environments/",
    "environments/new/",
    "audit-log/",
    "audit-log/?person=nobody",
    "api-tokens/",
    "api-tokens/new/",
]


@pytest.fixture(scope="module")
def cookies_of_owner(chromium: Browser, server: Server) -> list[Any]:
    """The cookies with which acme's owner is signed in: signing in takes longer than most of these tests."""
    with chromium.new_context(base_url=server.origin) as context:
        Console(context.new_page(), server.demo()).sign_in("owner")
        return list(context.cookies())


@pytest.fixture
def signed_in(page: Page, cookies_of_owner: list[Any]) -> Page:
    page.context.add_cookies(cookies_of_owner)
    return page


@pytest.mark.parametrize("path", LISTS)
def test_lists_and_forms_are_accessible(signed_in: Page, check: Check, path: str):
    check(f"/workspaces/acme/prod/{path}")


def test_a_long_name_without_spaces_does_not_make_a_page_scroll_sideways(signed_in: Page, check: Check, server: Server):
    server.demo("--empty-scim", "a_name_of_one_long_word_that_fits_no_narrow_screen_at_all")
    for place in ("dev", "prod"):
        check(f"/workspaces/acme/{place}/authentication/")


def test_the_documentation_of_the_api_is_accessible(check: Check):
    check("/api/v1/docs")
    check("/api/v1/docs?operation=create-end-user")


def test_the_sign_in_page_is_accessible(check: Check):
    check("/sign-in/")


def test_the_pages_of_a_provider_are_accessible(signed_in: Page, check: Check, server: Server):
    provider = next(one for one in server.demo()["environments"][2]["providers"] if one["scim"])
    base = f"/workspaces/acme/prod/authentication/providers/{provider['id']}/"
    for path in (
        "",
        "connection/",
        "certificates/",
        "provisioning/",
        "provisioning/mappings/",
        "provisioning/tokens/new/",
        "remove/",
        "overview/",
        "test/",
    ):
        check(base + path)


@pytest.mark.parametrize(("path", "link"), [("end-users/", "Bashir Haddad"), ("groups/", "Support")])
def test_the_pages_of_one_thing_are_accessible(signed_in: Page, check: Check, path: str, link: str):
    signed_in.goto(f"/workspaces/acme/prod/{path}")
    signed_in.get_by_role("link", name=link).click()
    expect(signed_in.get_by_role("heading", level=1)).to_contain_text(link)
    check(signed_in.url)


def test_a_change_in_full_is_accessible(signed_in: Page, check: Check):
    signed_in.goto("/workspaces/acme/prod/audit-log/")
    signed_in.get_by_role("row").nth(1).get_by_role("link").last.click()
    expect(signed_in).to_have_url(re.compile("/audit-log/[0-9a-f-]{36}/$"))
    check(signed_in.url)


def test_the_pages_of_a_merge_are_accessible(signed_in: Page, check: Check):
    signed_in.goto("/workspaces/acme/dev/end-users/?access=any")
    signed_in.get_by_role("row").nth(1).get_by_role("link").click()
    signed_in.get_by_role("link", name="Merge with another person").click()
    expect(signed_in.get_by_label("Search")).to_be_visible()
    check(signed_in.url)
    signed_in.get_by_label("Search").fill("a")
    signed_in.get_by_role("button", name="Filter").click()
    signed_in.get_by_role("link", name="Choose").first.click()
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Merge two end users")
    check(signed_in.url)


def test_the_request_inspector_is_accessible(signed_in: Page, check: Check):
    signed_in.goto("/workspaces/acme/prod/provisioning-activity/requests/?result=failed")
    signed_in.get_by_role("main").get_by_role("link").filter(has_text="/").first.click()
    expect(signed_in).to_have_url(re.compile("/requests/[0-9a-f-]{36}/$"))
    check(signed_in.url)

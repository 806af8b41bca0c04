"""Every page of the console passes axe in both colour schemes, and fits a narrow screen."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.steps import Acme
from tests.server import Server

NARROW: ViewportSize = {"width": 320, "height": 800}
WIDE: ViewportSize = {"width": 1280, "height": 900}
LISTS = [
    "groups/",
    "groups/new/",
    "authentication/",
    "authentication/providers/new/",
    "end-users/",
    "end-users/add/",
    "provisioning-activity/",
    "provisioning-activity/requests/",
]


@pytest.fixture(autouse=True)
def without_complaints_of_axe(page: Page, console_errors: list[str]) -> Iterator[None]:
    """axe tries inline styles and imports of its own, which the page's policy refuses."""
    yield
    console_errors.clear()


@pytest.fixture
def signed_in(page: Page, server: Server) -> Page:
    Acme(page, server.demo()).sign_in("owner")
    return page


def check(page: Page, path: str) -> None:
    """Open the page and hold it to the rules, both schemes, wide and narrow."""
    page.goto(path)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            report = Axe().run(page)
            assert report.violations_count == 0, f"{path}, {scheme}, {size['width']} px:\n{report.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], f"{path} scrolls sideways"


@pytest.mark.parametrize("path", LISTS)
def test_lists_and_forms_are_accessible(signed_in: Page, path: str):
    check(signed_in, f"/workspaces/acme/prod/{path}")


def test_the_sign_in_page_is_accessible(page: Page):
    check(page, "/sign-in/")


def test_the_pages_of_a_provider_are_accessible(signed_in: Page, server: Server):
    provider = next(one for one in server.demo()["environments"][2]["providers"] if one["scim"])
    base = f"/workspaces/acme/prod/authentication/providers/{provider['id']}/"
    for path in ("", "connection/", "certificates/", "provisioning/", "remove/"):
        check(signed_in, base + path)


@pytest.mark.parametrize(("path", "link"), [("end-users/", "Bashir Haddad"), ("groups/", "Support")])
def test_the_pages_of_one_thing_are_accessible(signed_in: Page, path: str, link: str):
    signed_in.goto(f"/workspaces/acme/prod/{path}")
    signed_in.get_by_role("link", name=link).click()
    expect(signed_in.get_by_role("heading", level=1)).to_contain_text(link)
    check(signed_in, signed_in.url)


def test_the_request_inspector_is_accessible(signed_in: Page):
    signed_in.goto("/workspaces/acme/prod/provisioning-activity/requests/?result=failed")
    signed_in.get_by_role("main").get_by_role("link").filter(has_text="/").first.click()
    check(signed_in, signed_in.url)

"""The page of the look, and what end users see without one."""

from playwright.sync_api import Page, expect

from tests.browser.accessibility import hold_to_the_rules
from tests.browser.conftest import Check
from tests.browser.steps import Console
from tests.server import Server


def test_the_default_look_is_accessible_and_follows_the_reader(page: Page, check: Check):
    check("/sign-in/globex/prod/password/forgotten/")
    check("/sign-in/globex/prod/")
    form = page.get_by_role("main")
    page.emulate_media(color_scheme="light")
    expect(form).to_have_css("background-color", "rgb(255, 255, 255)")
    page.emulate_media(color_scheme="dark")
    expect(form).to_have_css("background-color", "rgb(24, 24, 27)")


def test_the_page_and_its_mistakes_are_accessible(page: Page, check: Check, server: Server, console_errors: list[str]):
    Console(page, server.demo()).sign_in("owner")
    check("/workspaces/acme/prod/login-experience/reset/")
    check("/workspaces/acme/prod/login-experience/")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_label("Form background", exact=True).fill("red")
    page.get_by_label("App name").fill("Typed before")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("group", name="What to correct")).to_contain_text("Write the color as #")
    expect(page.get_by_label("App name")).to_have_value("Typed before")
    hold_to_the_rules(page)
    console_errors.clear()


def test_a_picker_and_its_text_say_the_same(page: Page, server: Server):
    Console(page, server.demo()).sign_in("owner")
    page.goto("/workspaces/acme/prod/login-experience/")
    text, picker = page.get_by_label("Brand color", exact=True), page.get_by_label("Brand color, picker")
    text.fill("a0c")
    expect(picker).to_have_value("#aa00cc")
    picker.fill("#123456")
    expect(text).to_have_value("#123456")


def test_a_viewer_can_look_and_not_change(page: Page, check: Check, server: Server):
    Console(page, server.demo()).sign_in("viewer")
    check("/workspaces/acme/prod/login-experience/")
    expect(page.get_by_label("App name")).to_be_disabled()
    expect(page.get_by_role("button", name="Save changes")).to_have_count(0)

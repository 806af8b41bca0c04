"""Your account in a browser: another address, and the theme."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Check
from tests.factories import PASSWORD
from tests.server import Server


def test_the_address_changes_by_a_mailed_link_and_the_theme_at_once(page: Page, server: Server, check: Check):
    program = f"from workspace.models import User; User.objects.create_user('moves@example.com', {PASSWORD!r})"
    server.commands.run("shell", "-c", program)
    page.goto("/sign-in/?next=/account/")
    page.get_by_label("Email").fill("moves@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Theme").select_option("Dark")
    page.get_by_role("button", name="Save theme").click()
    expect(page.locator("html")).to_have_css("color-scheme", "dark")
    page.get_by_role("link", name="Change address").click()
    expect(page.get_by_label("New email address")).to_be_visible()
    check(page.url)
    page.get_by_label("New email address").fill("moved@example.com")
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_role("main")).to_contain_text("If moved@example.com can be your address")
    page.goto(server.mailed_link("moved@example.com"))
    check(page.url)
    page.get_by_role("button", name="Change address").click()
    expect(page.get_by_role("status").first).to_contain_text("Your address is moved@example.com now.")
    check("/account/")
    check("/account/password/")

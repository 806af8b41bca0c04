"""Second factors of an account in a browser, without JavaScript and where a workspace requires one."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import hold_to_the_rules
from tests.browser.conftest import TIMEOUT_MS
from tests.browser.steps import give_authenticator
from tests.factories import PASSWORD
from tests.server import Server
from workspace.one_time_codes import SECONDS, code_at


def account_of(server: Server, name: str) -> str:
    """An account of its own, because a second factor changes how it signs in."""
    email = f"{name}@example.com"
    program = f"from workspace.models import User; User.objects.create_user({email!r}, {PASSWORD!r})"
    server.commands.run("shell", "-c", program)
    return email


def give_password(page: Page, email: str, at: str = "/sign-in/?next=/account/") -> None:
    page.goto(at)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.fixture
def at_localhost(chromium: Browser, server: Server) -> Iterator[Page]:
    """A browser with an authenticator. Passkeys belong to a domain, and an IP address is none."""
    context = chromium.new_context(base_url=server.origin.replace("127.0.0.1", "localhost"))
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    give_authenticator(page)
    yield page
    context.close()


@pytest.mark.browser
def test_without_javascript_no_passkey_is_offered_and_the_code_is_asked_for(chromium: Browser, server: Server):
    origin = server.origin.replace("127.0.0.1", "localhost")
    with chromium.new_context(base_url=origin, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/sign-in/")
        expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
        give_password(page, account_of(server, "without-script"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
        page.goto("/account/passkeys/add/")
        expect(page.get_by_role("main")).to_contain_text("Passkeys need JavaScript")
        page.goto("/account/two-step/")
        key = page.get_by_label("Text key", exact=True).input_value().replace(" ", "")
        page.get_by_label("Code from").fill(code_at(key, int(time.time()) // SECONDS))
        page.get_by_role("button", name="Turn on").click()
        expect(page.get_by_role("main")).to_contain_text("Two-step verification is on.")


@pytest.mark.browser
def test_an_owner_requires_a_second_factor_and_a_colleague_is_led_to_it(at_localhost: Page, server: Server):
    page = at_localhost
    server.commands.run("shell", "-c", GUARDED)
    give_password(page, "owner@guarded.example", at="/sign-in/?next=/workspaces/guarded/prod/access-control/")
    page.get_by_role("link", name="Turn on the requirement").click()
    expect(page.get_by_role("main")).to_contain_text("Set up a second factor of your own first.")
    hold_to_the_rules(page)
    page.get_by_role("link", name="Set up", exact=True).click()
    expect(page.get_by_role("link", name="Add passkey")).to_be_visible()
    hold_to_the_rules(page)
    add_passkey(page, "MacBook")
    expect(page.get_by_role("main")).to_contain_text("1 administrator has no second factor yet.")
    hold_to_the_rules(page)
    page.get_by_role("button", name="Require a second factor").click()
    expect(page.get_by_role("status").first).to_contain_text("Guarded requires a second factor")
    sign_out(page)
    give_password(page, "owner@guarded.example", at="/sign-in/?next=/workspaces/guarded/prod/groups/")
    expect(page.get_by_role("main")).to_contain_text("You signed in with your password alone.")
    hold_to_the_rules(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Authentication & Groups")
    sign_out(page)
    give_password(page, "viewer@guarded.example", at="/sign-in/?next=/workspaces/guarded/prod/groups/")
    expect(page.get_by_role("main")).to_contain_text("A second factor is required for Guarded.")
    hold_to_the_rules(page)
    page.get_by_role("link", name="Set up an authenticator app").click()
    key = page.get_by_label("Text key", exact=True).input_value().replace(" ", "")
    page.get_by_label("Code from").fill(code_at(key, int(time.time()) // SECONDS))
    page.get_by_role("button", name="Turn on").click()
    page.get_by_role("link", name="I have saved them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Authentication & Groups")


GUARDED = """
from tests import factories
guarded = factories.workspace("guarded")
for role in ("owner", "viewer"):
    factories.administrator(guarded, role)
"""


def add_passkey(page: Page, name: str) -> None:
    page.get_by_role("link", name="Add passkey").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add passkey").click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Workspace admin")

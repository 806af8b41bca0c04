"""An owner invites a colleague, who joins in another browser; roles change and end. By role and label only."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessibility import hold_to_the_rules
from tests.browser.conftest import Check
from tests.browser.steps import Console
from tests.server import Server

PASSPHRASE = "violet tractor seven"


@pytest.fixture
def elsewhere(chromium: Browser, server: Server) -> Iterator[BrowserContext]:
    """Another browser."""
    with chromium.new_context(base_url=server.origin) as context:
        yield context


@pytest.fixture
def console(page: Page, server: Server) -> Console:
    """The console, in which acme's owner is signed in."""
    console = Console(page, server.demo())
    console.sign_in("owner")
    page.get_by_role("link", name="Access control").click()
    return console


def invite(console: Console, server: Server, role: str) -> tuple[str, str]:
    """Invite somebody; the address and the link."""
    page, address = console.page, f"{console.fresh('colleague').replace(' ', '-')}@acme.example"
    page.get_by_role("link", name="Invite administrator").click()
    page.get_by_label("Email address").fill(address)
    page.get_by_role("radio", name=re.compile(f"^{role}")).check()
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_role("status").first).to_contain_text(f"An invitation is on its way to {address}.")
    return address, server.mailed_link(address)


def join(page: Page, link: str, role: str) -> None:
    """Accept an invitation as somebody without an account."""
    page.goto(link)
    page.get_by_label("Full name").fill("Colette Colleague")
    page.get_by_label("New password", exact=True).fill(PASSPHRASE)
    page.get_by_label("New password again").fill(PASSPHRASE)
    page.get_by_role("button", name="Create account and join").click()
    expect(page.get_by_role("status").first).to_contain_text(f"Welcome to Acme. You are {role} here.")


def row(page: Page, address: str):
    return page.get_by_role("row").filter(has_text=address)


def choose(page: Page, address: str, item: str) -> None:
    """Choose from the menu of somebody's row."""
    page.get_by_role("button", name=f"Actions for {address}").click()
    page.get_by_role("link", name=item, exact=True).locator("visible=true").click()


def test_an_owner_invites_a_second_owner_changes_the_role_and_removes_them(console, server, elsewhere):
    page, theirs = console.page, elsewhere.new_page()
    address, link = invite(console, server, "Owner")
    expect(row(page, address)).to_contain_text("Waiting")
    join(theirs, link, "Owner")
    theirs.get_by_role("link", name="Access control").click()
    expect(row(theirs, address)).to_contain_text("You")

    page.reload()
    expect(row(page, address)).to_contain_text("Colette Colleague")
    choose(page, address, "Change role")
    page.get_by_role("radio", name=re.compile("^Viewer")).check()
    page.get_by_role("button", name="Save role").click()
    expect(row(page, address)).to_contain_text("Viewer")
    theirs.reload()
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Sign in to Workspace admin")
    theirs.get_by_label("Email").fill(address)
    theirs.get_by_label("Password").fill(PASSPHRASE)
    theirs.get_by_role("button", name="Sign in").click()
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Access control")
    expect(theirs.get_by_role("link", name="Invite administrator")).to_have_count(0)

    choose(page, address, "Remove")
    expect(page.get_by_role("main")).to_contain_text(f"{address} can no longer open Acme, and is signed out at once.")
    page.get_by_role("button", name="Remove administrator").click()
    expect(page.get_by_role("alert")).to_contain_text(f"{address} was removed from Acme")
    theirs.reload()
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Sign in to Workspace admin")


def test_a_link_that_is_opened_as_somebody_else_offers_to_change_the_account(console, server, elsewhere):
    address, link = invite(console, server, "Viewer")
    console.page.goto(link)
    expect(console.page.get_by_role("main")).to_contain_text(f"This invitation is for {address}.")
    expect(console.page.get_by_role("main")).to_contain_text("You are signed in as owner@acme.example.")
    hold_to_the_rules(console.page)
    console.page.get_by_role("button", name=f"Sign out and go on as {address}").click()
    expect(console.page.get_by_label("Full name")).to_be_visible()


def test_an_invitation_is_sent_again_and_withdrawn(console, server, elsewhere):
    page, theirs = console.page, elsewhere.new_page()
    address, old = invite(console, server, "Admin")
    page.get_by_role("button", name=f"Actions for the invitation of {address}").click()
    page.get_by_role("button", name="Send again").locator("visible=true").click()
    expect(page.get_by_role("status").first).to_contain_text("The link of the old mail no longer works.")
    theirs.goto(old)
    expect(theirs.get_by_role("main")).to_contain_text("a newer invitation has replaced it")
    newest = server.mailed_link(address)
    theirs.goto(newest)
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Join Acme")
    hold_to_the_rules(theirs)
    page.get_by_role("button", name=f"Actions for the invitation of {address}").click()
    page.get_by_role("button", name="Withdraw").locator("visible=true").click()
    expect(row(page, address)).to_have_count(0)
    theirs.goto(newest)
    expect(theirs.get_by_role("main")).to_contain_text("This invitation was withdrawn.")
    hold_to_the_rules(theirs)


def test_the_pages_of_access_control_are_accessible(console, server, check: Check):
    address, _ = invite(console, server, "Viewer")
    home = console.page.url
    check(home)
    check(f"{home}invitations/new/")
    check(f"{home}leave/")
    check(f"{home}?q=nobody")
    check(f"{home}rename/")
    check(f"{home}remove/")
    console.page.goto(home)
    choose(console.page, "viewer@acme.example", "Change role")
    expect(console.page).to_have_url(re.compile("/role/$"))
    check(console.page.url)
    check(console.page.url.replace("/role/", "/remove/"))
    console.page.goto(f"{home}invitations/new/")
    console.page.get_by_label("Email address").fill(address)
    console.page.get_by_role("button", name="Send invitation").click()
    expect(console.page.get_by_role("group", name="What to correct")).to_be_focused()
    hold_to_the_rules(console.page)


def test_an_owner_removes_a_workspace_and_takes_it_back(page, server, elsewhere):
    console = Console(page, server.demo(), "globex")
    console.sign_in("owner")
    page.get_by_role("link", name="Access control").click()
    page.get_by_role("link", name="Remove workspace").click()
    page.get_by_role("button", name="Remove this workspace").click()
    expect(page.get_by_role("group", name="What to correct")).to_be_focused()
    page.get_by_label("Type Globex to confirm").fill("Globex")
    page.get_by_role("button", name="Remove this workspace").click()
    try:
        expect(page.get_by_role("heading", level=1)).to_have_text("Globex was removed")
        hold_to_the_rules(page)
        assert elsewhere.new_page().goto("/sign-in/globex/prod/").status == 404
    finally:
        page.get_by_role("button", name="Take Globex back").click()
    expect(page.get_by_role("status").first).to_contain_text("Globex is open again, as it was.")


def test_an_owner_lets_somebody_bypass_sso_and_ends_it(console: Console, check: Check):
    page = console.page
    page.get_by_role("link", name="Open who may bypass SSO").click()
    page.get_by_role("link", name="Add person").click()
    page.get_by_label("Search").fill("haddad")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="Choose Bashir Haddad").click()
    expect(page.get_by_label("Reason")).to_be_visible()
    check(page.url)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("main")).to_contain_text("Enter a reason.")
    page.get_by_label("Reason").fill("On call")
    page.get_by_label("Last day").fill((datetime.now(UTC) + timedelta(days=3)).date().isoformat())
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status").first).to_contain_text("Bashir Haddad may bypass SSO")
    check(page.url)
    page.get_by_role("link", name="End the permission of Bashir Haddad").click()
    expect(page.get_by_role("button", name="End permission")).to_be_visible()
    check(page.url)
    page.get_by_role("button", name="End permission").click()
    expect(page.get_by_role("main")).to_contain_text("The permission has ended")


def test_an_owner_adds_moves_and_removes_an_environment(console: Console, check: Check):
    page, name = console.page, console.fresh("Stage")
    page.get_by_role("button", name=re.compile("^Environment")).click()
    page.get_by_role("link", name="Manage environments").click()
    page.get_by_role("link", name="Add environment").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Short name for URLs").fill("a b")
    page.get_by_role("button", name="Add environment").click()
    expect(page.get_by_role("main")).to_contain_text("Use the letters a to z")
    check(page.url)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Colour").select_option("Pink")
    page.get_by_role("button", name="Add environment").click()
    expect(page.get_by_role("status").first).to_contain_text(f"{name} is added.")
    expect(page.get_by_role("button", name=re.compile("^Environment"))).to_contain_text(name)
    page.get_by_role("button", name=f"Move up {name}").click()
    expect(page.get_by_role("button", name=f"Move down {name}")).to_be_visible()
    check(page.url)
    page.get_by_role("button", name=name).last.click()
    page.get_by_role("link", name="Remove", exact=True).click()
    page.get_by_label("to confirm").fill(name)
    check(page.url)
    page.get_by_label("to confirm").fill(name)
    page.get_by_role("button", name="Remove environment").click()
    expect(page.get_by_role("main")).to_contain_text(f"{name} is removed.")

"""An owner changes many people at once, without JavaScript and by the keyboard alone."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import hold_to_the_rules
from tests.browser.steps import Console
from tests.server import Server

_MAKE = """
from tests.workspace.crowds import add_named
add_named({name!r}, 60)
"""


@pytest.fixture
def crowd(page: Page, server: Server) -> str:
    """The family name of sixty people in acme's DEV, where there is a group of that name by hand."""
    name = Console(page, server.demo()).fresh("Fam").replace(" ", "").replace("-", "x")
    server.commands.run("shell", "-c", _MAKE.format(name=name))
    return name


def choose(page: Page, what: str) -> None:
    page.get_by_label("What to do with the selected people").select_option(label=what)
    page.get_by_role("button", name="Continue").click()


def test_all_that_match_without_script_and_undone_from_the_message(chromium: Browser, server: Server, crowd: str):
    with chromium.new_context(base_url=server.origin, java_script_enabled=False) as context:
        page = context.new_page()
        Console(page, server.demo()).sign_in("owner")
        page.goto(f"/workspaces/acme/dev/end-users/?q={crowd}")
        expect(page.get_by_label("Select all on this page")).to_be_hidden()
        page.get_by_label(f"Select Person 07 {crowd}").check()
        page.get_by_label("All 60 that match").check()
        choose(page, "Deactivate")
        expect(page.get_by_role("main")).to_contain_text("60 people will be deactivated in all environments.")
        page.get_by_role("button", name="Deactivate").click()
        expect(page.get_by_role("alert")).to_contain_text("60 people were deactivated")
        expect(page.get_by_role("cell", name="Deactivated")).to_have_count(50)
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("status").filter(has_text="60 people are active again.")).to_be_visible()


def test_the_keyboard_alone_is_enough(page: Page, server: Server, crowd: str):
    Console(page, server.demo()).sign_in("owner")
    page.goto(f"/workspaces/acme/dev/end-users/?q={crowd}")
    page.get_by_label("Select all on this page").press("Space")
    page.get_by_label(f"Select Person 01 {crowd}").press("Space")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(49)
    menu = page.get_by_label("What to do with the selected people")
    menu.focus()
    menu.press_sequentially("Invite")
    menu.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Invite")
    expect(page.get_by_role("main")).to_contain_text(re.compile("49 people (will get a mail|need no password)"))


def test_the_list_is_accessible_with_a_selection(page: Page, server: Server, crowd: str):
    Console(page, server.demo()).sign_in("owner")
    page.goto(f"/workspaces/acme/dev/end-users/?q={crowd}&sort=-sign-in")
    page.get_by_label("Select all on this page").check()
    hold_to_the_rules(page)

"""What a new owner does first in an empty installation, each part in few actions and with only what the screen shows.

Nothing is opened by its address but links that are printed or mailed.
"""

import contextlib
import io
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.accessibility import WIDE, hold_to_the_rules
from tests.browser.conftest import TIMEOUT_MS
from tests.browser.newcomer import Newcomer
from tests.browser.steps import give_authenticator
from tests.server import Server, released, running
from workspace.one_time_codes import SECONDS, code_at

MOST_ACTIONS = 12
ADA, BO = "ada@acme.example", "bo@acme.example"
PASSPHRASE = "violet tractor seven"
FOOTER = "## Help\n\n- [Privacy](https://example.com/privacy)\n- [Terms](https://example.com/terms)"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """An empty installation. Passkeys belong to a domain, and an IP address is none."""
    with released(tmp_path / "server", host="localhost") as server:
        yield server


@pytest.fixture
def accessible(page: Page, console_errors: list[str]) -> Callable[[], None]:
    """Return a function that checks the page as it stands."""

    def check() -> None:
        assert console_errors == []
        hold_to_the_rules(page)
        page.set_viewport_size(WIDE)
        console_errors.clear()  # axe tries inline styles and imports, which the page's policy refuses

    return check


def test_each_first_task_of_a_new_owner_takes_few_actions(
    page: Page, server: Server, chromium: Browser, accessible: Callable[[], None]
):
    printed = server.commands.run("bootstrap", "--workspace", "Acme", "--owner", ADA)
    give_authenticator(page)
    page.set_viewport_size(WIDE)
    with running(server), chromium.new_context() as elsewhere:
        elsewhere.set_default_timeout(TIMEOUT_MS)
        ada, bo = Newcomer(page), Newcomer(elsewhere.new_page())
        with few_actions(ada):
            set_password(ada, link_in(printed))
        with few_actions(ada):
            invite_second_owner(ada)
        with few_actions(bo):
            accept(bo, server.mailed_link(BO))
        with few_actions(ada):
            key = set_up_two_step(ada, accessible)
        with few_actions(ada):
            sign_in_with_code(ada, key, accessible)
        with few_actions(ada):
            add_passkey_and_sign_in_with_it(ada)
        with few_actions(ada):
            brand_sign_in_page(ada, accessible)
        with few_actions(ada):
            import_500_people(ada, accessible)
        with few_actions(ada):
            give_fifty_a_group(ada, accessible)
        with few_actions(bo):
            find_who_did_it(bo)
        with few_actions(bo):
            take_it_back(bo)


@contextlib.contextmanager
def few_actions(someone: Newcomer) -> Iterator[None]:
    before = someone.actions
    yield
    assert someone.actions - before <= MOST_ACTIONS


def link_in(text: str) -> str:
    found = re.search(r"http\S+token=\S+", text)
    assert found, text
    return found[0]


def sign_in(me: Newcomer, address: str) -> None:
    me.enter("Email address", address)
    me.enter("Password", PASSPHRASE)
    me.press("Sign in")


def set_password(me: Newcomer, link: str) -> None:
    me.visit(link)
    me.enter("New password", PASSPHRASE)
    me.enter("New password again", PASSPHRASE)
    me.press("Set password")
    sign_in(me, ADA)
    me.reads("The first steps in DEV.")


def invite_second_owner(me: Newcomer) -> None:
    me.follow("Access control")
    me.follow("Invite administrator")
    me.enter("Email address", BO)
    me.tick(re.compile("^Owner"))
    me.press("Send invitation")
    me.reads(f"An invitation is on its way to {BO}.")


def accept(me: Newcomer, link: str) -> None:
    me.visit(link)
    me.enter("Full name", "Bo Lund")
    me.enter("New password", PASSPHRASE)
    me.enter("New password again", PASSPHRASE)
    me.press("Create account and join")
    me.reads("Welcome to Acme. You are Owner here.")


def open_account(me: Newcomer) -> None:
    me.press(re.compile("^Account of"))
    me.follow("Your account")


def set_up_two_step(me: Newcomer, accessible: Callable[[], None]) -> str:
    """Return the key of the authenticator app."""
    open_account(me)
    me.follow("Set up two-step verification")
    key = me.copy("Text key").replace(" ", "")
    accessible()
    me.enter("Code from your authenticator app", "000000")
    me.press("Turn on")
    me.reads("This code is not right.")
    me.enter("Code from your authenticator app", code_at(key, int(time.time()) // SECONDS))
    me.press("Turn on")
    expect(me.page.get_by_label("Recovery codes")).to_have_text(re.compile(r"\s*(\S+\s+){9}\S+\s*"))
    me.follow("I have saved them")
    me.reads("10 unused")
    accessible()
    return key


def sign_in_with_code(me: Newcomer, key: str, accessible: Callable[[], None]) -> None:
    me.press("Sign out everywhere")
    sign_in(me, ADA)
    expect(me.page.get_by_label("Code from your authenticator app")).to_be_visible()
    accessible()
    # The code before this one is used up, and the next one is taken too.
    me.enter("Code from your authenticator app", code_at(key, int(time.time()) // SECONDS + 1))
    me.press("Continue")
    expect_last_page(me)


def expect_last_page(me: Newcomer) -> None:
    """The workspace opens where its administrator was last."""
    expect(me.page.get_by_role("heading", level=1)).to_have_text("Access control")


def add_passkey(me: Newcomer) -> None:
    me.follow("Add passkey")
    me.enter("Name", "MacBook")
    me.press("Add passkey")


def add_passkey_and_sign_in_with_it(me: Newcomer) -> None:
    open_account(me)
    add_passkey(me)
    me.reads("The passkey MacBook is added.")
    add_passkey(me)
    expect(me.page.get_by_role("alert")).to_have_text("This device has a passkey of your account already.")
    me.follow("Cancel")
    me.press("Sign out everywhere")
    me.press("Sign in with a passkey")
    expect_last_page(me)


def logo() -> FilePayload:
    file = io.BytesIO()
    Image.new("RGB", (400, 100), (160, 30, 90)).save(file, "PNG")
    return {"name": "logo.png", "mimeType": "image/png", "buffer": file.getvalue()}


def brand_sign_in_page(me: Newcomer, accessible: Callable[[], None]) -> None:
    me.follow("Login experience")
    me.enter("App name", "Acme Portal")
    me.give("Logo", logo())
    me.enter("Login form footer", FOOTER)
    me.enter("Brand color", "#e8a0c0")
    me.press("Preview")
    narrow = me.page.frame_locator("iframe[title=Narrow]")
    expect(narrow.get_by_role("heading", name="Sign in to Acme Portal", include_hidden=True)).to_be_attached()
    me.reads("Secondary text color on Brand color has a contrast of")
    me.press(re.compile("^Use #"))
    me.press("Save changes")
    me.reads("End users of DEV see the new look now.")
    me.follow("Sign-in page")
    see_branded_page(me.page)
    accessible()
    me.back()


def see_branded_page(page: Page) -> None:
    expect(page.get_by_role("heading", name="Sign in to Acme Portal")).to_be_visible()
    # The logo is a request of its own, which may end after the page is there.
    expect(page.get_by_role("img", name="Acme Portal")).to_have_js_property("naturalWidth", 400)
    button = page.get_by_role("button", name="Sign in", exact=True)
    expect(button).to_have_css("background-color", "rgb(232, 160, 192)")
    page.emulate_media(color_scheme="dark")
    expect(page.get_by_role("main")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.get_by_role("link", name="Privacy")).to_have_attribute("rel", "noopener noreferrer")


def people() -> FilePayload:
    """500 lines, of which three hold a mistake."""
    lines = [f"Person {place:03};person{place}@acme.example;;44" for place in range(500)]
    lines[10] = "No Address;nowhere;;44"
    lines[20] = "Twin;PERSON19@acme.example;;44"
    lines[30] = "Lost;person30@acme.example;No such group;44"
    text = "\n".join(["Name;E-Mail;Groups;Shoe size", *lines])
    return {"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode("utf-8-sig")}


def import_500_people(me: Newcomer, accessible: Callable[[], None]) -> None:
    me.follow("End users")
    me.follow("Import CSV")
    me.give("CSV file", people())
    me.press("Upload")
    expect(me.page.get_by_role("button", name="Check the lines")).to_be_visible()
    accessible()
    me.press("Check the lines")
    me.reads("497 people will be created or changed.")
    me.reads("Shoe size")
    accessible()
    me.select("Outcome", "Refused")
    me.press("Filter")
    expect(me.page.get_by_role("row").filter(has_text="Refused")).to_have_count(3)
    me.reads("Line 21 has the same address.")
    me.press("Import 497 people")
    expect(me.page.get_by_text("Imported", exact=True)).to_be_visible()
    accessible()
    with me.page.expect_download() as download:
        me.follow("Download report")
    assert "There is no group No such group" in Path(download.value.path()).read_text()
    me.follow("Show end users")
    expect(me.page.get_by_role("link", name="Person 000")).to_be_visible()


def give_fifty_a_group(me: Newcomer, accessible: Callable[[], None]) -> None:
    me.follow("End users")
    me.tick("Select Person 000")
    every = me.page.get_by_label("Select all on this page")
    expect(every).to_be_checked(indeterminate=True)
    me.tick("Select all on this page")
    expect(me.page.get_by_role("checkbox", checked=True)).to_have_count(51)
    me.select("What to do with the selected people", "Add to group")
    me.press("Continue")
    me.follow("Create end-user group")
    me.enter("Group name", "Support")
    me.press("Create group")
    me.reads("50 people will be added to Support.")
    accessible()
    me.press("Add to group")
    me.reads("50 people were added to Support.")


def find_who_did_it(me: Newcomer) -> None:
    me.follow("Audit log")
    row = me.page.get_by_role("row").filter(has_text="added 50 people to the group Support")
    row.get_by_role("link").last.click()
    me.actions += 1
    me.reads(ADA)


def take_it_back(me: Newcomer) -> None:
    me.follow("Take back")
    me.reads("50 people will no longer be in Support.")
    hold_to_the_rules(me.page)
    me.press("Remove from group")
    expect(me.page.get_by_role("alert").filter(has_text="50 people were removed from Support.")).to_be_visible()
    me.press("Undo")
    me.reads("50 people were added to Support.")

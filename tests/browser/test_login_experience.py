"""How somebody who sees only the screen brands a sign-in page."""

import io
import re

from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.accessibility import hold_to_the_rules
from tests.browser.conftest import Check
from tests.browser.steps import Console
from tests.server import Server

FOOTER = "## Help\n\n- [Privacy](https://example.com/privacy)\n- [Terms](https://example.com/terms)"


def logo() -> FilePayload:
    file = io.BytesIO()
    Image.new("RGB", (400, 100), (160, 30, 90)).save(file, "PNG")
    return {"name": "logo.png", "mimeType": "image/png", "buffer": file.getvalue()}


def colour_of(page: Page, selector: str, which: str = "backgroundColor") -> str:
    return page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{which}")


def test_a_sign_in_page_gets_a_look_in_few_actions(page: Page, check: Check, server: Server):
    console = Console(page, server.demo(), "globex")
    console.sign_in("owner")
    sign_in_url = f"{server.origin}/sign-in/globex/test/"
    page.goto("/workspaces/globex/test/groups/")

    page.get_by_role("link", name="Login experience").click()
    page.get_by_label("App name").fill("Globex Portal")
    page.get_by_label("Logo", exact=True).set_input_files(logo())
    page.get_by_label("Login form footer").fill(FOOTER)
    page.get_by_label("Brand color", exact=True).fill("#e8a0c0")
    page.get_by_role("button", name="Preview").click()
    narrow = page.frame_locator("iframe[title=Narrow]")
    expect(narrow.get_by_role("heading", name="Sign in to Globex Portal", include_hidden=True)).to_be_attached()
    expect(page.get_by_text("Secondary text color on Brand color has a contrast of")).to_be_visible()

    # End users see nothing of it yet.
    other = page.context.new_page()
    other.goto(sign_in_url)
    expect(other.get_by_role("heading", name="Sign in to Globex", exact=True)).to_be_visible()

    page.get_by_role("button", name=re.compile("^Use #")).click()
    expect(page.get_by_text("Secondary text color on Brand color")).to_have_count(0)
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("End users of TEST see the new look now.")).to_be_visible()

    other.goto(sign_in_url)
    expect(other.get_by_role("heading", name="Sign in to Globex Portal")).to_be_visible()
    expect(other.get_by_role("img", name="Globex Portal")).to_be_visible()
    assert other.get_by_role("img", name="Globex Portal").evaluate("image => image.naturalWidth") == 400
    assert colour_of(other, ".button-primary") == "rgb(232, 160, 192)"
    expect(other.get_by_role("link", name="Privacy")).to_have_attribute("rel", "noopener noreferrer")
    other.close()

    check(sign_in_url)
    check(f"{sign_in_url}password/forgotten/")
    page.emulate_media(color_scheme="dark")
    assert colour_of(page, "main") == "rgb(255, 255, 255)"
    check("/workspaces/globex/test/login-experience/reset/")
    page.get_by_role("button", name="Reset to default").click()
    expect(page.get_by_text("End users see the default look now.")).to_be_visible()


def test_the_default_look_is_accessible_and_follows_the_reader(page: Page, check: Check):
    check("/sign-in/globex/prod/")
    page.emulate_media(color_scheme="light")
    assert colour_of(page, "main") == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert colour_of(page, "main") == "rgb(24, 24, 27)"


def test_the_page_and_its_mistakes_are_accessible(page: Page, check: Check, server: Server, console_errors: list[str]):
    Console(page, server.demo()).sign_in("owner")
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

"""An end user's way in with a password, and what an administrator sees of it."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Check
from tests.browser.steps import Console
from tests.server import Server


def test_a_person_with_a_password_signs_in_and_out(page: Page, check: Check, server: Server):
    demo = server.demo()
    # In globex, where no other test sets up a provider, after which the page asks for the address first.
    person = next(each for each in demo["end_users"] if each["email"].endswith("@globex.example"))
    sign_in_url = f"{server.origin}/sign-in/globex/dev/"
    check(sign_in_url)
    page.get_by_label("Email address").fill(person["email"])
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    id_of_attempt = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
    mistake = page.get_by_role("group", name="What to correct")
    expect(mistake).to_contain_text(id_of_attempt)
    reference = id_of_attempt.findall(mistake.inner_text())[0]
    page.get_by_label("Password").fill(person["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(person["email"]).first).to_be_visible()
    check(page.url)
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_have_count(0)
    page.goto(f"{sign_in_url}account/")
    expect(page.get_by_label("Password")).to_be_visible()

    Console(page, demo, "globex").sign_in("viewer")
    page.goto(f"/workspaces/globex/dev/sign-in-attempts/?q={reference}")
    expect(page.get_by_role("main")).to_contain_text(person["email"])
    check(page.url)

"""Someone new gets from what `make run` prints to a person who is signed in by a provider of their own.

Someone new once needed 70 actions, and a restart.
"""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Check
from tests.browser.newcomer import Newcomer

MOST_ACTIONS = 40


def test_the_page_of_a_new_provider_keeps_the_rules(check: Check, practice_idp: dict[str, Any]):
    check(f"{practice_idp['practice_idp']['origin']}/new")
    check(f"{practice_idp['practice_idp']['origin']}/new?for=acme.dev")


def test_from_the_first_page_to_somebody_signed_in_by_a_new_provider(page: Page, practice_idp: dict[str, Any]):
    me = Newcomer(page)
    owner = next(each for each in practice_idp["administrators"] if each["email"] == "owner@acme.example")

    me.visit(practice_idp["origin"])
    me.enter("Email address", owner["email"])
    me.enter("Password", owner["password"])
    me.press("Sign in")
    me.follow("Authentication & Groups")
    me.follow("Authentication")
    me.switch_on("SAML-based SSO authentication")
    me.follow(re.compile("Set up new provider$"))
    me.enter("Identity provider (IdP) name", "First IdP")
    me.press("Next")

    me.follow("Play a new provider")
    me.reads("acme DEV")
    metadata_url = me.copy("Metadata URL")
    me.back()
    me.enter("Metadata URL", metadata_url)
    me.press("Set up")
    me.reads("First IdP")
    me.follow(re.compile("^Set up First IdP"))
    me.select("Provisioning method", "JIT provisioning")
    me.press("Save")

    me.visit(practice_idp["practice_idp"]["origin"])
    me.follow("acme DEV")
    me.enter("Email address", "nora.comer@acme.example")
    me.press("Continue")
    me.follow("Continue with First IdP")
    expect(page.get_by_role("radio", name="Nora Comer")).to_be_checked()
    me.press("Continue")
    me.press("Send to Workspace admin")
    me.reads("Nora Comer")
    me.reads("You are signed in")
    assert me.actions <= MOST_ACTIONS

"""Someone new gets from what `make run` prints to a person who is signed in by a provider of their own.

They read labels only. Every visit, press and entry is an action; someone new once needed 70 of them, and a restart.
"""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Check

MOST_ACTIONS = 40


class Newcomer:
    """A person who reads labels, and whose actions are counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.actions = page, 0

    def visit(self, address: str) -> None:
        self.page.goto(address)
        self.actions += 1

    def back(self) -> None:
        self.page.go_back()
        self.actions += 1

    def press(self, label: str | re.Pattern[str], role: Any = "button") -> None:
        self._shown(self.page.get_by_role(role, name=label, exact=True)).click()
        self.actions += 1

    def follow(self, label: str | re.Pattern[str]) -> None:
        self.press(label, "link")

    def enter(self, label: str, text: str) -> None:
        self._shown(self.page.get_by_label(label, exact=True)).fill(text)
        self.actions += 1

    def switch_on(self, label: str) -> None:
        """Press a switch, unless another test of this server has done so."""
        if self.page.get_by_role("switch", name=label, exact=True).get_attribute("aria-checked") == "false":
            self.press(label, "switch")

    def select(self, label: str, answer: str) -> None:
        self.page.get_by_label(label, exact=True).select_option(label=answer)
        self.actions += 1

    def copy(self, label: str) -> str:
        self.actions += 1
        return self.page.get_by_label(label, exact=True).input_value()

    def reads(self, text: str) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def _shown(self, found: Locator) -> Locator:
        return found.locator("visible=true")


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

"""Somebody who sees only the screen."""

import re
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page, expect


class Newcomer:
    """A person who reads labels, and whose actions are counted: each visit, press, entry and choice is one."""

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

    def give(self, label: str, file: FilePayload) -> None:
        self.page.get_by_label(label, exact=True).set_input_files(file)
        self.actions += 1

    def tick(self, label: str | re.Pattern[str]) -> None:
        self.page.get_by_label(label, exact=True).check()
        self.actions += 1

    def switch_on(self, label: str) -> None:
        """Press a switch, unless another test of this server has done so."""
        switch = self.page.get_by_role("switch", name=label, exact=True)
        if switch.get_attribute("aria-checked") == "false":
            self.press(label, "switch")
        expect(switch).to_have_attribute("aria-checked", "true")

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

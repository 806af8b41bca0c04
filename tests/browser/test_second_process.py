"""scim2-cli, a program that knows nothing of ours, provisions a running server over HTTP."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.steps import Console
from tests.server import Server

USERS, GROUPS = 50, 5
SCIM2 = Path(sys.executable).with_name("scim2")


class Cli:
    """The scim2 program with a connection's copied values."""

    def __init__(self, access: dict[str, str]) -> None:
        # The token goes by the environment: other users of a machine can read command lines.
        self._environment = os.environ | {"SCIM_CLI_HEADERS": f"Authorization: Bearer {access['token']}"}
        self._url = access["base_url"]

    def run(self, *arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [SCIM2, "--url", self._url, *arguments],
            env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def create_user(self, number: int) -> str:
        """A person of that number; gives the SCIM id."""
        name, email = f"Cli Person {number:02}", f"cli.person{number:02}@acme.example"
        emails = json.dumps([{"value": email, "primary": True}])
        return self.run("create", "user", "--user-name", email, "--display-name", name, "--emails", emails)["id"]

    def create_group(self, name: str, members: list[str]) -> str:
        """A group of these SCIM ids."""
        values = json.dumps([{"value": member} for member in members])
        return self.run("create", "group", "--display-name", name, "--members", values)["id"]


def test_fifty_users_and_five_groups_are_seen_on_the_pages(server: Server, page: Page):
    cli = Cli(server.demo("--empty-scim", "Second process"))
    with ThreadPoolExecutor(2) as pool:
        users = list(pool.map(cli.create_user, range(USERS)))
    groups = [f"Cli Group {number}" for number in range(GROUPS)]
    for number, name in enumerate(groups):
        cli.create_group(name, users[number::GROUPS])

    acme = Console(page, server.demo())
    acme.sign_in("viewer")
    acme.open("DEV", "End users")
    page.get_by_label("Search").fill("Cli Person")
    page.get_by_role("button", name="Filter").click()
    people = page.get_by_role("row").filter(has_text="Second process")
    expect(people).to_have_count(USERS)
    expect(people.filter(has_text="DEV")).to_have_count(USERS)

    acme.open("DEV", "Authentication & Groups")
    for number, name in enumerate(groups):
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text(str(USERS // GROUPS))
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("row").filter(has_text="Cli Person")).to_have_count(USERS // GROUPS)
        expect(page.get_by_role("row").filter(has_text=f"Cli Person {number:02}")).to_have_count(1)
        page.go_back()

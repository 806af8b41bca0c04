"""scim2-cli, a program that knows nothing of ours, provisions a running server over HTTP."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.steps import Console
from tests.server import Server

USERS, GROUPS = 50, 5
SCIM2 = Path(sys.executable).with_name("scim2")


# Runs its commands, one per line of input, as often as it is told; each ends its output with a mark.
REPEATING = """
import io, json, sys
from scim2_cli import cli

commands, sys.stdin = sys.stdin, io.StringIO()  # a command would read its input too
for line in commands:
    cli(json.loads(line), standalone_mode=False)
    print("\\0", flush=True)
"""


class Cli:
    """The scim2 program with a connection's copied values."""

    def __init__(self, access: dict[str, str]) -> None:
        self._url = access["base_url"]
        # The token goes by the environment: other users of a machine can read command lines.
        self.environment = os.environ | {"SCIM_CLI_HEADERS": f"Authorization: Bearer {access['token']}"}

    def run(self, *arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [SCIM2, "--url", self._url, *arguments],
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def create_user(self, number: int) -> str:
        """Create the person of that number and return the SCIM id."""
        name, email = f"Cli Person {number:02}", f"cli.person{number:02}@acme.example"
        emails = json.dumps([{"value": email, "primary": True}])
        return self.run("create", "user", "--user-name", email, "--display-name", name, "--emails", emails)["id"]

    def create_group(self, name: str, members: list[str]) -> str:
        """Create a group with these members and return its SCIM id."""
        values = json.dumps([{"value": member} for member in members])
        return self.run("create", "group", "--display-name", name, "--members", values)["id"]


class RepeatingCli(Cli):
    """The same program, started once for many commands: starting it takes longer than what it does."""

    def __init__(self, access: dict[str, str], process: "subprocess.Popen[str]") -> None:
        super().__init__(access)
        self._process = process

    def run(self, *arguments: str) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(["--url", self._url, *arguments]) + "\n")
        self._process.stdin.flush()
        lines = iter(self._process.stdout.readline, "")
        return json.loads("".join(itertools.takewhile(lambda line: line != "\0\n", lines)))


@contextlib.contextmanager
def repeating(access: dict[str, str]) -> Iterator[RepeatingCli]:
    with subprocess.Popen(
        [sys.executable, "-c", REPEATING],
        env=Cli(access).environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield RepeatingCli(access, process)


def test_fifty_users_and_five_groups_are_seen_on_the_pages(server: Server, page: Page):
    access = server.demo("--empty-scim", "Second process")
    groups = [f"Cli Group {number}" for number in range(GROUPS)]
    users = [Cli(access).create_user(0)]
    with repeating(access) as cli:
        users += [cli.create_user(number) for number in range(1, USERS)]
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

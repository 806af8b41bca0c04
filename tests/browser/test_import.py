"""An import of many people survives a killed server and a closed page."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.steps import Console
from tests.server import Server, demo_server, workers

HEAD = "Name;E-Mail;Groups;Shoe size\n"


def people(number: int, word: str) -> str:
    """Lines of people, of which three hold a mistake."""
    lines = [f"Person {place} {word};{word}{place}@import.example;;44" for place in range(number)]
    lines[10] = f"No Address {word};nowhere;;44"
    lines[20] = f"Twin {word};{word.upper()}19@import.example;;44"
    lines[30] = f"Lost {word};{word}30@import.example;No such group;44"
    return HEAD + "\n".join(lines)


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def upload(page: Page, path: Path) -> None:
    page.get_by_role("link", name="End users").click()
    page.get_by_role("link", name="Import CSV").click()
    page.get_by_label("CSV file").set_input_files(path)
    page.get_by_role("button", name="Upload").click()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server of its own, because its workers die."""
    with demo_server(tmp_path / "server") as server:
        yield server


@pytest.fixture
def context(chromium: Browser, own_server: Server) -> Iterator[BrowserContext]:
    with chromium.new_context(base_url=own_server.origin) as context:
        context.set_default_timeout(60_000)
        yield context


def kill(server: Server) -> None:
    for pid in workers(server.environment["PORT"]):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.browser
def test_a_killed_server_and_a_closed_page_lose_nothing(context: BrowserContext, own_server: Server, tmp_path: Path):
    page = context.new_page()
    Console(page, own_server.demo()).sign_in("owner")
    upload(page, file(tmp_path, people(10_000, "many")))
    page.get_by_role("button", name="Check the lines").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    kill(own_server)
    # The page asks again until the server is back.
    expect(page.get_by_text("9,997 people will be created or changed.")).to_be_visible(timeout=120_000)
    job = page.url
    page.get_by_role("button", name="Import 9,997 people").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.wait_for_timeout(300)
    kill(own_server)
    page.close()
    page = context.new_page()
    open_when_back(page, job)
    expect(page.get_by_text("Imported", exact=True)).to_be_visible(timeout=120_000)
    expect(page.get_by_role("definition").nth(0)).to_have_text("9,997")
    assert numbers(own_server) == ["9997", "1"]


def open_when_back(page: Page, url: str) -> None:
    for _ in range(100):
        try:
            if page.goto(url).ok:
                return
        except Exception:  # noqa: BLE001 -- refused or reset, whichever the moment makes of it
            page.wait_for_timeout(300)
    raise AssertionError("The server did not come back")


def numbers(server: Server) -> list[str]:
    """How many people were imported, by how many changes."""
    return server.commands.run(
        "shell", "-c",
        "from workspace.models import *;"
        "print(EndUser.objects.filter(email__endswith='@import.example').count(),"
        "ChangeEvent.objects.filter(action='workspace.people_imported').count())",
    ).split()[-2:]  # fmt: skip

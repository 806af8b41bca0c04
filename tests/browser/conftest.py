"""A Chromium in front of the real server. Every test that asks for `page` carries the mark `browser`."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import chromium as this_machine
from tests.browser.accessibility import hold_to_the_rules
from tests.server import PROJECT, START_SECONDS, Server

# Nothing takes so long, whatever else the machine does.
TIMEOUT_MS = 30_000
expect.set_options(timeout=TIMEOUT_MS)
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",  # root, as in most containers, cannot use it
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A browser shows the same pages of every database.
collect_ignore_glob = ["test_*.py"] if "DATABASE_URL" in os.environ else []
Check = Callable[[str], None]
_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember for `page` how the test went."""
    report = yield
    if report.failed:
        item.stash[_failed] = True
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a worker. Without Chromium these tests are skipped, but fail in CI."""
    program = this_machine.find()
    if program is None:
        leave_out = pytest.fail if os.environ.get("CI") else pytest.skip
        leave_out("No Chromium found: install Debian's chromium, or name one with CHROMIUM=")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def console_errors() -> list[str]:
    """Errors in the browser's console, also refused scripts and styles. A test clears those that it expects."""
    return []


@pytest.fixture
def page(
    chromium: Browser, server: Server, console_errors: list[str], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A page in a fresh browser profile; relative URLs lead to the server."""
    context = chromium.new_context(base_url=server.origin, permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(TIMEOUT_MS)
    context.on("console", lambda message: console_errors.extend([message.text] if message.type == "error" else []))
    context.on("weberror", lambda error: console_errors.append(str(error.error)))
    page = context.new_page()
    yield page
    if request.node.stash.get(_failed, False) or console_errors:
        _keep_picture(page, server, request)
    context.close()
    assert console_errors == []


@pytest.fixture
def check(page: Page, console_errors: list[str]) -> Check:
    """Return a function that opens a page and checks its accessibility."""

    def check(path: str) -> None:
        page.goto(path)
        assert console_errors == []
        hold_to_the_rules(page)
        console_errors.clear()  # axe tries inline styles and imports, which the page's policy refuses

    return check


@pytest.fixture(scope="session")
def practice_idp(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Start the practice IdP as `make run` does, and return the demo as it knows it."""
    demo, file = server.demo(), tmp_path_factory.mktemp("practice") / "demo.json"
    file.write_text(json.dumps(demo))
    program = ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "provisioning.practice_idp", "--demo", str(file)]
    with subprocess.Popen(program, cwd=PROJECT, env=server.environment) as process:
        try:
            _wait(process, demo["practice_idp"]["origin"])
            yield demo
        finally:
            process.terminate()


def _wait(process: "subprocess.Popen[bytes]", origin: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(origin, timeout=5):  # noqa: S310
            return
        time.sleep(0.02)
    raise RuntimeError("The practice IdP did not start")


def _keep_picture(page: Page, server: Server, request: pytest.FixtureRequest) -> None:
    """Save a screenshot and print its path."""
    picture = request.config.cache.mkdir("screenshots") / f"{request.node.name}.png"
    page.screenshot(path=picture, full_page=True)
    print(f"{page.url}\nScreenshot: {picture}\nServer: {server.log.read_text()[-2000:]}")

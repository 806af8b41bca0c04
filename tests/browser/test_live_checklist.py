"""The live checklist follows what the identity provider does, as long as somebody looks and something is missing."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.steps import Console
from tests.server import Server

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Provider:
    """The identity provider that has Base URL and token of a new connection."""

    def __init__(self, page: Page, access: dict[str, str]) -> None:
        self.requests, self.access = page.request, access

    def send(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.access['token']}", "Content-Type": "application/scim+json"}
        url, data = self.access["base_url"] + path, json.dumps(body) if body else None
        answer = self.requests.fetch(url, method=method, headers=headers, data=data)
        assert answer.ok, answer.text()
        return answer.json() if answer.text() else {}

    def replace(self, user: str, path: str, value: object) -> None:
        self.send(
            "PATCH", f"/Users/{user}", schemas=[PATCH], Operations=[{"op": "replace", "path": path, "value": value}]
        )


@pytest.fixture
def name(page: Page, server: Server) -> str:
    return Console(page, server.demo()).fresh("Live")


@pytest.fixture
def provider(page: Page, server: Server, name: str) -> Provider:
    return Provider(page, server.demo("--empty-scim", name))


@pytest.fixture
def asked(page: Page) -> list[str]:
    """The requests of the page for the checklist alone."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if urlsplit(request.url).path.endswith("/checklist/"):
            asked.append(request.url)

    page.on("request", note)
    return asked


@pytest.fixture
def watching(page: Page, server: Server, name: str, provider: Provider, asked: list[str]) -> Page:
    """The page with the checklist, whose clock stands still until the test turns it."""
    console = Console(page, server.demo())
    console.sign_in("owner")
    console.open_authentication("DEV")
    console.switch_saml_on()
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    console.open_menu(name, "End user & group provisioning")
    expect(page.get_by_text("0 of 6 done")).to_be_visible()
    page.wait_for_load_state()  # the script has begun to wait
    return page


def wait(page: Page, asked: list[str]) -> None:
    """Let the time of one poll pass, and wait for its answer."""
    before = len(asked)
    with page.expect_response("**/checklist/"):
        page.clock.run_for(5_000)
    assert len(asked) == before + 1


def test_the_checklist_turns_green_by_itself_and_stops_when_all_is_done(
    watching: Page, provider: Provider, asked: list[str]
):
    refresh = watching.get_by_role("link", name="Refresh")
    refresh.focus()
    ada = provider.send("POST", "/Users", schemas=[USER], userName="ada@live.example", active=True)["id"]
    wait(watching, asked)
    expect(watching.get_by_text("2 of 6 done")).to_be_visible()
    watching.clock.run_for(100)
    expect(watching.locator("#announcements")).to_have_text("2 of 6 done")
    expect(refresh).to_be_focused()

    provider.send("GET", "/Users?count=1")
    provider.send("POST", "/Groups", schemas=[GROUP], displayName=f"Live {ada}", members=[{"value": ada}])
    provider.replace(ada, "displayName", "Ada King")
    provider.replace(ada, "active", False)
    wait(watching, asked)
    expect(watching.get_by_text("6 of 6 done")).to_be_visible()

    count = len(asked)
    watching.clock.run_for(60_000)
    assert len(asked) == count


def test_nothing_is_asked_while_the_page_is_hidden_and_again_when_it_is_seen(watching: Page, asked: list[str]):
    show(watching, is_hidden=True)
    watching.clock.run_for(60_000)
    assert asked == []
    with watching.expect_response("**/checklist/"):
        show(watching, is_hidden=False)


def test_nothing_is_asked_after_the_session_has_ended(watching: Page, asked: list[str]):
    watching.context.clear_cookies()
    wait(watching, asked)
    watching.clock.run_for(60_000)
    assert len(asked) == 1


def test_without_scripts_a_reload_shows_the_same(watching: Page, provider: Provider, server: Server, asked: list[str]):
    provider.send("GET", "/Users?count=1")
    plain = watching.context.browser.new_context(
        java_script_enabled=False, storage_state=watching.context.storage_state()
    )
    page = plain.new_page()
    page.goto(watching.url)
    expect(page.get_by_text("2 of 6 done")).to_be_visible()
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("2 of 6 done")).to_be_visible()
    plain.close()


def show(page: Page, *, is_hidden: bool) -> None:
    """Do what a browser does when another tab comes to the front, or goes."""
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_hidden,
    )

"""Every page that links lead to: nothing is cut, no word breaks inside, and no page is heavy."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, Response

from tests.browser.layout import MOST_BYTES, all_faults
from tests.browser.steps import Console
from tests.server import Server, demo_server

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
# What a click would download, and what leads away to an identity provider.
_NO_PAGE = re.compile(r"\.csv|\.jsonl|/export|/sp-certificate/|/saml/|/sso/|example\.csv|/report")
STARTS = [
    "/workspaces/acme/prod/authentication/",
    "/account/",
    "/account/two-step/",
    "/account/passkeys/add/",
    "/workspaces/acme/prod/go-to/?q=a",
    "/sign-in/acme/test/",
    "/sign-in/acme/test/nowhere/",
    "/nowhere/",
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the demo alone: the other tests' one fills up with names that no page is made for."""
    with demo_server(tmp_path_factory.mktemp("every-page")) as server:
        yield server


@pytest.fixture(scope="module")
def owner_page(chromium: Browser, demo: Server) -> Iterator[Page]:
    """A page on which acme's owner is signed in. Its errors are not looked at: some of these pages are errors."""
    with chromium.new_context(base_url=demo.origin, reduced_motion="reduce") as context:
        page = context.new_page()
        Console(page, demo.demo()).sign_in("owner")
        yield page


def kind(url: str) -> str:
    """What pages of the same template have in common."""
    parts = urlsplit(url)
    return _ID.sub("…", parts.path) + re.sub(r"=[^&]*", "=", parts.query)


def links(page: Page) -> list[str]:
    """Where the page leads, but for the switch of environments."""
    found: list[Any] = page.eval_on_selector_all(
        "main a[href]:not([download]), .sidebar a", "all => all.map(a => a.href)"
    )
    return [str(url).partition("#")[0] for url in found]


def opened(page: Page, url: str) -> Response | None:
    """The answer to opening a page; None if it is no page."""
    try:
        response = page.goto(url)
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return None
    return response if response and "text/html" in response.headers.get("content-type", "") else None


def test_every_page_fits_a_narrow_screen_with_big_text_and_is_light(owner_page: Page, demo: Server):
    waiting = [f"{demo.origin}{start}" for start in STARTS]
    seen = {kind(url) for url in waiting}
    found: list[str] = []
    while waiting:
        url = waiting.pop(0)
        response = opened(owner_page, url)
        if response is None:
            continue
        if len(response.body()) > MOST_BYTES:
            found.append(f"{url} has {len(response.body()):,} bytes")
        found += all_faults(owner_page)
        for link in links(owner_page):
            if link.startswith(demo.origin) and kind(link) not in seen and not _NO_PAGE.search(link):
                seen.add(kind(link))
                waiting.append(link)
    assert len(seen) > 60, "Links lead to fewer pages than there are"
    assert found == [], "\n".join(found)

"""Every page that links lead to: nothing is cut, no word breaks inside, and no page is heavy."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import crawl
from tests.browser.layout import MOST_BYTES, all_faults
from tests.browser.steps import Console
from tests.server import Server, demo_server


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


def test_every_page_fits_a_narrow_screen_with_big_text_and_is_light(owner_page: Page, demo: Server):
    seen: list[str] = []
    found: list[str] = []
    for response in crawl.pages(owner_page, demo.origin):
        seen.append(response.url)
        if len(response.body()) > MOST_BYTES:
            found.append(f"{response.url} has {len(response.body()):,} bytes")
        found += all_faults(owner_page)
    assert len(seen) > 60, "Links lead to fewer pages than there are"
    assert found == [], "\n".join(found)

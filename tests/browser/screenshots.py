"""Takes pictures of every page, narrow and wide, light and dark: `make screenshots [LOCALE=de]`."""

import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser import chromium, crawl
from tests.browser.accessibility import NARROW, WIDE
from tests.browser.steps import Console
from tests.server import PROJECT, demo_server

FOLDER = PROJECT / ".screenshots"


def main(language: str = "en") -> None:
    """Write the pictures; the name of each is its path, width and colour scheme."""
    program = chromium.find() or sys.exit("No Chromium found: install it, or name one with CHROMIUM=")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with (
        tempfile.TemporaryDirectory() as directory,
        demo_server(Path(directory)) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program, args=["--headless=new", "--no-sandbox"]) as browser,
    ):
        english = browser.new_page(base_url=server.origin, locale="en")
        Console(english, server.demo()).sign_in("owner")
        signed_in = english.context.storage_state()
        page = browser.new_page(
            base_url=server.origin, reduced_motion="reduce", locale=language, storage_state=signed_in
        )
        for count, _ in enumerate(crawl.pages(page, server.origin), start=1):
            _take(page, f"{count:03}{_name(page.url)}")
    print(f"{len(list(FOLDER.iterdir()))} pictures in {FOLDER.name}/")


def _name(url: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", crawl.kind(url).lower()).rstrip("-")[:80]


def _take(page: Page, name: str) -> None:
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=FOLDER / f"{name}-{size['width']}-{scheme}.png", full_page=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Takes the picture of the console in README.md: `make picture`."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.steps import Console
from tests.server import PROJECT, demo_server

PICTURE = PROJECT / ".github" / "console.png"
MAX_BYTES = 200 * 1024


def take(origin: str, demo: dict[str, Any]) -> bytes:
    """Return the Authentication tab of acme's TEST as an administrator sees it."""
    with sync_playwright() as playwright:
        program = chromium.find() or sys.exit("No Chromium found: install it, or name one with CHROMIUM=")
        browser = playwright.chromium.launch(executable_path=program, args=["--headless=new", "--no-sandbox"])
        page = browser.new_page(base_url=origin, viewport={"width": 1280, "height": 800}, color_scheme="light")
        console = Console(page, demo)
        console.sign_in("owner")
        console.open_authentication("TEST")
        page.wait_for_load_state()
        return page.screenshot()


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as directory, demo_server(Path(directory)) as server:
        picture = take(server.origin, server.demo())
    if len(picture) > MAX_BYTES:
        sys.exit(f"The picture has {len(picture):,} bytes; {MAX_BYTES:,} are allowed.")
    PICTURE.write_bytes(picture)


if __name__ == "__main__":
    main()

"""The accessibility rules that every page is held to."""

from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

NARROW: ViewportSize = {"width": 320, "height": 800}
WIDE: ViewportSize = {"width": 1280, "height": 900}
LIGHT: Literal["light"] = "light"
DARK: Literal["dark"] = "dark"


def hold_to_the_rules(page: Page) -> None:
    """Check the page wide and light, then narrow and dark: colours do not depend on the width."""
    page.wait_for_load_state()  # half a page has other colours and widths
    for scheme, size in ((LIGHT, WIDE), (DARK, NARROW)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size(size)
        report = Axe().run(page, options={"preload": False})  # it would fetch style sheets by wrong addresses
        assert report.violations_count == 0, f"{page.url}, {scheme}, {size}:\n{report.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], f"{page.url} scrolls sideways"

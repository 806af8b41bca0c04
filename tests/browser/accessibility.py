"""The accessibility rules that every page is held to."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

NARROW: ViewportSize = {"width": 320, "height": 800}
WIDE: ViewportSize = {"width": 1280, "height": 900}


def hold_to_the_rules(page: Page) -> None:
    """Check the page in both schemes, wide and narrow."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            report = Axe().run(page, options={"preload": False})  # it would fetch style sheets by wrong addresses
            assert report.violations_count == 0, f"{page.url}, {scheme}, {size}:\n{report.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], f"{page.url} scrolls sideways"

"""The accessibility rules that every page is held to."""

from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page, ViewportSize

NARROW: ViewportSize = {"width": 320, "height": 800}
WIDE: ViewportSize = {"width": 1280, "height": 900}
LIGHT: Literal["light"] = "light"
DARK: Literal["dark"] = "dark"

# Without preload, which would fetch style sheets by wrong addresses. What is right is neither described nor sent.
_VIOLATIONS = """
axe.run(document, { preload: false, resultTypes: ["violations"] }).then(({ violations }) => ({ violations }))
"""


def hold_to_the_rules(page: Page) -> None:
    """Check the page wide and light, then narrow and dark: colours do not depend on the width."""
    page.wait_for_load_state()  # half a page has other colours and widths
    page.evaluate(AXE_SCRIPT)
    for scheme, size in ((LIGHT, WIDE), (DARK, NARROW)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size(size)
        report = AxeResults(page.evaluate(_VIOLATIONS))
        assert report.violations_count == 0, f"{page.url}, {scheme}, {size}:\n{report.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], f"{page.url} scrolls sideways"

"""The rules of layout that every page is held to, also with text of twice the size on a narrow screen."""

from playwright.sync_api import Page, ViewportSize

from tests.browser.accessibility import NARROW, WIDE

MOST_BYTES = 50 * 1024

# Returns what is wrong: what reaches beyond the screen, what is cut, and words that break inside.
_FAULTS = r"""
() => {
  const faults = new Set();
  const width = document.documentElement.clientWidth;
  const name = (e) => e.tagName.toLowerCase() + (typeof e.className === "string" ? `.${e.className}` : "");
  const shown = (e) =>
    e.checkVisibility({ visibilityProperty: true }) &&
    !e.closest(".visually-hidden, .skip-link, thead, pre, svg, option");
  const whole = document.documentElement.scrollWidth;
  if (whole > width) faults.add(`the page is ${whole} px wide`);
  for (const e of document.body.querySelectorAll("*")) {
    if (!shown(e)) continue;
    const box = e.getBoundingClientRect();
    const words = String(e.value || e.textContent).trim().slice(0, 40);
    if (box.width && (box.right > width + 1 || box.left < -1)) faults.add(`${name(e)} reaches ${box.right}: ${words}`);
    const mayCut = e.matches("textarea, select, .cut-start, .preview-frame, input:not([readonly])");
    const cuts = e.scrollWidth > e.clientWidth + 1 && e.clientWidth && getComputedStyle(e).overflowX !== "visible";
    if (cuts && !mayCut) faults.add(`${name(e)} cuts ${e.scrollWidth} px to ${e.clientWidth}: ${words}`);
    if (e.matches("wbr, bdi") && /flex|grid/.test(getComputedStyle(e.parentElement).display)) {
      faults.add(`${name(e.parentElement)} makes columns of the parts of a name: ${words}`);
    }
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node; (node = walker.nextNode()); ) {
    if (!node.data.trim() || !shown(node.parentElement)) continue;
    for (const word of node.data.matchAll(/[^\s\-–—\/?|]+[\-–—\/?|]*/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].filter((r) => r.width).map((r) => Math.round(r.top)));
      if (lines.size > 1) faults.add(`“${word[0]}” breaks inside, in ${name(node.parentElement)}`);
    }
  }
  return [...faults];
}
"""


def faults(page: Page, size: ViewportSize, text: int) -> list[str]:
    """Return what is wrong with the open page in a window of this size, with text of so many per cent."""
    page.set_viewport_size(size)
    page.evaluate("(text) => (document.documentElement.style.fontSize = `${text}%`)", text)
    return [f"{page.url} at {size['width']} px and {text} %: {fault}" for fault in page.evaluate(_FAULTS)]


def all_faults(page: Page) -> list[str]:
    """Return what is wrong with the open page on a narrow and a wide screen, with text of both sizes."""
    sizes = ((NARROW, 200), (NARROW, 100), (WIDE, 200), (WIDE, 100))
    return [fault for size, text in sizes for fault in faults(page, size, text)]

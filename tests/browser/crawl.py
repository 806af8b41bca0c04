"""Every page that links lead to, from a few starts."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Error, Page, Response

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
# What a click would download, what leads away to an identity provider, and TEST, which looks like DEV.
_NO_PAGE = re.compile(
    r"/workspaces/acme/test/|\.csv|\.jsonl|/export|/sp-certificate/|/saml/|/sso/|example\.csv|/report"
)
STARTS = [
    "/workspaces/acme/prod/authentication/",
    "/workspaces/acme/prod/environments/",
    "/account/",
    "/account/two-step/",
    "/account/passkeys/add/",
    "/workspaces/acme/prod/go-to/?q=a",
    "/sign-in/acme/test/",
    "/sign-in/acme/test/nowhere/",
    "/nowhere/",
]


def pages(page: Page, origin: str) -> Iterator[Response]:
    """Open one page of each kind; the answer to each."""
    waiting = [f"{origin}{start}" for start in STARTS]
    seen = {kind(url) for url in waiting}
    while waiting:
        response = _opened(page, waiting.pop(0))
        if response is None:
            continue
        found = _links(page)
        yield response
        for link in found:
            if link.startswith(origin) and kind(link) not in seen and not _NO_PAGE.search(link):
                seen.add(kind(link))
                waiting.append(link)


def kind(url: str) -> str:
    """What URLs of the same page for different things have in common."""
    parts = urlsplit(url)
    return _ID.sub("…", parts.path) + re.sub(r"=[^&]*", "=", parts.query)


def _links(page: Page) -> list[str]:
    found: list[Any] = page.eval_on_selector_all(
        "main a[href]:not([download]), .sidebar a", "all => all.map(a => a.href)"
    )
    return [str(url).partition("#")[0] for url in found]


def _opened(page: Page, url: str) -> Response | None:
    """The answer to opening a page; None if it is no page."""
    try:
        response = page.goto(url)
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return None
    return response if response and "text/html" in response.headers.get("content-type", "") else None

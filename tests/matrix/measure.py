"""What everybody gets from every route, and that as a table."""

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from tests.matrix.routes import Route
from tests.matrix.world import EVERYBODY, Browsers, Things

README = Path(__file__).resolve().parents[2] / "workspace" / "README.md"
_BEGIN, _END = "<!-- written by python -m tests.matrix -->\n", "<!-- end of the table -->\n"
_WORDS = {401: "token", 403: "403", 404: "404", 405: "–"}
_SIGN_IN = re.compile(r"/sign-in/$|/sign-in/[^/]+/[^/]+/$|/operator/login/$")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
# What each person gets for a GET and a POST, such as "open · 403". By path as the table shows it.
Rows = dict[str, dict[str, str]]


def rows(routes: Iterable[Route], things: Things, browsers: Browsers) -> Rows:
    """Return what everybody gets from these routes. Routes of one row that differ show each answer."""
    found: dict[str, dict[str, list[str]]] = {}
    for route in routes:
        row = found.setdefault(route.row, {who: [] for who in EVERYBODY})
        for who, opened in browsers.items():
            answers = " · ".join(answer(opened(), method, route.address(things)) for method in ("get", "post"))
            if answers not in row[who]:
                row[who].append(answers)
    return {path: {who: ", ".join(sorted(each)) for who, each in row.items()} for path, row in found.items()}


def answer(browser: Client, method: str, address: str) -> str:
    """Ask, take back what was changed, and return a word: open, sign in, token, 403, 404, or – for a wrong method."""
    response = _ask(browser, method, address)
    if _asks_to_sign_in(response, address):
        return "sign in"
    if method == "get" and _leads_everybody_away(response, address):
        return "–"
    return _WORDS.get(response.status_code) or _open(response)


def told(browser: Client, method: str, address: str) -> tuple[object, ...]:
    """Return everything that an answer tells, without ids, which differ from request to request."""
    response = _ask(browser, method, address)
    body = _ID.sub("", response.content.decode()) if not response.streaming else "a file"
    return response.status_code, _ID.sub("", response.get("Location", "")), body


def _ask(browser: Client, method: str, address: str) -> HttpResponse:
    with transaction.atomic():
        response: HttpResponse = getattr(browser, method)(address)
        # Until an export is read to its end, its query goes on.
        b"".join(response)
        transaction.set_rollback(True)
    return response


def _leads_everybody_away(response: HttpResponse, address: str) -> bool:
    """Say whether the address takes a POST only: a GET leads everybody to the page with its form, who may or not."""
    if response.status_code != 302:
        return False
    anybody = _ask(Client(), "get", address)
    same = anybody.get("Location") == response["Location"]
    return same and not _asks_to_sign_in(anybody, address) and address != "/"


def _asks_to_sign_in(response: HttpResponse, address: str) -> bool:
    """Say whether it leads to a sign-in page. Those pages lead to themselves after a POST."""
    target = urlsplit(response.get("Location", "")).path
    return bool(_SIGN_IN.match(target)) and ("/account/" in address or not address.startswith(("/sign-", "/inv")))


def _open(response: HttpResponse) -> str:
    assert response.status_code < 500, response.content.decode()[:2000]
    return "open"


def table(found: Rows) -> str:
    """Return the rows in Markdown."""
    lines = [f"| Page | {' | '.join(EVERYBODY)} |", "|---" * (len(EVERYBODY) + 1) + "|"]
    lines += [f"| `{path}` | {' | '.join(row[who] for who in EVERYBODY)} |" for path, row in found.items()]
    return "\n".join(lines) + "\n"


def written() -> Rows:
    """Return the rows that stand in the README."""
    text = README.read_text().partition(_BEGIN)[2].partition(_END)[0]
    cells = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]
    return {path: dict(zip(EVERYBODY, row, strict=True)) for path, *row in cells}


def write(found: Rows) -> None:
    before, _, rest = README.read_text().partition(_BEGIN)
    README.write_text(before + _BEGIN + table(found) + _END + rest.partition(_END)[2])

"""HTML that all pages have in common; they work without scripts."""

from collections.abc import Mapping
from html import escape

STYLE_URL = "/style.css"
PUSH_URL = "/push"
NEW_URL = "/new"
START_AGAIN = '<p><a href="/">Start again</a></p>'


def page(title: str, body: str) -> str:
    """Return a whole page; title and body are HTML."""
    return f"""\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title} · Practice IdP</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="{STYLE_URL}"></head>
<body><header><a href="/">Practice IdP</a> <span>signs in anyone, for practice only</span></header>
<main><h1>{title}</h1>
{body}
</main></body></html>
"""


def problem(message: str) -> str:
    """Return the page that explains why a request failed."""
    return page("That did not work", f"<p>{escape(message)}</p>{START_AGAIN}")


def alert(message: str) -> str:
    return f'<p role="alert">{escape(message)}</p>' if message else ""


def hidden(fields: Mapping[str, str]) -> str:
    return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items())


def radio(name: str, value: str, label: str, *, is_checked: bool = False) -> str:
    state = " checked" if is_checked else " required"
    return f'<p><label><input type="radio" name="{name}" value="{escape(value)}"{state}> {escape(label)}</label></p>'


def checked(is_checked: bool) -> str:
    return " checked" if is_checked else ""

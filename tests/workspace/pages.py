"""What pages of the console show."""

import html
import re


def text(response) -> str:
    """What the page says, in one line."""
    assert response.status_code == 200
    return text_of(response.content.decode())


def text_of(markup: str) -> str:
    """What a part of a page says, in one line."""
    page = re.sub(r"<(script|style|svg).*?</\1>", "", markup, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def names(response) -> list[str]:
    """The first column of the table."""
    return [
        html.unescape(name) for name in re.findall(r'<th scope="row"><a [^>]*>([^<]+)</a>', response.content.decode())
    ]


def cells(response, name: str) -> dict[str, str]:
    """The row of that name: column to text."""
    row = re.search(rf'<th scope="row"><a [^>]*>{name}</a></th>(.*?)</tr>', response.content.decode(), re.DOTALL)[1]
    found = re.findall(r'<td[^>]*data-label="([^"]+)">(.*?)</td>', row, re.DOTALL)
    return {label: " ".join(re.sub(r"<[^>]+>", " ", cell).split()) for label, cell in found}

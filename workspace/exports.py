"""Files of many rows that are sent while they are read."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse

Row = TypeVar("Row", bound=Model)

# The first part is on its way before the others are read.
_PAGE = 500
# A spreadsheet takes a cell that begins with one of these for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def newest_first(rows: QuerySet[Row]) -> Iterator[list[Row]]:
    """Return all rows, some at a time, the highest id first.

    Each part is a query of its own, which starts at the last id: a slow reader holds no cursor and no transaction.
    """
    rows = rows.order_by("-pk")
    part = list(rows[:_PAGE])
    while part:
        yield part
        part = list(rows.filter(pk__lt=part[-1].pk)[:_PAGE]) if len(part) == _PAGE else []


def in_order_of(column: str, rows: QuerySet[Row]) -> Iterator[list[Row]]:
    """Return all rows in the order of a column, some at a time, by queries like those of `newest_first`."""
    rows = rows.order_by(column, "pk")
    part = list(rows[:_PAGE])
    while part:
        yield part
        last = {column: getattr(part[-1], column), "pk__lte": part[-1].pk}
        later = rows.filter(**{f"{column}__gte": last[column]}).exclude(**last)
        part = list(later[:_PAGE]) if len(part) == _PAGE else []


def csv_file(name: str, head: Sequence[str], parts: Iterable[Iterable[Sequence[object]]]) -> StreamingHttpResponse:
    """Return a CSV file (RFC 4180). No cell of it is a formula."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield writer.writerow(head)
        for part in parts:
            yield "".join(writer.writerow([safe_cell(str(cell)) for cell in row]) for row in part)

    return _file(name, "text/csv", lines())


def json_lines_file(name: str, parts: Iterable[Iterable[dict[str, object]]]) -> StreamingHttpResponse:
    """Return a file with one JSON object a line."""
    # json.dumps would make an encoder for each line.
    encode = json.JSONEncoder(ensure_ascii=False).encode
    lines = ("".join(f"{encode(row)}\n" for row in part) for part in parts)
    return _file(name, "application/jsonl", lines)


def safe_cell(text: str) -> str:
    """Return text for a cell, with an apostrophe before what would be a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain_cell(text: str) -> str:
    """Return the text of a cell that `safe_cell` made."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def _file(name: str, kind: str, lines: Iterator[str]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class _Echo:
    """A file for `csv.writer` that returns what is written."""

    def write(self, text: str) -> str:
        return text

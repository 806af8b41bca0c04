"""The lines of a CSV file."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

from django.utils.translation import gettext as _

from workspace.addresses import is_address
from workspace.isolation import isolated
from workspace.refusals import ActionError
from workspace.words import grouped

# All lines are applied in one transaction, for which other writers wait.
MOST_LINES = 10_000
MOST_COLUMNS = 100
_DELIMITERS = ",;\t|"
# Excel writes and reads a first line that names the delimiter.
_NAMED = "sep="


@dataclass(frozen=True)
class Line:
    """A line with its number in the file, which starts at 1. A value may go on over several lines.

    `has_more` says that the line has values beyond the last column.
    """

    number: int
    cells: list[str]
    has_more: bool = False


@dataclass(frozen=True)
class Table:
    """A file: the names of its columns, and its lines without blank ones."""

    head: list[str]
    lines: list[Line]

    def sample(self, column: int) -> str:
        """Return the first value of a column."""
        return next((line.cells[column] for line in self.lines if len(line.cells) > column and line.cells[column]), "")


def read_table(text: str) -> Table:
    """Return the lines of a file. Raises ActionError where it is empty, too large or no CSV."""
    first, _end, rest = text.partition("\n")
    if first.strip().lower()[:-1] == _NAMED:
        delimiter, skipped = first.strip()[-1], 1
        text = rest
    else:
        delimiter, skipped = _delimiter(text), 0
    lines = _lines(text, delimiter, skipped)
    head = next(lines, None)
    if head is None:
        raise _refusal(
            "empty", _("The file is empty. It needs a line with the names of the columns, and lines below it.")
        )
    names = _head(head)
    found: list[Line] = []
    for line in lines:
        if len(found) == MOST_LINES:
            raise _refusal(
                "too_many_lines",
                _("The file has more than %(most_lines)s lines. Split it into several files.")
                % {"most_lines": grouped(MOST_LINES)},
            )
        width = len(names)
        found.append(Line(line.number, line.cells[:width], any(line.cells[width:])))
    if not found:
        raise _refusal("no_lines", _("The file has names of columns, but no line below them."))
    return Table(names, found)


def _head(line: Line) -> list[str]:
    """Return the names of the columns; of one without a name, its number."""
    cells = line.cells
    while not cells[-1]:
        cells = cells[:-1]
    if len(cells) > MOST_COLUMNS:
        message = _(
            "The file has %(cells)s columns. At most %(most_columns)s are read: remove those that you do not need."
        ) % {"cells": grouped(len(cells)), "most_columns": MOST_COLUMNS}
        raise _refusal("too_many_columns", message)
    if address := next(filter(is_address, cells), ""):
        message = _("The first line has to name the columns, but it holds the address %(address)s.") % {
            "address": isolated(address)
        }
        raise _refusal("no_head", message)
    return [name or _("Column %(number)s") % {"number": number} for number, name in enumerate(cells, 1)]


def _lines(text: str, delimiter: str, skipped: int) -> Iterator[Line]:
    """Return the lines that hold anything. `skipped` lines stand above the text."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = skipped + 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise _refusal("not_csv", _reason(error, number)) from None
        if cells is None:
            return
        cells = [cell.strip() for cell in cells]
        if any(cells):
            yield Line(number, cells)
        number = skipped + reader.line_num + 1


def _reason(error: csv.Error, number: int) -> str:
    if "limit" in str(error):
        return _("A value in line %(number)s is longer than %(field_size_limit)s characters.") % {
            "number": grouped(number),
            "field_size_limit": grouped(csv.field_size_limit()),
        }
    return _("Line %(number)s cannot be read: a quotation mark is missing, or stands where none belongs.") % {
        "number": grouped(number)
    }


def _delimiter(text: str) -> str:
    """Return what separates the names of the columns: whichever is most frequent outside of quotation marks."""
    first = next((line for line in StringIO(text) if line.strip()), "")
    outside = "".join(first.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def _refusal(code: str, message: str) -> ActionError:
    return ActionError(code, message, field="file")

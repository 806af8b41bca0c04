"""One page of a list: filtered, in an order, by number or by cursor (RFC 7644 section 3.4.2, RFC 9865)."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from provisioning.models import ProvisioningConnection
from provisioning.payload import errors
from provisioning.payload.limits import MAX_LENGTH
from provisioning.payload.queries import Query
from provisioning.search import cursors
from provisioning.search.cursors import Position
from provisioning.search.filters import compile_filter, find_attribute
from provisioning.search.kinds import AnyKind
from provisioning.search.parts import AnyPart, Part, Rows, Whole
from provisioning.search.rows import Shown
from provisioning.search.stored.values import EVERYTHING

# The filter that IdPs send before each change. Empty text, escapes and control characters take the general way.
_LOOK_UP = re.compile(r'([a-z]+) eq "([^"\\\x00-\x1f]+)"', re.IGNORECASE)
# Rows that were found, with the number of their part.
_Found = list[tuple[int, Rows]]


@dataclass(frozen=True)
class Page:
    """Rows of a list by their kind; how many rows the list has, and where the next page begins."""

    total: int
    rows: dict[AnyKind, list[Shown]]
    next_cursor: str | None = None


@dataclass(frozen=True)
class Listing:
    """The resources of a connection that match a request; of several kinds, one kind after the other.

    `queries` are the request as each of the kinds reads it.
    """

    connection: ProvisioningConnection
    kinds: Sequence[AnyKind]
    queries: Sequence[Query]

    @property
    def query(self) -> Query:
        return self.queries[0]

    def page(self) -> Page:
        """Find the page that the request asks for. Raises ScimError where it cannot be understood."""
        if (rows := self._look_up()) is not None:
            return Page(len(rows), {self.kinds[0]: rows})
        parts = self._parts()
        if self.query.cursor is None:
            return self._numbered(parts)
        return self._at_cursor(parts)

    def _look_up(self) -> list[Shown] | None:
        """Answer a filter for a value that one row has without parsing and compiling it; None for any other request."""
        query, match = self.query, _LOOK_UP.fullmatch(self.query.filter)
        if match is None or len(query.filter) > MAX_LENGTH or query.sort or query.cursor is not None:
            return None
        if len(self.kinds) > 1 or query.start > 1 or query.count < 1:
            return None
        return self.kinds[0].look_up(self.connection, match[1], match[2])

    def _parts(self) -> list[AnyPart]:
        """The parts of all kinds. A kind that lacks an attribute of the request matches nothing."""
        parts: list[AnyPart] = []
        refusals: list[errors.ScimError] = []
        for kind, query in zip(self.kinds, self.queries, strict=True):
            try:
                parts += _parts_of(self.connection, kind, query)
            except errors.ScimError as refusal:
                refusals.append(refusal)
        if len(refusals) == len(self.kinds):
            raise refusals[0]
        if self.query.sort and len(self.kinds) > 1:
            raise errors.invalid_value("Sort Users or Groups, at /Users/.search or /Groups/.search; not both together.")
        return parts

    def _numbered(self, parts: list[AnyPart]) -> Page:
        """The page that begins at startIndex."""
        query = self.query
        known = None if query.filter else self._total(parts)
        found: _Found = []
        passed = 0
        for number, part in enumerate(parts if known is None or query.start <= known else []):
            first, wanted = max(query.start - 1 - passed, 0), query.count - _length(found)
            rows = part.page(first, wanted)
            found.append((number, rows))
            if known is None or len(rows) < wanted:
                passed += part.length(first, wanted, len(rows))
        return Page(passed if known is None else known, _by_kind(parts, found))

    def _at_cursor(self, parts: list[AnyPart]) -> Page:
        """The page that begins at the cursor. The first page counts the list, and its cursor tells the later ones."""
        query, scope = self.query, self._scope()
        position = cursors.read(query.cursor, scope) if query.cursor else None
        if position and position.count != query.count:
            query.tolerance.note("count is not that of the first page", "invalidCount")
        found = _following(parts, position, query.count + 1)
        has_more = _length(found) > query.count
        total = position.total if position else self._total(parts) if has_more else _length(found)
        if has_more:
            found[-1][1].pop()
        found = [each for each in found if each[1]]
        if not has_more or not query.count:
            return Page(total, _by_kind(parts, found))
        number, rows = found[-1]
        key = rows[-1][-1] if parts[number].is_keyed else None
        last = Position(number, key, rows[-1][0], total, query.count)
        return Page(total, _by_kind(parts, found), cursors.issue(last, scope))

    def _total(self, parts: list[AnyPart]) -> int:
        """How many rows the list has. Only matches of a filter need counting."""
        if self.query.filter:
            return sum(part.rows.count() for part in parts if isinstance(part, Part))
        return sum(kind.count(self.connection) for kind in dict.fromkeys(part.kind for part in parts))

    def _scope(self) -> str:
        """What a cursor is valid for: everything that decides which rows follow."""
        query, kinds = self.query, [kind.name for kind in self.kinds]
        asked = [str(self.connection.pk), kinds, query.filter, query.sort.lower(), query.is_descending]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _parts_of(connection: ProvisioningConnection, kind: AnyKind, query: Query) -> list[AnyPart]:
    """The rows that the filter lets through, in the order of the request.

    Rows without the sort attribute come last, or first when descending (RFC 7644 section 3.4.2.3). They are a part of
    their own, so that the other rows can be read from an index.
    """
    if not query.filter and not query.sort:
        return [Whole(kind, connection)]
    rows = kind.rows(connection)
    if query.filter:
        rows = rows.filter(compile_filter(query.filter, kind=kind.name, tolerance=query.tolerance))
    sign = "-" if query.is_descending else ""
    attribute = find_attribute(query.sort, kind=kind.name, tolerance=query.tolerance) if query.sort else None
    if query.sort and attribute is None:
        raise errors.invalid_path(f"{query.sort[:100]} is not an attribute to sort a {kind.name} by.")
    key = attribute.sort_key() if attribute else None
    if key is None:
        return [Part(kind, rows.order_by(f"{sign}id"), query.is_descending)]
    keyed = rows.filter(key.present).annotate(sort_key=key.value).order_by(f"{sign}sort_key", f"{sign}id")
    parts: list[AnyPart] = [Part(kind, keyed, query.is_descending, is_keyed=True)]
    if key.present is not EVERYTHING:
        parts.append(Part(kind, rows.filter(~key.present).order_by(f"{sign}id"), query.is_descending))
    return parts[::-1] if query.is_descending else parts


def _following(parts: list[AnyPart], position: Position | None, most: int) -> _Found:
    """The rows after the position, at most so many."""
    found: _Found = []
    start = position.part if position else 0
    for number, part in enumerate(parts[start:], start):
        found.append((number, part.after(position if number == start else None, most - _length(found))))
        if _length(found) == most:
            break
    return found


def _length(found: _Found) -> int:
    return sum(len(rows) for _, rows in found)


def _by_kind(parts: list[AnyPart], found: _Found) -> dict[AnyKind, list[Shown]]:
    shown: dict[AnyKind, list[Shown]] = {}
    for number, rows in found:
        whole = cast(list[Shown], [row[:-1] for row in rows] if parts[number].is_keyed else rows)
        shown.setdefault(parts[number].kind, []).extend(whole)
    return shown

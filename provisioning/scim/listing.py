"""Lists and searches: filtered, in an order, one page at a time (RFC 7644 section 3.4.2, RFC 9865)."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse

from provisioning.payload import errors
from provisioning.payload.limits import MAX_LENGTH
from provisioning.payload.queries import Query
from provisioning.payload.resources import Document
from provisioning.scim import responses
from provisioning.scim.adapters import Adapter, tolerance
from provisioning.scim.auth import CallRequest
from provisioning.search import cursors
from provisioning.search.cursors import Position
from provisioning.search.filters import compile_filter, find_attribute
from provisioning.search.stored.values import EVERYTHING, Key

# After so many rows, to read all of each costs more than to look those of a page up by their ids.
_FAR = 1_000
_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@dataclass(frozen=True)
class Part:
    """Rows of one kind in one order. A list is made of one or several parts, one after the other."""

    adapter: type[Adapter]
    query: Query
    rows: QuerySet
    is_keyed: bool = False

    def page(self, first: int, wanted: int) -> QuerySet:
        """The rows that follow the first ones. Where those are many, an index alone counts them off."""
        rows = self.rows[first : first + wanted]
        return rows if first < _FAR else self.rows.filter(pk__in=self.rows.values("pk")[first : first + wanted])

    def length(self, first: int, wanted: int, found: int) -> int:
        """How many rows there are: a page that is not full tells it."""
        is_end = (found or not first) and found < wanted
        return first + found if is_end else self.rows.count()

    def after(self, key: Any, pk: str) -> QuerySet:
        """The rows that follow this one; the key of the first condition alone finds the place in an index."""
        further, more = ("lt", "lte") if self.query.is_descending else ("gt", "gte")
        behind = Q(**{f"id__{further}": pk})
        if not self.is_keyed:
            return self.rows.filter(behind)
        return self.rows.filter(
            Q(**{f"sort_key__{more}": key}) & (Q(**{f"sort_key__{further}": key}) | Q(sort_key=key) & behind)
        )


# Rows, each with the number of its part; and a page, with what the answer says of it.
_Found = list[tuple[int, Any]]
_Page = tuple[Document, _Found]


def answer(adapters: Sequence[type[Adapter]], request: CallRequest, asked: Mapping[str, Any]) -> HttpResponse:
    """A page of the resources that match, and how many there are; of several kinds, one kind after the other."""
    queries = [Query.of(asked, adapter.model, tolerance(request.scim)) for adapter in adapters]
    if len(adapters) == 1 and (answered := _looked_up(adapters[0], request, queries[0])):
        return answered
    parts: list[Part] = []
    refusals: list[errors.ScimError] = []
    for adapter, query in zip(adapters, queries, strict=True):
        try:
            parts += _parts(adapter, request, query)
        except errors.ScimError as refusal:
            # An attribute that only another kind of resource has matches nothing here.
            refusals.append(refusal)
    if len(refusals) == len(adapters):
        raise refusals[0]
    if query.sort and len(adapters) > 1:
        raise errors.invalid_value("Sort Users or Groups, at /Users/.search or /Groups/.search; not both together.")
    if query.cursor is None:
        head, found = _page(parts, query, request)
    else:
        head, found = _page_at(parts, query, request, _scope(adapters, request, query))
    return responses.resource({"schemas": [_LIST], **head, "Resources": _rendered(parts, found, request)})


# What IdPs ask before everything they do; with an empty text, escapes or control characters the long way is taken.
_LOOK_UP = re.compile(r'([a-z]+) eq "([^"\\\x00-\x1f]+)"', re.IGNORECASE)


def _looked_up(adapter: type[Adapter], request: CallRequest, query: Query) -> HttpResponse | None:
    """The answer to a filter for one unique value, without parsing and compiling it; None to any other request."""
    match = _LOOK_UP.fullmatch(query.filter)
    if match is None or len(query.filter) > MAX_LENGTH or query.sort or query.cursor is not None:
        return None
    rows = adapter.look_up(request, match[1], match[2])
    if rows is None or query.start > 1 or query.count < 1:
        return None
    head = {"totalResults": len(rows), "startIndex": 1, "itemsPerPage": len(rows)}
    resources = adapter.rendered(rows, request, query.selection)
    return responses.resource({"schemas": [_LIST], **head, "Resources": resources})


def _parts(adapter: type[Adapter], request: CallRequest, query: Query) -> list[Part]:
    """The connection's own resources that the filter lets through, in the order that is asked for.

    Those without the attribute come last, or first when descending (RFC 7644 section 3.4.2.3). They are a part of
    their own, so that the others can be read from an index.
    """
    rows = adapter.rows(request)
    if query.filter:
        rows = rows.filter(compile_filter(query.filter, resource=adapter.resource_type, tolerance=query.tolerance))
    sign = "-" if query.is_descending else ""
    key = _key(adapter, query) if query.sort else None
    if key is None:
        return [Part(adapter, query, rows.order_by(f"{sign}id"))]
    keyed = rows.filter(key.present).annotate(sort_key=key.value).order_by(f"{sign}sort_key", f"{sign}id")
    parts = [Part(adapter, query, keyed, is_keyed=True)]
    if key.present is not EVERYTHING:
        parts.append(Part(adapter, query, rows.filter(~key.present).order_by(f"{sign}id")))
    return parts[::-1] if query.is_descending else parts


def _key(adapter: type[Adapter], query: Query) -> Key | None:
    found = find_attribute(query.sort, resource=adapter.resource_type, tolerance=query.tolerance)
    if found is None:
        raise errors.invalid_path(f"{query.sort[:100]} is not an attribute to sort a {adapter.resource_type} by.")
    return found.key()


def _page(parts: list[Part], query: Query, request: CallRequest) -> _Page:
    """The page that begins at startIndex."""
    whole = None if query.filter else _total(parts, query, request)
    found: _Found = []
    passed = 0
    for number, part in enumerate(parts if whole is None or query.start <= whole else []):
        first, wanted = max(query.start - 1 - passed, 0), query.count - len(found)
        rows = list(part.page(first, wanted))
        found += [(number, row) for row in rows]
        if whole is None or len(found) < query.count:
            passed += part.length(first, wanted, len(rows))
    total = passed if whole is None else whole
    return {"totalResults": total, "startIndex": query.start, "itemsPerPage": len(found)}, found


def _total(parts: list[Part], query: Query, request: CallRequest) -> int:
    """How many resources there are; only those of a filter need counting."""
    if query.filter:
        return sum(part.rows.count() for part in parts)
    return sum(adapter.count(request) for adapter in {part.adapter for part in parts})


def _page_at(parts: list[Part], query: Query, request: CallRequest, scope: str) -> _Page:
    """The page that begins at the cursor. Only the first one counts the list; the others are told by their cursor."""
    position = cursors.read(query.cursor, scope) if query.cursor else None
    if position and position.count != query.count:
        query.tolerance.note("count is not that of the first page", "invalidCount")
    found = _following(parts, position, query.count + 1)
    has_more = bool(query.count) and len(found) > query.count
    if position:
        total = position.total
    elif len(found) > query.count:
        total = _total(parts, query, request)
    else:
        total = len(found)
    found = found[: query.count]
    head: Document = {"totalResults": total, "itemsPerPage": len(found)}
    if has_more:
        number, row = found[-1]
        last = Position(number, getattr(row, "sort_key", None), str(row.pk), total, query.count)
        head["nextCursor"] = cursors.issue(last, scope)
    return head, found


def _following(parts: list[Part], position: Position | None, most: int) -> _Found:
    """The rows after the position, at most so many."""
    found: _Found = []
    start = position.part if position else 0
    for number, part in enumerate(parts[start:], start):
        rows = part.after(position.key, position.pk) if position and number == start else part.rows
        found += [(number, row) for row in rows[: most - len(found)]]
        if len(found) == most:
            break
    return found


def _scope(adapters: Sequence[type[Adapter]], request: CallRequest, query: Query) -> str:
    """What a cursor belongs to: everything that decides which rows follow."""
    kinds = [adapter.resource_type for adapter in adapters]
    asked = [str(request.scim.connection.pk), kinds, query.filter, query.sort.lower(), query.is_descending]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _rendered(parts: list[Part], found: _Found, request: CallRequest) -> list[Document]:
    """The rows as the answer shows them; those of one kind read what belongs to them together."""
    resources: list[Document] = []
    for adapter, entries in groupby(found, lambda entry: parts[entry[0]].adapter):
        numbers, rows = zip(*entries, strict=True)
        resources += adapter.rendered(rows, request, parts[numbers[0]].query.selection)
    return resources

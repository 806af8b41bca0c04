"""Pages of lists: a cursor is the id of the last row that was shown."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from rest_framework import serializers

from workspace.api.core.fields import Query, Text
from workspace.api.core.problems import Fault, Problem
from workspace.db.paging import newest

MOST, USUAL = 200, 50
# Returns rows with a key to an end user, such as memberships.
Links: TypeAlias = "Callable[[], QuerySet[Any, Any] | None]"


class PageQuery(Query):
    """Which page of a list. Lists with filters add their own parameters."""

    cursor = Text(required=False, help_text="`next` of the page before. The other parameters stay the same.")
    limit = serializers.IntegerField(
        min_value=1, max_value=MOST, default=USUAL, help_text="How many items the page has at most."
    )


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursor of the rows after them; None if there are no more."""

    rows: list[Any]
    next: str | None


def page(rows: "QuerySet[Any]", asked: Mapping[str, Any], *, links: Links = lambda: None) -> Page:
    """Return the page that is asked for, in the order of ids, which is that of creation. Nothing is counted.

    Ids are read first, from an index of the tenant. For whole rows SQLite would sort all rows of the tenant. `links`
    returns rows that name those who are listed, such as memberships. An index has them in that order, so on SQLite a
    page reads no others. PostgreSQL does so by itself; with `links` it would look all people up.
    """
    linked = links() if connection.vendor == "sqlite" else None
    if linked is None:
        column, read = "pk", rows
    else:
        column = "end_user_id"
        read = linked.filter(Exists(rows.order_by().filter(pk=OuterRef(column)))).distinct()
    if cursor := asked.get("cursor"):
        read = read.filter(**{f"{column}__gt": _opened(cursor)})
    limit: int = asked["limit"]
    ids = list(read.order_by(column).values_list(column, flat=True)[: limit + 1])
    whole = rows.model._default_manager.all()
    whole.query.select_related = rows.query.select_related
    found = whole.in_bulk(ids[:limit])
    # Somebody may delete a row in between.
    shown = [found[pk] for pk in ids[:limit] if pk in found]
    return Page(shown, _closed(ids[limit - 1]) if len(ids) > limit else None)


def newest_page(rows: "QuerySet[Any]", asked: Mapping[str, Any], *, among: "QuerySet[Any] | None" = None) -> Page:
    """Return the page that is asked for, the newest row first. `among` limits the rows looked at, see `newest`."""
    before = str(_opened(asked["cursor"])) if asked.get("cursor") else ""
    found, last = newest(rows.order_by("-pk"), before, among=among, most=asked["limit"])
    return Page(found, _closed(UUID(last)) if last else None)


def _closed(pk: UUID) -> str:
    return base64.urlsafe_b64encode(pk.bytes).rstrip(b"=").decode()


def _opened(cursor: str) -> UUID:
    try:
        raw = base64.b64decode(cursor + "==", altchars=b"-_", validate=True)
        if len(raw) == 16 and _closed(UUID(bytes=raw)) == cursor:
            return UUID(bytes=raw)
    except (binascii.Error, ValueError):
        pass
    fault: Fault = {"parameter": "cursor", "code": "invalid", "detail": "Send `next` of the page before as it is."}
    raise Problem(400, "invalid", "The request is not valid.", errors=[fault])

"""Answers to lists and searches (RFC 7644 section 3.4.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.http import HttpResponse

from provisioning.payload.queries import Query, filter_with_plus
from provisioning.scim import rendering, responses
from provisioning.scim.auth import CallRequest
from provisioning.search.kinds import AnyKind
from provisioning.search.listing import Listing


def answer(kinds: Sequence[AnyKind], request: CallRequest, asked: Mapping[str, object]) -> HttpResponse:
    """Answer a page of the resources that match, and how many there are; of several kinds, one after the other."""
    connection = request.scim.connection
    queries = {kind: Query.of(asked, kind.schema, request.scim.tolerance) for kind in kinds}
    page = Listing(connection, kinds, list(queries.values())).page()
    query = queries[kinds[0]]
    other = filter_with_plus(request.META["QUERY_STRING"]) if request.method == "GET" else ""
    if not page.total and other not in ("", query.filter) and not query.tolerance.is_strict:
        again = [replace(each, filter=other) for each in queries.values()]
        if (found_by_plus := Listing(connection, kinds, again).page()).total:
            query.tolerance.note("a + in the filter that stands for itself instead of a blank")
            page = found_by_plus
    resources = [
        text
        for kind, rows in page.rows.items()
        for text in rendering.texts(kind, rows, connection, queries[kind].selection)
    ]
    start = query.start if query.cursor is None else None
    return responses.text(rendering.list_text(resources, page.total, start, page.next_cursor))

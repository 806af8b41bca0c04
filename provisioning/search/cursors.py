"""Cursors (RFC 9865): sealed texts that say where the next page begins. Each is valid for one list and for an hour."""

import json
import time
from dataclasses import astuple, dataclass

from provisioning.payload import errors
from workspace import crypto

LIFETIME = 3600
_UNRESERVED = str.maketrans("+/", "-_")
_BASE64 = str.maketrans("-_", "+/")


@dataclass(frozen=True)
class Position:
    """The row before the next page, and the number of rows in the list.

    `part` is the number of the row's part of the list, `key` its sort key, if the part has one. `count` is the size of
    the pages.
    """

    part: int
    key: object
    pk: str
    total: int
    count: int


def issue(position: Position, scope: str) -> str:
    """Return a cursor that only a request of the same scope can read. A URL needs no escapes for it."""
    content = json.dumps([scope, int(time.time()), *astuple(position)], default=str, ensure_ascii=False)
    return crypto.seal(content).translate(_UNRESERVED).rstrip("=")


def read(cursor: str, scope: str) -> Position:
    """Return the position of a cursor. Raises invalidCursor and expiredCursor."""
    padding = "=" * (-len(cursor) % 4)
    try:
        issued_for, issued_at, *position = json.loads(crypto.unseal(cursor.translate(_BASE64) + padding))
    except (crypto.UnsealError, ValueError):
        raise _invalid() from None
    if issued_for != scope:
        raise _invalid()
    if time.time() - issued_at > LIFETIME:
        raise errors.ScimError(
            400, f"This cursor is older than {LIFETIME} seconds. Begin again with an empty cursor.", "expiredCursor"
        )
    return Position(*position)


def _invalid() -> errors.ScimError:
    return errors.ScimError(
        400,
        "This is no cursor of this list. Send nextCursor as it was answered, with the same filter, sortBy and "
        "sortOrder, or begin with an empty cursor.",
        "invalidCursor",
    )

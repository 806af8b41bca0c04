"""Cursors (RFC 9865): where the next page begins, sealed, for one list of one connection and for a limited time."""

import json
import time
from dataclasses import astuple, dataclass
from typing import Any

from provisioning.payload import errors
from workspace import crypto

LIFETIME = 3600
_UNRESERVED = str.maketrans("+/", "-_")
_BASE64 = str.maketrans("-_", "+/")


@dataclass(frozen=True)
class Position:
    """After which row the next page begins, and what the first page has found out about the whole list.

    A list has one or several parts; `key` is what the row was sorted by, if its part is sorted by anything.
    """

    part: int
    key: Any
    pk: str
    total: int
    count: int


def issue(position: Position, scope: str) -> str:
    """A cursor that only a request of the same scope can read, in characters that need no escape in a URL."""
    content = json.dumps([scope, int(time.time()), *astuple(position)], default=str, ensure_ascii=False)
    return crypto.seal(content).translate(_UNRESERVED).rstrip("=")


def read(cursor: str, scope: str) -> Position:
    """The position. Raises invalidCursor and expiredCursor."""
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

"""A value of a message that is not the one expected, as it is stored for administrators."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypedDict

# Each half of a longer value is kept. It is longer than any entity ID (1,024), so the place where they differ is kept.
MAX_VALUE = 2100
MAX_VALUES = 3


class Kind(StrEnum):
    """What differs. Codes stay as they are, because they are stored."""

    ISSUER = "issuer"
    AUDIENCE = "audience"
    URL = "url"
    LOGOUT_URL = "logout_url"
    # Which of our URLs a message came to.
    ARRIVAL = "arrival"
    # The certificate that a signature names. Nothing proves that.
    CERTIFICATE = "certificate"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    TOO_OLD = "too_old"
    SESSION_OVER = "session_over"
    NO_TIME = "no_time"


TIMES = frozenset({Kind.TOO_EARLY, Kind.TOO_LATE, Kind.TOO_OLD, Kind.SESSION_OVER, Kind.NO_TIME})


class Difference(TypedDict):
    """Values that are not those expected, as JSON.

    names says what they are called in SAML. more counts the values that were left out. Of what is not signed, sent is
    empty. For a time that is too early or too late, sent has its ISO form, expected our time, and allowed the seconds
    by which they may differ.
    """

    kind: str
    names: list[str]
    sent: list[str]
    more: int
    expected: list[str]
    is_signed: bool
    allowed: int


def differing(kind: Kind, name: str, sent: Iterable[str], expected: Iterable[str], *, allowed: float = 0) -> Difference:
    """Return a difference whose values are not too many or too long to be stored."""
    values = [_cut(value) for value in dict.fromkeys(sent) if value]
    return {
        "kind": str(kind),
        "names": [name],
        "sent": values[:MAX_VALUES],
        "more": len(values[MAX_VALUES:]),
        "expected": list(expected),
        "is_signed": True,
        "allowed": round(allowed),
    }


def _cut(value: str) -> str:
    half = MAX_VALUE // 2
    return value if len(value) <= MAX_VALUE else f"{value[:half]}…{value[-half:]}"

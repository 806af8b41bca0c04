"""The parameters of lists and searches (RFC 7644 sections 3.4.2 and 3.4.3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, unquote, unquote_plus

from provisioning.payload import errors
from provisioning.payload.resources import Model
from provisioning.payload.selection import Selection
from provisioning.payload.tolerance import Tolerance

DEFAULT_COUNT, MAX_COUNT = 100, 200
MAX_PARAMETERS = 1_000
# Names in `attributes` or `excludedAttributes`.
MAX_NAMES = 1_000
# No list is longer, and every database takes it as an offset.
_MAX_START = 2**31
_STRING_OR_PLUS = re.compile(r'"(?:[^"\\]|\\.)*"|\+', re.DOTALL)


@dataclass(frozen=True)
class Query:
    """A filter, an order, a page of the results, and the attributes wanted of each."""

    filter: str
    sort: str
    is_descending: bool
    start: int
    count: int
    # None for a numbered page; empty for the first page with cursors.
    cursor: str | None
    selection: Selection
    tolerance: Tolerance

    @classmethod
    def of(cls, asked: Mapping[str, object], model: Model, tolerance: Tolerance) -> "Query":
        """Read URL parameters or the body of a search. Names are case-insensitive."""
        asked = {name.lower(): value for name, value in asked.items()}
        cursor = _text(asked, "cursor", "invalidCursor") if asked.get("cursor") is not None else None
        if cursor is not None and asked.get("startindex") is not None:
            tolerance.ignore("startIndex beside a cursor", "invalidValue")
        count = _number(asked, "count", DEFAULT_COUNT, "invalidValue" if cursor is None else "invalidCount")
        sort = _text(asked, "sortBy", "invalidPath")
        order = _text(asked, "sortOrder", "invalidValue").lower()
        if order not in {"", "ascending", "descending"}:
            raise errors.invalid_value("Send sortOrder as ascending or descending.")
        return cls(
            filter=_text(asked, "filter", "invalidFilter"),
            sort=sort,
            is_descending=order == "descending" and bool(sort),
            start=min(max(_number(asked, "startIndex", 1), 1), _MAX_START),
            count=min(max(count, 0), MAX_COUNT),
            cursor=cursor,
            selection=selection(asked, model, tolerance),
            tolerance=tolerance,
        )


def parameters(query_string: str) -> dict[str, str]:
    """Return the parameters of a URL. Of a name that is sent several times, the last one counts."""
    try:
        return dict(parse_qsl(query_string, keep_blank_values=True, max_num_fields=MAX_PARAMETERS))
    except ValueError:
        raise errors.invalid_syntax("The request is malformed: it has too many parameters.") from None


def filter_with_plus(query_string: str) -> str:
    """Return the filter of a URL as a client means it that sends + as it is; empty where there is no + in the filter.

    Outside of strings + is a blank all the same.
    """
    if "+" not in query_string:
        return ""
    parameters = (parameter.partition("=") for parameter in query_string.split("&"))
    sent = [value for name, _, value in parameters if unquote_plus(name).lower() == "filter"]
    if not sent or "+" not in sent[-1]:
        return ""
    return _STRING_OR_PLUS.sub(lambda found: " " if found[0] == "+" else found[0], unquote(sent[-1])).strip()


def selection(asked: Mapping[str, object], model: Model, tolerance: Tolerance) -> Selection:
    """Return the attributes that the answer shows."""
    if not asked:
        return _everything(model)
    asked = {name.lower(): value for name, value in asked.items()}
    if "attributes" not in asked and "excludedattributes" not in asked:
        return _everything(model)
    attributes, excluded = _names(asked, "attributes"), _names(asked, "excludedAttributes")
    if attributes and excluded:
        tolerance.ignore("excludedAttributes beside attributes", "invalidValue")
        excluded = []
    return Selection(model, attributes, excluded)


@cache
def _everything(model: Model) -> Selection:
    return Selection(model)


def _names(asked: Mapping[str, object], name: str) -> list[str]:
    value = asked.get(name.lower()) or []
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise errors.invalid_value(f"Send {name} as a list of names.")
    if len(value) > MAX_NAMES:
        raise errors.invalid_value(f"Name at most {MAX_NAMES:,} attributes in {name}.")
    return [item.strip() for item in value if item.strip()]


def _text(asked: Mapping[str, object], name: str, scim_type: str) -> str:
    value = asked.get(name.lower()) or ""
    if not isinstance(value, str):
        raise errors.ScimError(400, f"Send {name} as text.", scim_type)
    return value.strip()


def _number(asked: Mapping[str, object], name: str, default: int, scim_type: str = "invalidValue") -> int:
    value = asked.get(name.lower())
    if value is None or value == "":
        return default
    try:
        return int(value)  # type: ignore[call-overload] # a wrong type is refused as a wrong text is
    except (TypeError, ValueError):
        raise errors.ScimError(400, f"Send {name} as a whole number.", scim_type) from None

"""What a list or search asks for (RFC 7644 sections 3.4.2 and 3.4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.scim import errors
from provisioning.scim.resources import Model, Selection

DEFAULT_COUNT, MAX_COUNT = 100, 200
# Beyond what any list has, and within what every database takes as an offset.
_MAX_START = 2**31


@dataclass(frozen=True)
class Query:
    """A filter, a page of its results, and the attributes wanted of each."""

    filter: str
    start: int
    count: int
    selection: Selection

    @classmethod
    def of(cls, asked: Mapping[str, Any], model: Model) -> "Query":
        """From URL parameters or the body of a search; names are case-insensitive."""
        asked = {name.lower(): value for name, value in asked.items()}
        text = asked.get("filter") or ""
        if not isinstance(text, str):
            raise errors.ScimError(400, "Send filter as text.", "invalidFilter")
        return cls(
            filter=text.strip(),
            start=min(max(_number(asked, "startIndex", 1), 1), _MAX_START),
            count=min(max(_number(asked, "count", DEFAULT_COUNT), 0), MAX_COUNT),
            selection=selection(asked, model),
        )


def selection(asked: Mapping[str, Any], model: Model) -> Selection:
    """Which attributes the answer is to hold."""
    asked = {name.lower(): value for name, value in asked.items()}
    return Selection(model, _names(asked, "attributes"), _names(asked, "excludedAttributes"))


def _names(asked: Mapping[str, Any], name: str) -> list[str]:
    value = asked.get(name.lower()) or []
    if isinstance(value, str):
        return value.split(",")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise errors.invalid_value(f"Send {name} as a list of names.")
    return value


def _number(asked: Mapping[str, Any], name: str, default: int) -> int:
    value = asked.get(name.lower())
    if value is None or value == "":
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise errors.invalid_value(f"Send {name} as a whole number.") from None

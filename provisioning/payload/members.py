"""Members of a group, in any of the shapes that identity providers send."""

import re
from dataclasses import dataclass
from functools import reduce

from scim2_models import SCIMException
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ScimFilter,
)

from provisioning.payload import body as bodies
from provisioning.payload import errors
from provisioning.payload.resources import Document
from provisioning.payload.tolerance import Tolerance

MAX_MEMBERS = 10_000


@dataclass(frozen=True)
class Found:
    """Some members by their ids, or all members but these."""

    ids: tuple[str, ...]
    is_all_but: bool = False

    def __invert__(self) -> "Found":
        return Found(self.ids, not self.is_all_but)

    def __or__(self, other: "Found") -> "Found":
        if not self.is_all_but and not other.is_all_but:
            return Found(tuple(dict.fromkeys(self.ids + other.ids)))
        if self.is_all_but and other.is_all_but:
            return Found(tuple(one for one in self.ids if one in other.ids), True)
        most, some = (self, other) if self.is_all_but else (other, self)
        return Found(tuple(one for one in most.ids if one not in some.ids), True)


_ALL = Found((), True)
_BY_VALUE = re.compile(r'value eq "([^"\\]*)"', re.I)
_OR = re.compile(" or ", re.I)


def check_count(members: int) -> None:
    """Refuse a request that names too many members."""
    if members > MAX_MEMBERS:
        raise errors.too_large(f"Send at most {MAX_MEMBERS:,} members in one request.")


def note_shapes(value: object, tolerance: Tolerance) -> None:
    """Note the shapes of members that deviate from the RFC. `member_ids` reads them all."""
    if bodies.is_json_text(value):
        tolerance.note("members sent as JSON in a text")
        return
    if value is not None and not isinstance(value, list):
        tolerance.note("members sent as one value instead of a list")
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            tolerance.note("members sent as bare values")
        elif isinstance(entry, dict) and not (entry.get("value") or _has_value(entry)):
            tolerance.note("members named by their $ref alone")


def member_ids(value: object) -> list[str]:
    """Return the ids that a list of members names, each once. Raises invalidValue for a member without an id."""
    if bodies.is_json_text(value):
        value = bodies.loads(value)
    entries = value if isinstance(value, list) else [] if value is None else [value]
    check_count(len(entries))
    return list(dict.fromkeys(map(_member_id, entries)))


def listed_ids(text: str) -> list[str] | None:
    """Return the ids of a filter that is a plain list, as IdPs send it: `value eq "a" or value eq "b"`; else None.

    It is not parsed, so that a list may be long.
    """
    parts = _OR.split(text)
    check_count(len(parts))
    matches = [match for match in map(_BY_VALUE.fullmatch, parts) if match]
    return _lowered([match[1] for match in matches]) if len(matches) == len(parts) else None


def matching(text: str) -> Found:
    """Return the members that a filter over `value` and `type` finds. Raises invalidPath for any other filter.

    The type of each member is User.
    """
    try:
        return _found(ScimFilter(text).ast)
    except SCIMException:
        raise _not_by_id() from None


def _lowered(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(one.lower() for one in ids))


def _has_value(entry: Document) -> bool:
    return any(key.lower() == "value" and item for key, item in entry.items())


def _member_id(entry: object) -> str:
    fields = {key.lower(): item for key, item in entry.items()} if isinstance(entry, dict) else {"value": entry}
    if str(fields.get("type") or "").lower() == "group":
        raise errors.invalid_value("A group cannot be a member of a group here. Push its users as members instead.")
    value = fields.get("value") or str(fields.get("$ref") or "").rstrip("/").rpartition("/")[2]
    if not isinstance(value, str) or not value:
        raise errors.invalid_value('Name each member by its id, as {"value": "<id>"}.')
    return value.lower()


def _found(node: FilterNode) -> Found:
    match node:
        case LogicalExpr(LogicalOperator.or_, terms):
            return reduce(Found.__or__, map(_found, terms))
        case LogicalExpr(LogicalOperator.and_, terms):
            return ~reduce(Found.__or__, (~_found(term) for term in terms))
        case Not(expr):
            return ~_found(expr)
        case Present(AttrPath(name, None, None)) if name.lower() in {"value", "type"}:
            return _ALL
        case Comparison(AttrPath(name, None, None), CompareOperator.eq | CompareOperator.ne as op, str(value)):
            equal = _equal(name.lower(), value.lower())
            return equal if op == CompareOperator.eq else ~equal
    raise _not_by_id()


def _equal(name: str, value: str) -> Found:
    if name == "value":
        return Found((value,))
    if name == "type":
        return _ALL if value == "user" else ~_ALL
    raise _not_by_id()


def _not_by_id() -> errors.ScimError:
    return errors.invalid_path('Name the members to remove by id, as members[value eq "<id>"].')

"""Members of a group in any of the shapes that identity providers send, and what a PATCH does to them."""

import re
from dataclasses import dataclass, field
from typing import Any

from provisioning.payload import body as bodies
from provisioning.payload import errors
from provisioning.payload.resources import Document
from provisioning.payload.tolerance import Tolerance

MAX_MEMBERS = 10_000


MEMBERS = re.compile(
    r"(?:urn:ietf:params:scim:schemas:core:2\.0:Group:)?members(?:\[(?P<filter>.*)\])?(?P<rest>\..*)?", re.I | re.S
)
_BY_VALUE = re.compile(r'value eq "([^"\\]*)"', re.I)
_OR = re.compile(" or ", re.I)


@dataclass
class MemberChange:
    """What a request does to a group's members, as if its operations were applied one after the other.

    `replace` is the whole new set or None; then `add` and `remove` are empty. `named` are all ids that anything
    asked to add, also those removed again later: each must exist.
    """

    add: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    replace: list[str] | None = None
    named: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.add or self.remove) or self.replace is not None


def member_ids(value: Any) -> list[str]:
    """The ids that a list of members names, in any of the shapes that IdPs send."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        value = bodies.loads(value)
    entries = value if isinstance(value, list) else [] if value is None else [value]
    _check_count(len(entries))
    return list(dict.fromkeys(_member_id(entry) for entry in entries))


def _check_count(members: int) -> None:
    if members > MAX_MEMBERS:
        raise errors.too_large(f"Send at most {MAX_MEMBERS:,} members in one request.")


def _member_id(entry: Any) -> str:
    fields = {key.lower(): item for key, item in entry.items()} if isinstance(entry, dict) else {"value": entry}
    if str(fields.get("type") or "").lower() == "group":
        raise errors.invalid_value("A group cannot be a member of a group here. Push its users as members instead.")
    value = fields.get("value") or str(fields.get("$ref") or "").rstrip("/").rpartition("/")[2]
    if not isinstance(value, str) or not value:
        raise errors.invalid_value('Name each member by its id, as {"value": "<id>"}.')
    return value.lower()


class Members:
    """The sets while operations are applied; dictionaries keep the order."""

    def __init__(self) -> None:
        self.added: dict[str, None] = {}
        self.removed: dict[str, None] = {}
        self.whole: dict[str, None] | None = None
        self.named: dict[str, None] = {}
        self.count = 0

    def apply(self, operation: Document, filter_text: str | None, rest: str | None) -> None:
        if rest:
            raise errors.mutability("What a member is cannot be changed. Remove the member and add another one.")
        op, value = operation["op"], operation.get("value")
        if filter_text is not None:
            if op != "remove":
                raise errors.invalid_path('Add members with the path "members"; a filter is for removing.')
            self.remove(self.counted(_filtered(filter_text)))
        elif op == "add":
            self.add(self.counted(member_ids(value)))
        elif op == "replace":
            self.replace(self.counted(member_ids(value)))
        elif value is None:
            self.replace([])
        else:
            self.remove(self.counted(member_ids(value)))

    def counted(self, ids: list[str]) -> list[str]:
        self.count += len(ids)
        _check_count(self.count)
        return ids

    def add(self, ids: list[str]) -> None:
        self.named |= dict.fromkeys(ids)
        if self.whole is not None:
            self.whole |= dict.fromkeys(ids)
            return
        self.added |= dict.fromkeys(ids)
        self._drop(self.removed, ids)

    def remove(self, ids: list[str]) -> None:
        if self.whole is not None:
            self._drop(self.whole, ids)
            return
        self.removed |= dict.fromkeys(ids)
        self._drop(self.added, ids)

    def replace(self, ids: list[str]) -> None:
        self.whole = {}
        self.added, self.removed = {}, {}
        self.add(ids)

    def change(self) -> MemberChange:
        whole = None if self.whole is None else list(self.whole)
        return MemberChange(list(self.added), list(self.removed), whole, list(self.named))

    @staticmethod
    def _drop(ids: dict[str, None], unwanted: list[str]) -> None:
        for one in unwanted:
            ids.pop(one, None)


def _filtered(text: str) -> list[str]:
    """The ids of `value eq "a" or value eq "b"`."""
    words = " ".join(text.split())  # else many blanks in a row would take the square of their number
    parts = _OR.split(words)
    _check_count(len(parts))
    matches = [_BY_VALUE.fullmatch(part) for part in parts]
    if not all(matches):
        raise errors.invalid_path('Name the members to remove by id, as members[value eq "<id>"].')
    return [match[1].lower() for match in matches if match]


def check_members(value: Any, tolerance: Tolerance) -> None:
    """Name the shapes of members that only some identity providers send; `patch` understands them all."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        tolerance.note("members sent as JSON in a text")
        return
    if value is not None and not isinstance(value, list):
        tolerance.note("members sent as one value instead of a list")
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            tolerance.note("members sent as bare values")
        elif isinstance(entry, dict) and not entry.get("value") and not _has_value(entry):
            tolerance.note("members named by their $ref alone")


def _has_value(member: Document) -> bool:
    return any(key.lower() == "value" and item for key, item in member.items())

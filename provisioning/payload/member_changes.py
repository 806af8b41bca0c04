"""What the operations of a PATCH do to the members of a group (RFC 7644 section 3.5.2), as sets of ids."""

import re
from dataclasses import dataclass, field

from provisioning.payload import errors
from provisioning.payload.limits import Counts, check_filter
from provisioning.payload.members import check_count, found_ids, listed_ids, member_ids
from provisioning.payload.resources import Document

PATH = re.compile(
    r"(?:urn:ietf:params:scim:schemas:core:2\.0:Group:)?members(?:\[(?P<filter>.*)\])?(?P<rest>\..*)?", re.I | re.S
)


@dataclass
class MemberChange:
    """What a request does to a group's members, as if its operations were applied one after the other.

    `replace` is the whole new set or None; then `add` and `remove` are empty. `named` are all ids that an operation
    added, also those that a later one removed: each must exist.
    """

    add: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    replace: list[str] | None = None
    named: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.add or self.remove) or self.replace is not None


@dataclass
class MemberOperations:
    """Applies operations on members one after the other. Dictionaries are sets that keep the order."""

    added: dict[str, None] = field(default_factory=dict)
    removed: dict[str, None] = field(default_factory=dict)
    replaced: dict[str, None] | None = None
    named: dict[str, None] = field(default_factory=dict)
    members: int = 0
    counts: Counts = field(default_factory=Counts)

    def apply(self, operation: Document, filter_text: str | None, rest: str | None) -> None:
        """Apply one operation. `filter_text` is what stands in the brackets of its path, `rest` what follows them."""
        if rest:
            raise errors.mutability("What a member is cannot be changed. Remove the member and add another one.")
        op, value = operation["op"], operation.get("value")
        if filter_text is not None and op != "remove":
            raise errors.invalid_path('Add members with the path "members"; a filter is for removing.')
        if filter_text is not None:
            ids = self._filtered(filter_text)
        else:
            ids = None if op == "remove" and value is None else member_ids(value)
        if ids is None:
            self._replace([])
            return
        self.members += len(ids)
        check_count(self.members)
        {"add": self._add, "replace": self._replace, "remove": self._remove}[op](ids)

    def change(self) -> MemberChange:
        """Return what all operations did together."""
        replace = None if self.replaced is None else list(self.replaced)
        return MemberChange(list(self.added), list(self.removed), replace, list(self.named))

    def _filtered(self, text: str) -> list[str] | None:
        """The ids that a filter finds; None for all members."""
        text = " ".join(text.split())  # The regular expressions would take quadratic time for many blanks in a row.
        if (listed := listed_ids(text)) is not None:
            return listed
        self.counts.add("terms", check_filter(text))
        return found_ids(text)

    def _add(self, ids: list[str]) -> None:
        self.named |= dict.fromkeys(ids)
        if self.replaced is not None:
            self.replaced |= dict.fromkeys(ids)
            return
        self.added |= dict.fromkeys(ids)
        _discard(self.removed, ids)

    def _remove(self, ids: list[str]) -> None:
        if self.replaced is not None:
            _discard(self.replaced, ids)
            return
        self.removed |= dict.fromkeys(ids)
        _discard(self.added, ids)

    def _replace(self, ids: list[str]) -> None:
        self.replaced = {}
        self.added, self.removed = {}, {}
        self._add(ids)


def _discard(ids: dict[str, None], unwanted: list[str]) -> None:
    for one in unwanted:
        ids.pop(one, None)

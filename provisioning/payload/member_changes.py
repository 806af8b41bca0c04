"""What the operations of a PATCH do to the members of a group (RFC 7644 section 3.5.2), as sets of ids."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from provisioning.payload import errors
from provisioning.payload.limits import Counts, check_filter
from provisioning.payload.members import Found, check_count, listed_ids, matching, member_ids
from provisioning.payload.resources import Document

PATH = re.compile(
    r"(?:urn:ietf:params:scim:schemas:core:2\.0:Group:)?members(?:\[(?P<filter>.*)\])?(?P<rest>\..*)?", re.I | re.S
)


@dataclass
class MemberChange:
    """What a request does to a group's members, as if its operations were applied one after the other.

    `replace` is the new set or None; then `add` and `remove` are empty. Of the members that are there, those in `keep`
    stay beside the new set. `named` are all ids that an operation added, also those that a later one removed: each must
    exist.
    """

    add: list[str] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    replace: list[str] | None = None
    keep: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.add or self.remove) or self.replace is not None

    @property
    def only_adds(self) -> bool:
        """Say whether members come and nobody can leave."""
        return bool(self.add) and self.add == self.named and not self.remove and self.replace is None


@dataclass
class MemberOperations:
    """Applies operations on members one after the other. Dictionaries are sets that keep the order."""

    added: dict[str, None] = field(default_factory=dict)
    removed: dict[str, None] = field(default_factory=dict)
    replaced: dict[str, None] | None = None
    kept: dict[str, None] = field(default_factory=dict)
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
            meant = self._found(filter_text)
        else:
            meant = Found((), True) if op == "remove" and value is None else Found(tuple(member_ids(value)))
        self.members += len(meant.ids)
        check_count(self.members)
        change = {"add": self._add, "replace": self._replace, "remove": self._remove}[op]
        (self._keep if meant.is_all_but else change)(meant.ids)

    def change(self) -> MemberChange:
        """Return what all operations did together."""
        replace = None if self.replaced is None else list(self.replaced)
        return MemberChange(list(self.added), list(self.removed), replace, list(self.kept), list(self.named))

    def _found(self, text: str) -> Found:
        text = " ".join(text.split())  # The regular expressions would take quadratic time for many blanks in a row.
        if (listed := listed_ids(text)) is not None:
            return Found(tuple(listed))
        self.counts.add("terms", check_filter(text))
        return matching(text)

    def _add(self, ids: Sequence[str]) -> None:
        self.named |= dict.fromkeys(ids)
        if self.replaced is not None:
            self.replaced |= dict.fromkeys(ids)
            return
        self.added |= dict.fromkeys(ids)
        _discard(self.removed, ids)

    def _remove(self, ids: Sequence[str]) -> None:
        if self.replaced is not None:
            _discard(self.replaced, ids)
            _discard(self.kept, ids)
            return
        self.removed |= dict.fromkeys(ids)
        _discard(self.added, ids)

    def _replace(self, ids: Sequence[str]) -> None:
        self._keep(())
        self._add(ids)

    def _keep(self, ids: Sequence[str]) -> None:
        """Remove all members but these."""
        if self.replaced is None:
            self.replaced, self.kept = self.added, {one: None for one in ids if one not in self.removed}
            self.added, self.removed = {}, {}
        self.replaced = {one: None for one in ids if one in self.replaced}
        self.kept = {one: None for one in ids if one in self.kept}


def _discard(ids: dict[str, None], unwanted: Sequence[str]) -> None:
    for one in unwanted if ids else ():
        ids.pop(one, None)

"""PATCH (RFC 7644 section 3.5.2): members apart, as sets of ids; everything else through scim2-models."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from pydantic import ValidationError
from scim2_models import BaseModel, Context, PatchOp, ScimPolicy
from scim2_models import SCIMException as PayloadError

from provisioning.payload import body as bodies
from provisioning.payload import errors
from provisioning.payload.attributes import find
from provisioning.payload.documents import EXACT_POLICY, POLICY, dump
from provisioning.payload.resources import ACCESS, Document
from provisioning.payload.tolerance import Tolerance

MAX_MEMBERS = 10_000
# Entries of lists that the operations of one request go through: scim2-models copies a list for each operation on it.
MAX_ENTRIES = 1_000
_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_MEMBERS = re.compile(
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


def split(operations: Iterable[Document]) -> tuple[MemberChange, list[Document]]:
    """Operations on members as one change, and all the others."""
    members, others = _Members(), []
    for operation in operations:
        if match := _MEMBERS.fullmatch(operation["path"]):
            members.apply(operation, match["filter"], match["rest"])
        else:
            others.append(operation)
    return members.change(), others


def apply(document: Document, operations: list[Document], model: type[BaseModel], tolerance: Tolerance) -> Document:
    """The document after the operations, all or none of them."""
    if any(operation["path"] == ACCESS for operation in operations):
        # Written without any attribute (`dialects`), of which scim2-models makes nothing.
        document = document | {ACCESS: {}}
        operations = [operation for operation in operations if operation["path"] != ACCESS]
    if not operations:
        return document
    _check_entries(document, operations, model)
    try:
        return _applied(document, operations, model, EXACT_POLICY)
    except errors.ScimError as refusal:
        if refusal.scim_type != "noTarget":
            raise
    patched = _applied(document, operations, model, POLICY)
    tolerance.note("an entry added that the filter of a path did not find", "noTarget")
    return patched


def _applied(document: Document, operations: list[Document], model: type[BaseModel], policy: ScimPolicy) -> Document:
    try:
        with policy:
            patch = _patch_op(model).model_validate(
                {"schemas": [_SCHEMA], "Operations": operations}, scim_ctx=Context.RESOURCE_PATCH_REQUEST
            )
            resource = model.model_validate(document)
            patch.patch(resource)
    except (ValidationError, PayloadError) as error:
        raise errors.of_payload(error) from None
    return dump(resource)


def _check_entries(document: Document, operations: list[Document], model: type[BaseModel]) -> None:
    lengths = Counter({name: len(value) for name, value in document.items() if isinstance(value, list)})
    entries = 0
    for operation in operations:
        steps, value = find(model, operation["path"].partition("[")[0]), operation.get("value")
        if steps and steps[0].is_many:
            lengths[steps[0].name] += len(value) if isinstance(value, list) else 1
            entries += lengths[steps[0].name]
    if entries > MAX_ENTRIES:
        raise errors.too_large(
            f"The operations of one request go through {MAX_ENTRIES:,} entries of lists at most. "
            "Replace a long list as a whole instead."
        )


@cache
def _patch_op(model: type[BaseModel]) -> Any:
    """The message about this model, kept: what pydantic forgets now and then it makes anew in milliseconds."""
    return cast(Any, PatchOp)[model]


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


class _Members:
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

"""PATCH (RFC 7644 section 3.5.2): scim2-models applies it, except to members, which become sets of ids."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from pydantic import ValidationError
from scim2_models import BaseModel, Context, PatchOp, ScimPolicy
from scim2_models import SCIMException as PayloadError

from provisioning.payload import errors
from provisioning.payload.attributes import find
from provisioning.payload.documents import EXACT_POLICY, POLICY, dump
from provisioning.payload.member_changes import PATH, MemberChange, MemberOperations
from provisioning.payload.resources import ACCESS, Document
from provisioning.payload.tolerance import Tolerance

# List entries that the operations of one request go through. scim2-models copies a list for each operation on it.
MAX_ENTRIES = 1_000
_SCHEMA = str(PatchOp.__schema__)


def split(operations: Iterable[Document]) -> tuple[MemberChange, list[Document]]:
    """Return the operations on members as one change, and all other operations."""
    members, others = MemberOperations(), []
    for operation in operations:
        if match := PATH.fullmatch(operation["path"]):
            members.apply(operation, match["filter"], match["rest"])
        else:
            others.append(operation)
    return members.change(), others


def apply(document: Document, operations: list[Document], model: type[BaseModel], tolerance: Tolerance) -> Document:
    """Return the document after all operations. Raises ScimError where one of them fails."""
    if any(operation["path"] == ACCESS for operation in operations):
        # scim2-models drops an extension that is written without any attribute.
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
    """Return the class of the message. It is kept here, as pydantic may drop it and takes milliseconds to make it."""
    return cast(Any, PatchOp)[model]

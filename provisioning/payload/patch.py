"""PATCH (RFC 7644 section 3.5.2): members apart, as sets of ids; everything else through scim2-models."""

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
from provisioning.payload.members import MEMBERS, MemberChange, Members
from provisioning.payload.resources import ACCESS, Document
from provisioning.payload.tolerance import Tolerance

# Entries of lists that the operations of one request go through: scim2-models copies a list for each operation on it.
MAX_ENTRIES = 1_000
_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def split(operations: Iterable[Document]) -> tuple[MemberChange, list[Document]]:
    """Operations on members as one change, and all the others."""
    members, others = Members(), []
    for operation in operations:
        if match := MEMBERS.fullmatch(operation["path"]):
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

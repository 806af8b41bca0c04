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
from provisioning.payload.documents import EXACT_POLICY, POLICY, dump, each_once
from provisioning.payload.leaving_out import leave_out
from provisioning.payload.limits import Counts, check_filter
from provisioning.payload.member_changes import PATH, MemberChange, MemberOperations
from provisioning.payload.resources import ACCESS, Document
from provisioning.payload.tolerance import Tolerance

# What one operation takes in all: scim2-models copies the list that it changes, and compares its entries.
_STEPS, _STEPS_PER_TERM, _STEPS_PER_ENTRY = 30, 5, 8
# How a value or a filter that does not fit is refused. Other refusals concern the request's form, or needed attributes.
_UNFIT = {"invalidValue", "invalidFilter", "noTarget"}
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
    """Return the document after all operations. Raises ScimError where one fails that must not be left out."""
    if any(operation["path"] == ACCESS for operation in operations):
        # scim2-models drops an extension that is written without any attribute.
        document = document | {ACCESS: {}}
        operations = [operation for operation in operations if operation["path"] != ACCESS]
    if not operations:
        return document
    return each_once(_tolerant(document, operations, model, tolerance, Counts()), model)


def _tolerant(
    document: Document, operations: list[Document], model: type[BaseModel], tolerance: Tolerance, counts: Counts
) -> Document:
    """Apply operations, without those that cannot be applied as far as nobody needs them.

    They are found by halves. That takes longer, which counts.
    """
    counts.add("steps", _steps(document, operations, model))
    try:
        return _exact(document, operations, model, tolerance)
    except errors.ScimError as refusal:
        if tolerance.is_strict or refusal.scim_type not in _UNFIT:
            raise
        if len(operations) == 1:
            leave_out(operations[0]["path"], refusal, model, tolerance)
            return document
    middle = len(operations) // 2
    for half in (operations[:middle], operations[middle:]):
        document = _tolerant(document, half, model, tolerance, counts)
    return document


def _exact(document: Document, operations: list[Document], model: type[BaseModel], tolerance: Tolerance) -> Document:
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


def _steps(document: Document, operations: list[Document], model: type[BaseModel]) -> int:
    """Estimate what the operations take, in tens of microseconds."""
    lengths = Counter({name: len(value) for name, value in document.items() if isinstance(value, list)})
    steps, selections = _STEPS * len(operations) + _STEPS_PER_ENTRY * lengths.total(), set()
    for operation in operations:
        selection, _, _ = operation["path"].rpartition("]")
        found = find(model, (selection or operation["path"]).partition("[")[0])
        if not found or not found[0].is_many:
            continue
        name, sent = found[0].name, len(operation["value"]) if isinstance(operation.get("value"), list) else 1
        if selection or operation["op"] == "remove":
            # A filter, or values that name entries. A filter that finds nothing may add one, which it finds later.
            terms = check_filter(selection) if selection else sent
            lengths[name] += bool(selection) and selection not in selections
            selections.add(selection)
            steps += _STEPS_PER_TERM * terms + (_STEPS_PER_ENTRY + terms) * lengths[name]
        else:
            lengths[name] = sent + (lengths[name] if operation["op"] == "add" else 0)
            steps += lengths[name]
    return steps


@cache
def _patch_op(model: type[BaseModel]) -> Any:
    """Return the class of the message. It is kept here, as pydantic may drop it and takes milliseconds to make it."""
    return cast(Any, PatchOp)[model]

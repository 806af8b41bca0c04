"""One change of a PATCH: an operation with a path, its value read by the attribute that the path leads to."""

import re
from typing import cast

from scim2_models import SCIMException
from scim2_models.path import ScimFilter

from provisioning.payload import errors
from provisioning.payload.attributes import Attribute, find, is_read_only, spelled
from provisioning.payload.dialects.schemas import bare
from provisioning.payload.dialects.values import Reader, is_empty_extension
from provisioning.payload.documents import MAX_NAME, check_part
from provisioning.payload.leaving_out import fit, ignore_unknown, leave_out
from provisioning.payload.limits import MAX_LENGTH, check_filter
from provisioning.payload.members import note_shapes
from provisioning.payload.resources import Document, Manager, Model

_NAME = r"[a-z_$][\w$-]*"
# What a path can be, whether or not it leads anywhere here: a URN, names, and a filter in brackets.
_PATH = re.compile(rf'(?:[a-z][^\s"\[\]]*:)?{_NAME}(?:\.{_NAME})*(?:\[.*\](?:\.{_NAME})?)?', re.A | re.I | re.S)


def tidy_change(op: str, path: str, value: object, model: Model, reader: Reader) -> Document | None:
    """Return one operation, or None where its attribute is unknown or its value is left out."""
    steps = find(model, without_filter(path))
    if steps and steps[0].name == "members" and not is_read_only(steps):
        return _member_change(op, path, value, reader)
    reader.counts.add("terms", check_filter(path))
    if not steps and (steps := bare(path, model, reader.tolerance, "invalidPath")):
        path = spelled(steps)
    if not steps:
        _check_form(path)
        ignore_unknown(path, model, reader.tolerance, "invalidPath")
        return None
    if is_read_only(steps):
        return _unchanged(op, steps, value, reader)
    try:
        if op == "remove":
            return _removal(path, value, steps, reader)
        return _assignment(op, path, value, steps, model, reader)
    except errors.ScimError as refusal:
        leave_out(path, refusal, model, reader.tolerance)
        return None


def has_form(path: str) -> bool:
    """Say whether a text could be a path to an attribute, known or not. What is in brackets is not looked at."""
    return len(path) <= MAX_LENGTH and _PATH.fullmatch(path) is not None


def _check_form(path: str) -> None:
    _, bracket, rest = path.partition("[")
    try:
        if has_form(path) and (not bracket or ScimFilter(rest.rpartition("]")[0])):
            return
    except SCIMException:
        pass
    raise errors.invalid_path(f"{path[:100]} is no path. Send one like name.givenName.")


def _member_change(op: str, path: str, value: object, reader: Reader) -> Document:
    if op == "remove" and value and "[" not in path:
        reader.tolerance.note("members removed by value")
    note_shapes(value, reader.tolerance)
    return {"op": op, "path": path, "value": value}


def _assignment(
    op: str, path: str, value: object, steps: list[Attribute], model: Model, reader: Reader
) -> Document | None:
    """An add or replace. An empty value clears the attribute."""
    has_filter = "[" in path
    is_element = has_filter and steps[-1].is_many
    read = reader.one(steps[-1], value) if is_element else reader.value(steps[-1], value)
    if read is None:
        reader.tolerance.note(f"{spelled(steps)} cleared by an empty value")
        return _removed(path.rpartition("].")[0] + "]" if "]." in path else path, steps)
    if not reader.tolerance.is_strict and _may_not_fit(steps[-1], read):
        read = _fitting(read, steps, is_element, model, reader)
        if not read:
            return None
    return {"op": op, "path": path if has_filter else spelled(steps), "value": read}


def _may_not_fit(attribute: Attribute, read: object) -> bool:
    """Say whether a value must be checked. Most are texts and booleans, which always fit."""
    if isinstance(read, str):
        return attribute.value_type is not str or len(read) > MAX_NAME
    return read != [] and not (isinstance(read, bool) and attribute.value_type is bool)


def _fitting(read: object, steps: list[Attribute], is_element: bool, model: Model, reader: Reader) -> object:
    """Return a value without the parts of it that cannot be taken; None where nothing is left."""
    lists = {step.name for step in steps[: None if is_element else -1] if step.is_many}
    part: object = read
    for step in reversed(steps):
        part = {step.name: [part] if step.name in lists else part}
    document = cast(Document, part)
    found: object = fit(document, lambda: check_part(document, model), model, reader.tolerance)
    for step in steps:
        found = found.get(step.name) if isinstance(found, dict) else None
        if step.name in lists and isinstance(found, list):
            found = found[0] if found else None
    return found


def _removal(path: str, value: object, steps: list[Attribute], reader: Reader) -> Document:
    """A remove. A value beside it names elements of a list (Entra); elsewhere it says nothing."""
    attribute = steps[-1]
    if value is None:
        return _removed(path, steps)
    if "[" in path or not attribute.is_many:
        reader.tolerance.ignore(f"value beside the removal of {attribute.name}")
        return _removed(path, steps)
    reader.tolerance.note(f"{attribute.name} removed by value")
    return {"op": "remove", "path": path, "value": reader.many(attribute, value)}


def _removed(path: str, steps: list[Attribute]) -> Document:
    """Remove what a path leads to. Without its value a manager is none."""
    is_managers_value = len(steps) > 1 and steps[-2].model is Manager
    return {"op": "remove", "path": spelled(steps[:-1]) if is_managers_value else path}


def _unchanged(op: str, steps: list[Attribute], value: object, reader: Reader) -> Document | None:
    """An operation on a read-only attribute. Raises mutability unless it changes nothing."""
    if op != "remove" and is_empty_extension(steps[-1], value):
        return {"op": op, "path": spelled(steps), "value": {}}
    refusal = errors.mutability(f"{spelled(steps)} is what this server says. It cannot be changed.")
    if steps[0].is_read_only or reader.tolerance.is_strict:
        raise refusal
    # What else a manager is called: only the manager's id is taken from clients.
    reader.tolerance.leave_out(spelled(steps), refusal)
    return None


def without_filter(path: str) -> str:
    """The names of a path alone; all of it where a bracket is not closed."""
    head, _, rest = path.partition("[")
    return head + rest.rpartition("]")[2] if "]" in rest else path

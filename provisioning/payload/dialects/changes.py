"""One change of a PATCH: an operation with a path, its value read by the attribute that the path leads to."""

import re

from provisioning.payload import errors
from provisioning.payload.attributes import Attribute, find, is_read_only, spelled
from provisioning.payload.dialects.values import Reader, is_empty_extension
from provisioning.payload.limits import check_filter
from provisioning.payload.members import note_shapes
from provisioning.payload.resources import Document, Model

_NAMES = re.compile(r"[\w$:.-]+")


def tidy_change(op: str, path: str, value: object, model: Model, reader: Reader) -> Document | None:
    """Return one operation, or None where its attribute is unknown."""
    steps = find(model, _without_filter(path))
    if steps and steps[0].name == "members" and not is_read_only(steps):
        return _member_change(op, path, value, reader)
    reader.counts.add("terms", check_filter(path))
    if not steps:
        reader.tolerance.ignore(f"unknown attribute {path[:100]}")
        # scim2-models would read its own names of attributes too, such as user_name.
        return None if _NAMES.fullmatch(path) else {"op": op, "path": path, "value": value}
    if is_read_only(steps):
        return _unchanged(op, steps, value)
    if op == "remove":
        return _removal(path, value, steps[-1], reader)
    return _assignment(op, path, value, steps, reader)


def _member_change(op: str, path: str, value: object, reader: Reader) -> Document:
    if op == "remove" and value and "[" not in path:
        reader.tolerance.note("members removed by value")
    note_shapes(value, reader.tolerance)
    return {"op": op, "path": path, "value": value}


def _assignment(op: str, path: str, value: object, steps: list[Attribute], reader: Reader) -> Document:
    """An add or replace. An empty value clears the attribute."""
    has_filter = "[" in path
    is_element = has_filter and steps[-1].is_many
    read = reader.one(steps[-1], value) if is_element else reader.value(steps[-1], value)
    if read is None:
        reader.tolerance.note(f"{spelled(steps)} cleared by an empty value")
        return {"op": "remove", "path": path.rpartition("].")[0] + "]" if "]." in path else path}
    return {"op": op, "path": path if has_filter else spelled(steps), "value": read}


def _removal(path: str, value: object, attribute: Attribute, reader: Reader) -> Document:
    """A remove. A value beside it names elements of a list (Entra); elsewhere it says nothing."""
    if value is None:
        return {"op": "remove", "path": path}
    if "[" in path or not attribute.is_many:
        reader.tolerance.ignore(f"value beside the removal of {attribute.name}")
        return {"op": "remove", "path": path}
    reader.tolerance.note(f"{attribute.name} removed by value")
    return {"op": "remove", "path": path, "value": reader.many(attribute, value)}


def _unchanged(op: str, steps: list[Attribute], value: object) -> Document:
    """An operation on a read-only attribute. Raises mutability unless it changes nothing."""
    if op == "remove" or not is_empty_extension(steps[-1], value):
        raise errors.mutability(f"{spelled(steps)} is what this server says. It cannot be changed.")
    return {"op": op, "path": spelled(steps), "value": {}}


def _without_filter(path: str) -> str:
    """The names of a path alone; all of it where a bracket is not closed."""
    head, _, rest = path.partition("[")
    return head + rest.rpartition("]")[2] if "]" in rest else path

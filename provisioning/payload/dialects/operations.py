"""Bodies of PATCH."""

import re
from typing import Any

from scim2_models import BaseModel

from provisioning.payload import errors, limits
from provisioning.payload.attributes import Attribute, find, is_read_only, spelled
from provisioning.payload.dialects.schemas import check_schemas, modern, own_urn
from provisioning.payload.dialects.values import Reader, is_named_alone
from provisioning.payload.members import check_members
from provisioning.payload.resources import Document
from provisioning.payload.tolerance import Tolerance

MAX_OPERATIONS = 100


_NAMES = re.compile(r"[\w$:.-]+")
_SERVER_KEYS = {"schemas", "meta"}
_PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def tidy_operations(body: Document, model: type[BaseModel], own_id: str, tolerance: Tolerance) -> list[Document]:
    """The operations of a PATCH body, each with `op` in lower case and a path.

    Raises invalidSyntax where it is no PATCH body, 413 where it holds too many operations.
    """
    key = next((key for key in body if key.lower() == "operations"), "Operations")
    sent = body.get(key)
    if isinstance(sent, dict):
        tolerance.note("Operations sent as one object instead of a list")
        sent = [sent]
    if not isinstance(sent, list) or not sent or not all(isinstance(item, dict) for item in sent):
        raise errors.invalid_syntax("Send Operations: a list of objects with op, path and value.")
    if len(sent) > MAX_OPERATIONS:
        raise errors.too_large(f"Send at most {MAX_OPERATIONS} operations in one request.")
    check_schemas(body, [_PATCH_OP], tolerance)
    if key != "Operations":
        tolerance.note(f"Operations sent as {key}")
    reader = Reader(tolerance, keeps_clearing=True)
    return [tidy for item in sent for tidy in _operation(item, model, own_id, reader) if tidy]


def _operation(item: Document, model: type[BaseModel], own_id: str, reader: "Reader") -> list[Document | None]:
    """One operation as one or, where it has no path, one for each attribute of its value."""
    item = {key.lower(): value for key, value in item.items()}
    op, path = item.get("op"), item.get("path")
    if not isinstance(op, str) or op.lower() not in {"add", "replace", "remove"}:
        raise errors.invalid_value("Send op as add, replace or remove.")
    if op != op.lower():
        reader.tolerance.note(f"op sent as {op}")
    if path is not None and not isinstance(path, str):
        raise errors.invalid_path("Send path as text, e.g. name.givenName.")
    if path and path.strip():
        return [_single(op.lower(), modern(path.strip(), reader.tolerance), item, model, reader)]
    if op.lower() == "remove":
        raise errors.ScimError(400, "Name what to remove in path.", "noTarget")
    if reader.tolerance.is_strict:
        # The RFC allows it, so that it is no deviation; but what it changes can be read in more than one way.
        raise errors.invalid_path("This connection is strict: name in path what each operation is about.")
    return [
        _single(op.lower(), key, {"value": value}, model, reader)
        for key, value in _pathless(item.get("value"), model, own_id, reader)
    ]


def _pathless(value: Any, model: type[BaseModel], own_id: str, reader: "Reader") -> list[tuple[str, Any]]:
    """Paths and values of an operation without a path; the resource's own id among them is no change."""
    if isinstance(value, str):
        value = reader.json(value, "value")
    if not isinstance(value, dict):
        raise errors.invalid_value("Send a path, or as value an object of attributes.")
    pairs: list[tuple[str, Any]] = []
    for sent, item in value.items():
        key = modern(sent, reader.tolerance)
        if key.lower() == "id" and item == own_id:
            reader.tolerance.note("id repeated in a change")
        elif key.lower() in _SERVER_KEYS:
            reader.tolerance.ignore(f"{key} in a change")
        else:
            pairs += _flattened(key, item, model, reader.tolerance)
    reader.count("changes", len(pairs))
    return pairs


def _flattened(key: str, item: Any, model: type[BaseModel], tolerance: Tolerance) -> list[tuple[str, Any]]:
    """An object under a schema's URN, taken apart."""
    steps = find(model, key)
    is_own = key.lower() == own_urn(model).lower()
    if is_own or "[" in key or len(steps) > 1 or (":" in key and steps and not steps[0].is_extension):
        tolerance.note("paths sent as names in a value")
    if isinstance(item, dict) and (is_own or (len(steps) == 1 and steps[0].is_extension)):
        return [(name if is_own else f"{key}:{name}", part) for name, part in item.items()]
    return [(key, item)]


def _single(op: str, path: str, item: Document, model: type[BaseModel], reader: "Reader") -> Document | None:
    """One operation with a path, its value tidied by the attribute that the path leads to; None for an unknown one."""
    steps = find(model, _without_filter(path))
    value = item.get("value")
    if not steps or steps[0].name != "members":
        reader.count("terms", limits.check_filter(path))
    if not steps:
        reader.tolerance.ignore(f"unknown attribute {path[:100]}")
        if _NAMES.fullmatch(path):
            return None  # scim2-models would take its own name of an attribute too, such as user_name
    if is_read_only(steps):
        return _without_change(op, steps, value)
    if steps and steps[0].name == "members":
        if op == "remove" and value and "[" not in path:
            reader.tolerance.note("members removed by value")
        check_members(value, reader.tolerance)
    if not steps or steps[0].name == "members":
        return {"op": op, "path": path, "value": value}
    if op == "remove":
        return _removal(path, value, steps[-1], reader)
    has_filter = "[" in path
    is_entry = has_filter and steps[-1].is_many
    read = reader.one(steps[-1], value) if is_entry else reader.value(steps[-1], value)
    if read is None:
        reader.tolerance.note(f"{spelled(steps)} cleared by an empty value")
        return {"op": "remove", "path": path.rpartition("].")[0] + "]" if "]." in path else path}
    return {"op": op, "path": path if has_filter else spelled(steps), "value": read}


def _without_change(op: str, steps: list[Attribute], value: Any) -> Document:
    """An operation on what is read-only that changes nothing of it; any other one is refused."""
    if op == "remove" or not is_named_alone(steps[-1], value):
        raise errors.mutability(f"{spelled(steps)} is what this server says. It cannot be changed.")
    return {"op": op, "path": spelled(steps), "value": {}}


def _without_filter(path: str) -> str:
    """The names alone; as it is where a bracket does not close."""
    head, _, rest = path.partition("[")
    return head + rest.rpartition("]")[2] if "]" in rest else path


def _removal(path: str, value: Any, attribute: Attribute, reader: "Reader") -> Document:
    """A remove; a value beside it names entries of a list (Entra), anywhere else it says nothing."""
    if value is None:
        return {"op": "remove", "path": path}
    if "[" in path or not attribute.is_many:
        reader.tolerance.ignore(f"value beside the removal of {attribute.name}")
        return {"op": "remove", "path": path}
    reader.tolerance.note(f"{attribute.name} removed by value")
    return {"op": "remove", "path": path, "value": reader.many(attribute, value)}

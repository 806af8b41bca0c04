"""Bodies of PATCH: operations with a path each."""

from scim2_models import PatchOp

from provisioning.payload import errors
from provisioning.payload.attributes import find, is_read_only
from provisioning.payload.dialects.changes import has_form, tidy_change, without_filter
from provisioning.payload.dialects.schemas import check_schemas, modern
from provisioning.payload.dialects.values import Reader, is_empty_extension
from provisioning.payload.leaving_out import ignore_unknown
from provisioning.payload.limits import MAX_OPERATIONS
from provisioning.payload.resources import Document, Model, urn_of
from provisioning.payload.tolerance import Tolerance

_PATCH_OP = str(PatchOp.__schema__)


def tidy_operations(body: Document, model: Model, own_id: str, tolerance: Tolerance) -> list[Document]:
    """Return the operations of a PATCH body, each with `op` in lower case and a path.

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
        raise errors.too_large(f"Send at most {MAX_OPERATIONS:,} operations in one request.")
    check_schemas(body, [_PATCH_OP], tolerance)
    if key != "Operations":
        tolerance.note(f"Operations sent as {key}")
    reader = Reader(tolerance, keeps_null=True)
    return [tidy for item in sent for tidy in _operations(item, model, own_id, reader) if tidy]


def _operations(item: Document, model: Model, own_id: str, reader: Reader) -> list[Document | None]:
    """One operation or, where it has no path, one for each attribute of its value."""
    item = {key.lower(): value for key, value in item.items()}
    op, path = item.get("op"), item.get("path")
    if not isinstance(op, str) or op.lower() not in {"add", "replace", "remove"}:
        raise errors.invalid_value("Send op as add, replace or remove.")
    if op != op.lower():
        reader.tolerance.note(f"op sent as {op}")
    if path is not None and not isinstance(path, str):
        raise errors.invalid_path("Send path as text, e.g. name.givenName.")
    if path and path.strip():
        path = modern(path.strip(), reader.tolerance)
        return [tidy_change(op.lower(), path, item.get("value"), model, reader)]
    if op.lower() == "remove":
        raise errors.ScimError(400, "Name what to remove in path.", "noTarget")
    if reader.tolerance.is_strict:
        # The RFC allows it. But what such an operation changes can be read in more than one way.
        raise errors.invalid_path("This connection is strict: name in path what each operation is about.")
    changes = _pathless(item.get("value"), model, own_id, reader)
    return [tidy_change(op.lower(), key, value, model, reader) for key, value in changes]


def _pathless(value: object, model: Model, own_id: str, reader: Reader) -> list[tuple[str, object]]:
    """The paths and values of an operation without a path. Clients repeat the resource's own id: that is no change."""
    if isinstance(value, str):
        value = reader.json(value, "value")
    if not isinstance(value, dict):
        raise errors.invalid_value("Send a path, or as value an object of attributes.")
    changes: list[tuple[str, object]] = []
    for sent, item in value.items():
        changes += _flattened(modern(sent, reader.tolerance), item, model, reader.tolerance)
    reader.counts.add("changes", len(changes))
    return [(path, item) for path, item in changes if not _says_nothing(path, item, model, own_id, reader.tolerance)]


def _says_nothing(path: str, item: object, model: Model, own_id: str, tolerance: Tolerance) -> bool:
    """Say whether a name in a value is none that a client can change: clients send back what they have read."""
    steps = find(model, without_filter(path))
    if path.lower() == "id" and item == own_id:
        tolerance.note("id repeated in a change")
        return True
    if path.lower() == "id" and item is not None:
        return False  # It is meant for another resource, and refused.
    if path.lower().rpartition(":")[2] == "schemas" or (
        is_read_only(steps) and not is_empty_extension(steps[-1], item)
    ):
        tolerance.ignore(f"{path[:100]} in a change")
        return True
    if not steps and not has_form(path):
        ignore_unknown(path, model, tolerance)
        return True
    return False


def _flattened(key: str, item: object, model: Model, tolerance: Tolerance) -> list[tuple[str, object]]:
    """The attributes of an object under a schema's URN; any other value as it is."""
    steps = find(model, key)
    is_own = key.lower() == urn_of(model).lower()
    if is_own or "[" in key or len(steps) > 1 or (":" in key and steps and not steps[0].is_extension):
        tolerance.note("paths sent as names in a value")
    if isinstance(item, dict) and (is_own or (len(steps) == 1 and steps[0].is_extension)):
        return [(name if is_own else f"{key}:{name}", part) for name, part in item.items()]
    return [(key, item)]

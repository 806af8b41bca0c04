"""Bodies of POST and PUT."""

from provisioning.payload import errors, shapes
from provisioning.payload.attributes import attributes, find, is_read_only, spelled
from provisioning.payload.dialects.schemas import bare, check_schemas, modern
from provisioning.payload.dialects.values import Reader, is_empty_extension, put
from provisioning.payload.documents import parse
from provisioning.payload.leaving_out import fit, ignore_unknown, leave_out
from provisioning.payload.resources import Document, Model, urn_of
from provisioning.payload.tolerance import Tolerance


def read_resource(body: Document, model: Model, tolerance: Tolerance) -> Document:
    """Return the document of a POST or PUT body. Raises ScimError."""
    if (document := shapes.parse(body, model)) is not None:
        return document
    tidy = tidy_resource(body, model, tolerance)
    if (document := shapes.parse_tidy(tidy, model)) is not None:
        return document
    return fit(tidy, lambda: parse(tidy, model), model, tolerance)


def tidy_resource(body: Document, model: Model, tolerance: Tolerance) -> Document:
    """Return the body as RFC 7643 has it, without unknown and read-only attributes."""
    extensions = [attribute.name for attribute in attributes(model).values() if attribute.is_extension]
    check_schemas(body, [urn_of(model), *extensions], tolerance)
    reader = Reader(tolerance)
    tidy: Document = {}
    for key, value in body.items():
        if key.lower() != "schemas":
            _place(tidy, model, key, value, reader)
    return tidy


def _place(tidy: Document, model: Model, key: str, value: object, reader: Reader) -> None:
    """Put one attribute where it belongs. A key may be a path, or the URN of a schema."""
    if key.lower() == urn_of(model).lower() and isinstance(value, dict):
        reader.tolerance.note("attributes sent under the URN of their own schema")
        for name, item in value.items():
            _place(tidy, model, name, item, reader)
        return
    key = modern(key, reader.tolerance)
    found = find(model, key)
    steps = found or bare(key, model, reader.tolerance)
    if not steps:
        ignore_unknown(key, model, reader.tolerance)
        return
    if is_read_only(steps):
        # Clients send back what they have read. It is left out unread, since it may be malformed.
        if is_empty_extension(steps[-1], value):
            tidy[steps[-1].name] = {}
        return
    if len(found) > 1 or (":" in key and found and not found[0].is_extension):
        reader.tolerance.note(f"{spelled(steps)} sent as a path")
    try:
        read = reader.value(steps[-1], value)
        if read is not None:
            put(tidy, steps, read)
    except errors.ScimError as refusal:
        leave_out(spelled(steps), refusal, model, reader.tolerance)

"""Bodies of a known shape, read without pydantic, which takes most of the time of a body.

A body has it where all that it says is in the RFC's spelling and of the right types: nothing is tolerated or refused.
What is right, the models say. Any other body goes the full way, which gives the same document for these.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from scim2_models import BaseModel, Mutability
from scim2_models.attributes import ExtensibleStringEnum

from provisioning.payload.attributes import Attribute, attributes
from provisioning.payload.documents import NOT_STORED, check, each_once
from provisioning.payload.errors import ScimError
from provisioning.payload.limits import MAX_VALUES
from provisioning.payload.resources import Document, Manager, Model, urn_of

_MAX_SCHEMAS = 10


class _OtherShapeError(Exception):
    """Only the full way knows what is meant here, or why it is refused."""


def parse(body: Document, model: Model) -> Document | None:
    """Return the document of a POST or PUT body; None where its shape is not known."""
    schemas = body.get("schemas")
    if type(schemas) is not list or not 0 < len(schemas) <= _MAX_SCHEMAS:
        return None
    if not all(type(urn) is str and urn in _schemas(model) for urn in schemas):
        return None
    return parse_tidy({name: value for name, value in body.items() if name != "schemas"}, model)


def parse_tidy(tidy: Document, model: Model) -> Document | None:
    """Return the document of a body that `tidy_resource` has read; None where its shape is not known."""
    try:
        document = _object(model)(tidy)
        for name in NOT_STORED:
            document.pop(name, None)
        check(document)
    except (_OtherShapeError, ScimError):
        return None
    return each_once(document, model)


@cache
def _schemas(model: Model) -> set[str]:
    return {urn_of(model), *(each.name for each in attributes(model).values() if each.is_extension)}


@cache
def _object(model: type[BaseModel]) -> Callable[[object], Document]:
    """Return a function that reads an object. The names that it returns are in the order of the model."""
    known = attributes(model).values()
    names = {each.name for each in known}
    required = {each.name for each in known if each.is_required}
    readers = [(each.name, _reader(each)) for each in known if each.is_extension or not each.is_read_only]

    def read(sent: object) -> Document:
        if type(sent) is not dict or not sent.keys() <= names:
            raise _OtherShapeError
        found: Document = {}
        for name, reader in readers:
            value = sent.get(name)
            if value is not None and (value := reader(value)) not in (None, {}, []):
                found[name] = value
        if not required <= found.keys():
            raise _OtherShapeError
        return found

    return read


def _reader(attribute: Attribute) -> Callable[[Any], object]:
    if attribute.is_read_only:
        return _left_out
    if attribute.mutability not in (Mutability.read_write, Mutability.write_only):
        return _other
    if attribute.model:
        return _list(attribute.model) if attribute.is_many else _one(attribute.model)
    return _other if attribute.is_many else _simple(attribute.value_type)


def _simple(kind: object) -> Callable[[Any], object]:
    if isinstance(kind, type) and issubclass(kind, ExtensibleStringEnum):
        return _choice(kind)
    return _text if kind is str else _boolean if kind is bool else _other


def _one(model: type[BaseModel]) -> Callable[[object], Document]:
    return _manager if model is Manager else _object(model)


def _list(model: type[BaseModel]) -> Callable[[object], list[Document]]:
    read = _one(model)

    def read_all(sent: object) -> list[Document]:
        if type(sent) is not list or len(sent) > MAX_VALUES:
            raise _OtherShapeError
        found = [read(entry) for entry in sent]
        if not all(found) or sum(entry.get("primary", False) for entry in found) > 1:
            raise _OtherShapeError
        return found

    return read_all


def _choice(kind: type[ExtensibleStringEnum]) -> Callable[[Any], str]:
    """Canonical values are spelled as the RFC does; others are taken as they are."""
    spelled = {each.value.lower(): each.value for each in kind}
    return lambda sent: spelled.get(_text(sent).lower(), sent)


def _text(sent: object) -> str:
    if type(sent) is not str or not sent:
        raise _OtherShapeError
    return sent


def _boolean(sent: object) -> bool:
    if type(sent) is not bool:
        raise _OtherShapeError
    return sent


def _manager(sent: object) -> Document:
    read = _object(Manager)(sent)
    if not str(read.get("value", "")).strip():
        raise _OtherShapeError
    return read


def _left_out(sent: object) -> None:
    """An extension that only the server writes. An empty one is kept, and only the full way does that."""
    if type(sent) is not dict or {name.lower() for name in sent} <= {"schemas"}:
        raise _OtherShapeError


def _other(sent: object) -> object:
    raise _OtherShapeError

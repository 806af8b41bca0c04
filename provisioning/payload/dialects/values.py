"""Values in the forms that identity providers send, read by what their attribute is."""

from dataclasses import dataclass, field

from scim2_models import BaseModel, Extension

from provisioning.payload import body as bodies
from provisioning.payload import errors
from provisioning.payload.attributes import Attribute, attributes, find, is_read_only, spelled
from provisioning.payload.limits import Counts
from provisioning.payload.resources import Document, Manager
from provisioning.payload.tolerance import Tolerance

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def put(target: Document, steps: list[Attribute], value: object) -> None:
    """Set the attribute at the end of these steps. An object is merged into one that is there."""
    for step in steps[:-1]:
        if step.is_many:
            raise errors.invalid_path(f"{step.name} has several values. Send it as a list of them.")
        if not isinstance(target.get(step.name), dict):
            target[step.name] = {}
        target = target[step.name]
    there = target.get(steps[-1].name)
    if isinstance(value, dict) and isinstance(there, dict):
        there.update(value)
    else:
        target[steps[-1].name] = value


def is_empty_extension(attribute: Attribute, value: object) -> bool:
    """Say whether an extension is written without any attribute."""
    return attribute.is_extension and isinstance(value, dict) and {key.lower() for key in value} <= {"schemas"}


@dataclass
class Reader:
    """Reads the values of one request.

    `keeps_null` says whether null in an object clears an attribute, as in a PATCH. In other bodies it says nothing.
    """

    tolerance: Tolerance
    keeps_null: bool = False
    counts: Counts = field(default_factory=Counts)

    def value(self, attribute: Attribute, value: object) -> object:
        """Return the attribute's value, or None where it is empty."""
        if self._is_empty(attribute, value):
            return None
        return self.many(attribute, value) if attribute.is_many else self.one(attribute, value)

    def many(self, attribute: Attribute, value: object) -> list[object]:
        """Return the values of a multi-valued attribute."""
        if bodies.is_json_text(value):
            value = self.json(value, attribute.name)
        if not isinstance(value, list):
            self.tolerance.note(f"{attribute.name} sent as one value instead of a list")
            value = [value]
        self.counts.add("values", len(value))
        read = [entry for entry in (self.one(attribute, item) for item in value) if entry is not None]
        primary = [entry for entry in read if isinstance(entry, dict) and entry.get("primary") is True]
        for entry in primary[1:]:
            self.tolerance.note(f"several primary {attribute.name}, of which the first one counts", "invalidValue")
            del entry["primary"]
        return read

    def one(self, attribute: Attribute, value: object) -> object:
        """Return one value: an element of a list, or that of a single-valued attribute."""
        if self._is_empty(attribute, value):
            return None
        if attribute.model is not None:
            return self._complex(attribute, attribute.model, value)
        return self._simple(attribute, self._unwrapped(attribute, value))

    def json(self, text: str, name: str) -> object:
        """Return the JSON value that was sent as text."""
        self.tolerance.note(f"{name} sent as JSON in a text")
        return bodies.loads(text)

    def _is_empty(self, attribute: Attribute, value: object) -> bool:
        """Null is no value (RFC 7643 section 2.5). Some identity providers send an empty text for it."""
        if value == "":
            self.tolerance.note(f"{attribute.name} sent as an empty text")
        return value is None or value == ""

    def _complex(self, attribute: Attribute, model: type[BaseModel], value: object) -> Document | None:
        sent = self._object(attribute, model, value)
        self.counts.add("names", len(sent))
        read: Document = {}
        for steps, item in self._known(model, sent):
            if len(steps) > 1:
                self.tolerance.note(f"{spelled(steps)} sent as a path")
            part = self.value(steps[-1], item)
            if part is not None or self.keeps_null:
                put(read, steps, part)
        if model is Manager and not str(read.get("value") or "").strip():
            if any(item is not None for item in sent.values()):
                self.tolerance.note(f"{attribute.name} sent without a value", "invalidValue")
            return None
        return read or None

    def _object(self, attribute: Attribute, model: type[BaseModel], value: object) -> Document:
        """The object that was sent in any form; empty where it was null."""
        if bodies.is_json_text(value):
            value = self.json(value, attribute.name)
        if isinstance(value, list) and len(value) <= 1:
            self.tolerance.note(f"{attribute.name} sent as a list")
            value = value[0] if value else None
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.tolerance.note(f"{attribute.name} sent as a bare value")
            value = {"value" if "value" in attributes(model) else "formatted": value}
        return value

    def _known(self, model: type[BaseModel], value: Document) -> list[tuple[list[Attribute], object]]:
        """The known attributes of an object that a client may write."""
        known: list[tuple[list[Attribute], object]] = []
        for key, item in value.items():
            steps = find(model, key)
            if not steps and not (key.lower() == "schemas" and issubclass(model, Extension)):
                self.tolerance.ignore(f"unknown attribute {key[:100]}")
            elif steps and not is_read_only(steps):
                known.append((steps, item))
        return known

    def _unwrapped(self, attribute: Attribute, value: object) -> object:
        """The plain value in a list of one object, as Entra sent it once."""
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
            self.tolerance.note(f"{attribute.name} sent as a list")
        if isinstance(value, dict) and "value" in value:
            value = value["value"]
            self.tolerance.note(f"{attribute.name} sent as an object")
        return value

    def _simple(self, attribute: Attribute, value: object) -> object:
        if self._is_empty(attribute, value):
            return None
        if attribute.value_type is bool:
            return self._boolean(attribute, value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            self.tolerance.note(f"{attribute.name} sent as a number")
            return str(value)
        return value

    def _boolean(self, attribute: Attribute, value: object) -> bool:
        """Read true or false in the spellings that leave no doubt. Any other one is refused."""
        if isinstance(value, bool):
            return value
        text = str(value).strip().lower()
        if text not in _BOOLEANS or not isinstance(value, str | int):
            raise errors.invalid_value(f"Send {attribute.name} as true or false.")
        self.tolerance.note(f"{attribute.name} sent as {'text' if isinstance(value, str) else 'a number'}")
        return _BOOLEANS[text]

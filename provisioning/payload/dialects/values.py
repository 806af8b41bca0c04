"""Values, read by what their attribute is."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from scim2_models import BaseModel

from provisioning.payload import body as bodies
from provisioning.payload import errors
from provisioning.payload.attributes import Attribute, attributes, find, is_read_only, spelled
from provisioning.payload.documents import MAX_VALUES
from provisioning.payload.resources import Document
from provisioning.payload.tolerance import Tolerance

# What one request may do in all, and what to do about more. Of a PATCH without paths, each attribute is a change.
MOST = {
    "changes": (200, "Change at most 200 attributes in one request."),
    "terms": (200, "Compare at most 200 times in the paths of one request."),
    "values": (MAX_VALUES, f"Send at most {MAX_VALUES} emails, roles and values of other lists in one request."),
    "names": (2_000, "Send at most 2,000 attributes within others in one request."),
}


_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def put(target: Document, steps: list[Attribute], value: Any) -> None:
    """Set what these steps lead to, beside what is there."""
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


def is_named_alone(attribute: Attribute, value: Any) -> bool:
    """Whether an extension is written without any attribute."""
    return attribute.is_extension and isinstance(value, dict) and {key.lower() for key in value} <= {"schemas"}


@dataclass
class Reader:
    """Reads values by what their attribute is.

    `keeps_clearing`: null within an object clears (PATCH); else it says nothing.
    """

    tolerance: Tolerance
    keeps_clearing: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def count(self, what: str, more: int) -> None:
        """Refuse a request in which there is too much of this."""
        self.counts[what] += more
        most, refusal = MOST[what]
        if self.counts[what] > most:
            raise errors.too_large(refusal)

    def value(self, attribute: Attribute, value: Any) -> Any:
        """The attribute's value; None where nothing was sent or it is cleared."""
        if self._is_empty(attribute, value):
            return None
        return self.many(attribute, value) if attribute.is_many else self.one(attribute, value)

    def many(self, attribute: Attribute, value: Any) -> list[Any]:
        if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
            value = self.json(value, attribute.name)
        if not isinstance(value, list):
            self.tolerance.note(f"{attribute.name} sent as one value instead of a list")
            value = [value]
        self.count("values", len(value))
        return [read for read in (self.one(attribute, item) for item in value) if read is not None]

    def one(self, attribute: Attribute, value: Any) -> Any:
        """One value: of a list, or of an attribute that has only one."""
        if self._is_empty(attribute, value):
            return None
        if attribute.model is not None:
            return self._complex(attribute, attribute.model, value)
        return self._simple(attribute, self._unwrapped(attribute, value))

    def _is_empty(self, attribute: Attribute, value: Any) -> bool:
        """Null says that there is no value (RFC 7643 section 2.5); identity providers also say it by an empty text."""
        if value == "":
            self.tolerance.note(f"{attribute.name} sent as an empty text")
        return value is None or value == ""

    def _complex(self, attribute: Attribute, model: type[BaseModel], value: Any) -> Any:
        if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
            value = self.json(value, attribute.name)
        if isinstance(value, list) and len(value) <= 1:
            self.tolerance.note(f"{attribute.name} sent as a list")
            value = value[0] if value else None
        if value is None:
            return None
        if not isinstance(value, dict):
            self.tolerance.note(f"{attribute.name} sent as a bare value")
            value = {"value" if "value" in attributes(model) else "formatted": value}
        return self._object(model, value)

    def _object(self, model: type[BaseModel], value: Document) -> Document | None:
        self.count("names", len(value))
        read: Document = {}
        for steps, item in self._parts(model, value):
            if len(steps) > 1:
                self.tolerance.note(f"{spelled(steps)} sent as a path")
            part = self.value(steps[-1], item)
            if part is not None or self.keeps_clearing:
                put(read, steps, part)
        return read or None

    def _parts(self, model: type[BaseModel], value: Document) -> list[tuple[list[Attribute], Any]]:
        """What is known of an object; what the server says itself counts only, to be refused, where it stands alone."""
        known = []
        for key, item in value.items():
            if steps := find(model, key):
                known.append((steps, item))
            else:
                self.tolerance.ignore(f"unknown attribute {key[:100]}")
        return [(steps, item) for steps, item in known if not is_read_only(steps)] or known

    def _unwrapped(self, attribute: Attribute, value: Any) -> Any:
        """A plain value out of the list of objects that Entra once sent for it."""
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
            self.tolerance.note(f"{attribute.name} sent as a list")
        if isinstance(value, dict) and "value" in value:
            value = value["value"]
            self.tolerance.note(f"{attribute.name} sent as an object")
        return value

    def _simple(self, attribute: Attribute, value: Any) -> Any:
        if self._is_empty(attribute, value):
            return None
        if attribute.type is bool:
            return self._boolean(attribute, value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            self.tolerance.note(f"{attribute.name} sent as a number")
            return str(value)
        return value

    def _boolean(self, attribute: Attribute, value: Any) -> bool:
        """true or false in the spellings that are beyond doubt; anything else is refused, never guessed."""
        if isinstance(value, bool):
            return value
        text = str(value).strip().lower()
        if text not in _BOOLEANS or not isinstance(value, str | int):
            raise errors.invalid_value(f"Send {attribute.name} as true or false.")
        self.tolerance.note(f"{attribute.name} sent as {'text' if isinstance(value, str) else 'a number'}")
        return _BOOLEANS[text]

    def json(self, text: str, name: str) -> Any:
        self.tolerance.note(f"{name} sent as JSON in a text")
        return bodies.loads(text)

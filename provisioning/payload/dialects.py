"""Tolerance for what real identity providers send (scim.md "Clients"), before scim2-models sees a body.

Every deviation goes through a `Tolerance`, which notes it, or refuses it where the connection is strict.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from scim2_models import BaseModel

from provisioning.payload import body as bodies
from provisioning.payload import errors, limits
from provisioning.payload.attributes import Attribute, attributes, find, is_read_only, spelled
from provisioning.payload.documents import MAX_VALUES
from provisioning.payload.resources import ENTERPRISE
from provisioning.payload.tolerance import Tolerance

MAX_OPERATIONS = 100
_MAX_SCHEMAS = 100
# What one request may do in all, and what to do about more. Of a PATCH without paths, each attribute is a change.
_MOST = {
    "changes": (200, "Change at most 200 attributes in one request."),
    "terms": (200, "Compare at most 200 times in the paths of one request."),
    "values": (MAX_VALUES, f"Send at most {MAX_VALUES} emails, roles and values of other lists in one request."),
    "names": (2_000, "Send at most 2,000 attributes within others in one request."),
}
_OLD_URNS = {
    "urn:scim:schemas:core:1.0": "",
    "urn:scim:schemas:extension:enterprise:1.0": ENTERPRISE,
    "urn:scim:schemas:extension:enterprise:2.0:user": ENTERPRISE,
}
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_NAMES = re.compile(r"[\w$:.-]+")
_SERVER_KEYS = {"schemas", "meta"}
_PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

Body = dict[str, Any]


def resource(body: Body, model: type[BaseModel], tolerance: Tolerance) -> Body:
    """The body of a POST or PUT as RFC 7643 has it. Unknown attributes are left out."""
    known = [attribute.name for attribute in attributes(model).values() if attribute.is_extension]
    check_schemas(body, [_urn(model), *known], tolerance)
    reader = _Reader(tolerance)
    tidy: Body = {}
    for key, value in body.items():
        if key.lower() != "schemas":
            _place(tidy, model, key, value, reader)
    return tidy


def _urn(model: type[BaseModel]) -> str:
    return str(getattr(model, "__schema__", ""))


def _place(tidy: Body, model: type[BaseModel], key: str, value: Any, reader: "_Reader") -> None:
    """Put one attribute where it belongs; a key may be a path or the URN of a schema."""
    if key.lower() == _urn(model).lower() and isinstance(value, dict):
        reader.tolerance.note("attributes sent under the URN of their own schema")
        for name, item in value.items():
            _place(tidy, model, name, item, reader)
        return
    steps = find(model, _modern(key, reader.tolerance))
    if not steps:
        reader.tolerance.ignore(f"unknown attribute {key[:100]}")
        return
    if is_read_only(steps):
        # Clients send back what they read; it says nothing, not even when it is malformed.
        if _is_named_alone(steps[-1], value):
            tidy[steps[-1].name] = {}
        return
    if len(steps) > 1 or (":" in key and not steps[0].is_extension):
        reader.tolerance.note(f"{spelled(steps)} sent as a path")
    read = reader.value(steps[-1], value)
    if read is not None:
        _put(tidy, steps, read)


def _put(target: Body, steps: list[Attribute], value: Any) -> None:
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


def _modern(key: str, tolerance: Tolerance) -> str:
    """A key with the URN that SCIM 2.0 gives to an older schema."""
    for old, new in _OLD_URNS.items():
        if key.lower() == old or key.lower().startswith(f"{old}:"):
            tolerance.note(f"{key[: len(old)]} sent for a schema of SCIM 2.0")
            return f"{new}{key[len(old) :]}".lstrip(":")
    return key


def check_schemas(body: Body, known: list[str], tolerance: Tolerance) -> None:
    """Whether the body says what it is, and nothing that is unknown here."""
    sent = next((value for key, value in body.items() if key.lower() == "schemas"), None)
    if not isinstance(sent, list) or not sent:
        tolerance.note("schemas left out")
        return
    if len(sent) > _MAX_SCHEMAS:
        raise errors.too_large(f"Send at most {_MAX_SCHEMAS} schemas in one request.")
    names = {name.lower() for name in known}
    for urn in sent:
        if str(urn).lower() not in names:
            tolerance.ignore(f"unknown schema {str(urn)[:100]}")


def operations(body: Body, model: type[BaseModel], own_id: str, tolerance: Tolerance) -> list[Body]:
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
    reader = _Reader(tolerance, keeps_clearing=True)
    return [tidy for item in sent for tidy in _operation(item, model, own_id, reader) if tidy]


def _operation(item: Body, model: type[BaseModel], own_id: str, reader: "_Reader") -> list[Body | None]:
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
        return [_single(op.lower(), _modern(path.strip(), reader.tolerance), item, model, reader)]
    if op.lower() == "remove":
        raise errors.ScimError(400, "Name what to remove in path.", "noTarget")
    if reader.tolerance.is_strict:
        # The RFC allows it, so that it is no deviation; but what it changes can be read in more than one way.
        raise errors.invalid_path("This connection is strict: name in path what each operation is about.")
    return [
        _single(op.lower(), key, {"value": value}, model, reader)
        for key, value in _pathless(item.get("value"), model, own_id, reader)
    ]


def _pathless(value: Any, model: type[BaseModel], own_id: str, reader: "_Reader") -> list[tuple[str, Any]]:
    """Paths and values of an operation without a path; the resource's own id among them is no change."""
    if isinstance(value, str):
        value = reader.json(value, "value")
    if not isinstance(value, dict):
        raise errors.invalid_value("Send a path, or as value an object of attributes.")
    pairs: list[tuple[str, Any]] = []
    for sent, item in value.items():
        key = _modern(sent, reader.tolerance)
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
    is_own = key.lower() == _urn(model).lower()
    if is_own or "[" in key or len(steps) > 1 or (":" in key and steps and not steps[0].is_extension):
        tolerance.note("paths sent as names in a value")
    if isinstance(item, dict) and (is_own or (len(steps) == 1 and steps[0].is_extension)):
        return [(name if is_own else f"{key}:{name}", part) for name, part in item.items()]
    return [(key, item)]


def _single(op: str, path: str, item: Body, model: type[BaseModel], reader: "_Reader") -> Body | None:
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


def _without_change(op: str, steps: list[Attribute], value: Any) -> Body:
    """An operation on what is read-only that changes nothing of it; any other one is refused."""
    if op == "remove" or not _is_named_alone(steps[-1], value):
        raise errors.mutability(f"{spelled(steps)} is what this server says. It cannot be changed.")
    return {"op": op, "path": spelled(steps), "value": {}}


def _is_named_alone(attribute: Attribute, value: Any) -> bool:
    """Whether an extension is written without any attribute."""
    return attribute.is_extension and isinstance(value, dict) and {key.lower() for key in value} <= {"schemas"}


def _without_filter(path: str) -> str:
    """The names alone; as it is where a bracket does not close."""
    head, _, rest = path.partition("[")
    return head + rest.rpartition("]")[2] if "]" in rest else path


def _removal(path: str, value: Any, attribute: Attribute, reader: "_Reader") -> Body:
    """A remove; a value beside it names entries of a list (Entra), anywhere else it says nothing."""
    if value is None:
        return {"op": "remove", "path": path}
    if "[" in path or not attribute.is_many:
        reader.tolerance.ignore(f"value beside the removal of {attribute.name}")
        return {"op": "remove", "path": path}
    reader.tolerance.note(f"{attribute.name} removed by value")
    return {"op": "remove", "path": path, "value": reader.many(attribute, value)}


def check_members(value: Any, tolerance: Tolerance) -> None:
    """Name the shapes of members that only some identity providers send; `patch` understands them all."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        tolerance.note("members sent as JSON in a text")
        return
    if value is not None and not isinstance(value, list):
        tolerance.note("members sent as one value instead of a list")
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            tolerance.note("members sent as bare values")
        elif isinstance(entry, dict) and not entry.get("value") and not _has_value(entry):
            tolerance.note("members named by their $ref alone")


def _has_value(member: Body) -> bool:
    return any(key.lower() == "value" and item for key, item in member.items())


@dataclass
class _Reader:
    """Reads values by what their attribute is.

    `keeps_clearing`: null within an object clears (PATCH); else it says nothing.
    """

    tolerance: Tolerance
    keeps_clearing: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def count(self, what: str, more: int) -> None:
        """Refuse a request in which there is too much of this."""
        self.counts[what] += more
        most, refusal = _MOST[what]
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

    def _object(self, model: type[BaseModel], value: Body) -> Body | None:
        self.count("names", len(value))
        read: Body = {}
        for steps, item in self._parts(model, value):
            if len(steps) > 1:
                self.tolerance.note(f"{spelled(steps)} sent as a path")
            part = self.value(steps[-1], item)
            if part is not None or self.keeps_clearing:
                _put(read, steps, part)
        return read or None

    def _parts(self, model: type[BaseModel], value: Body) -> list[tuple[list[Attribute], Any]]:
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

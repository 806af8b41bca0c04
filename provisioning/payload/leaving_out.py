"""Leaves out what cannot be taken: an attribute that nobody needs must not stop the deactivation beside it."""

import re
from collections.abc import Callable

from provisioning.payload import errors
from provisioning.payload.attributes import split_urn
from provisioning.payload.errors import Place, ScimError
from provisioning.payload.resources import Document, Group, Model, User
from provisioning.payload.tolerance import Tolerance

# Access, names and members follow from these, and clients find a resource by them.
_NEEDED: dict[Model, set[str]] = {
    User: {"active", "username", "externalid"},
    Group: {"displayname", "members", "externalid"},
}


def is_needed(path: str, model: Model) -> bool:
    """Say whether a path leads to an attribute that is never left out, or to a part of it."""
    extension, rest = split_urn(model, path)
    name = re.split(r"[.\[]", rest, maxsplit=1)[0].lower()
    return extension is None and name in _NEEDED[model]


def ignore_unknown(path: str, model: Model, tolerance: Tolerance, scim_type: str = "invalidSyntax") -> None:
    """Note that a path leads to no attribute. Raises invalidPath where it begins with a needed one."""
    if is_needed(path, model):
        raise errors.invalid_path(f"{path[:100]} is no attribute. Name the attribute alone.")
    tolerance.ignore(f"unknown attribute {path[:100]}", scim_type)


def leave_out(path: str, refusal: ScimError, model: Model, tolerance: Tolerance) -> None:
    """Note that a value is left out. Raises the refusal where the connection is strict, or the attribute is needed."""
    if refusal.status != 400 or is_needed(path, model):
        raise refusal
    tolerance.leave_out(path, refusal)


def fit(document: Document, check: Callable[[], Document], model: Model, tolerance: Tolerance) -> Document:
    """Return what the check returns, once all that it refuses of the document has been left out."""
    while True:
        try:
            return check()
        except ScimError as refusal:
            for place, part in refusal.parts:
                leave_out(".".join(map(str, place)), part, model, tolerance)
            taken = [_take_out(document, place) for place, _ in refusal.parts]
            if not any(taken):
                raise
        for name, value in document.items():
            if isinstance(value, list):
                document[name] = [entry for entry in value if entry is not None]


def _take_out(parent: Document | list[object], place: Place) -> bool:
    """Take out what stands at a place; say whether anything did.

    An entry of a list goes with its `value`. It leaves None, so that the others keep their numbers.
    """
    step, rest = place[0], place[1:]
    if isinstance(parent, list):
        entry = parent[step] if isinstance(step, int) and step < len(parent) else None
        if isinstance(entry, dict) and rest and rest[0] != "value":
            return _take_out(entry, rest)
        if entry is not None:
            parent[int(step)] = None
        return entry is not None
    if step not in parent:
        return False
    if rest and isinstance(parent[step], (dict, list)):
        return _take_out(parent[step], rest)
    del parent[step]
    return True

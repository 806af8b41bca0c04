"""The schema URNs that a body names, those of SCIM 1 among them."""

from provisioning.payload import errors
from provisioning.payload.attributes import Attribute, find, split_urn
from provisioning.payload.resources import ENTERPRISE, Document, Model
from provisioning.payload.tolerance import Tolerance

_MAX_SCHEMAS = 100
_OLD_URNS = {
    "urn:scim:schemas:core:1.0": "",
    "urn:scim:schemas:extension:enterprise:1.0": ENTERPRISE,
    "urn:scim:schemas:extension:enterprise:2.0:user": ENTERPRISE,
}


def modern(key: str, tolerance: Tolerance) -> str:
    """Return a key with the URN of SCIM 2.0 in place of an older one."""
    for old, new in _OLD_URNS.items():
        if key.lower() == old or key.lower().startswith(f"{old}:"):
            tolerance.note(f"{key[: len(old)]} sent for a schema of SCIM 2.0")
            return f"{new}{key[len(old) :]}".lstrip(":")
    return key


def bare(path: str, model: Model, tolerance: Tolerance, scim_type: str = "invalidSyntax") -> list[Attribute]:
    """Return the attributes on a path of the enterprise extension without its URN. Empty for any other path."""
    extension, rest = split_urn(model, path)
    steps = find(model, f"{ENTERPRISE}:{rest}") if rest and extension is None else []
    if steps:
        tolerance.note(f"{rest} named without the URN of its schema", scim_type)
    return steps


def check_schemas(body: Document, known: list[str], tolerance: Tolerance) -> None:
    """Note where a body names no schema, or one that is unknown here."""
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

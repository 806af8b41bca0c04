"""A PATCH that switches a user on or off and does nothing else: the change that IdPs send most."""

from scim2_models import PatchOp

from provisioning.payload.resources import Document
from provisioning.payload.tolerance import Tolerance

_SCHEMAS = [str(PatchOp.__schema__)]
_TEXTS = {"true": True, "True": True, "false": False, "False": False}


def active_alone(body: Document, tolerance: Tolerance) -> bool | None:
    """Return what a body of exactly this form sets `active` to; None for any other body.

    It notes and refuses what `tidy_operations` would.
    """
    sent = body.get("Operations")
    if body.keys() != {"schemas", "Operations"} or body["schemas"] != _SCHEMAS:
        return None
    if not (isinstance(sent, list) and len(sent) == 1 and isinstance(sent[0], dict)):
        return None
    op, value = sent[0].get("op"), _value(sent[0], tolerance)
    is_active = _TEXTS.get(value) if isinstance(value, str) else value
    if not isinstance(is_active, bool) or not isinstance(op, str) or op.lower() != "replace":
        return None
    if op != "replace":
        tolerance.note(f"op sent as {op}")
    if isinstance(value, str):
        tolerance.note("active sent as text")
    return is_active


def _value(operation: Document, tolerance: Tolerance) -> object:
    """Return what an operation says of `active`, with its path or without one; None where it says anything else."""
    value = operation.get("value")
    if operation.keys() == {"op", "path", "value"}:
        return value if operation["path"] == "active" else None
    # A strict connection refuses operations without a path.
    if operation.keys() != {"op", "value"} or not isinstance(value, dict) or tolerance.is_strict:
        return None
    return value["active"] if value.keys() == {"active"} else None

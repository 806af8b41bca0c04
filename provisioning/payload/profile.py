"""The full name and the email address that a User document gives a person."""

import re

from provisioning.payload import errors
from provisioning.payload.resources import Document
from workspace.db.keys import canonical
from workspace.isolation import without_controls

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def profile(document: Document, name_from: str = "", email_from: str = "") -> tuple[str, str]:
    """Return full name and email address, from the named attributes or from those that most IdPs fill.

    Raises invalidValue where there is no address.
    """
    email = _email(document, email_from)
    if not email:
        raise errors.invalid_value("Send an email address: emails[primary eq true].value, or a userName that is one.")
    return _full_name(document, name_from), email


def _full_name(document: Document, wanted: str) -> str:
    name = document.get("name", {})
    parts = " ".join(filter(None, [name.get("givenName"), name.get("familyName")]))
    found = {"name.formatted": name.get("formatted"), "name": parts}
    order = [wanted, "displayName", "name.formatted", "name", "userName"]
    candidates = (found[path] if path in found else document.get(path) for path in order)
    # Documents of older releases may have bidirectional controls.
    names = (without_controls(text or "").strip() for text in candidates)
    return next(filter(None, names), document["userName"])


def _email(document: Document, wanted: str) -> str:
    """The wanted address, else the primary one, the work one, the first one, or userName last."""
    user_name = document["userName"].strip()
    as_address = user_name if _ADDRESS.fullmatch(user_name) else ""
    if wanted == "userName" and as_address:
        return as_address
    emails = [email for email in document.get("emails", []) if email.get("value", "").strip()]
    ranked = sorted(emails, key=lambda email: _rank(email, wanted))
    return ranked[0]["value"].strip() if ranked else as_address


def _rank(email: Document, wanted: str) -> tuple[bool, bool, bool]:
    """The key by which the best address sorts first."""
    kind = canonical(email.get("type", ""))
    return bool(wanted) and kind != wanted, not email.get("primary"), kind != "work"

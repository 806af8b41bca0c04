"""The full name and the email address that a User document gives a person."""

import re

from provisioning.payload import errors
from provisioning.payload.resources import Document
from workspace.db.keys import canonical

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def profile(document: Document, name_from: str = "", email_from: str = "") -> tuple[str, str]:
    """Full name and email address of a User: from the attributes that are named, else as most IdPs mean it.

    Raises invalidValue when there is no address: without one nobody can be told apart.
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
    return next(text for text in candidates if text and text.strip())


def _email(document: Document, wanted: str) -> str:
    """An address by its type, or userName; else the primary one, the work one, the first one, and userName last."""
    user_name = document["userName"].strip()
    as_address = user_name if _ADDRESS.fullmatch(user_name) else ""
    if wanted == "userName" and as_address:
        return as_address
    emails = [email for email in document.get("emails", []) if email.get("value", "").strip()]
    ranked = sorted(emails, key=lambda email: _rank(email, wanted))
    return ranked[0]["value"].strip() if ranked else as_address


def _rank(email: Document, wanted: str) -> tuple[bool, bool, bool]:
    """Less for an address that counts more."""
    kind = canonical(email.get("type", ""))
    return bool(wanted) and kind != wanted, not email.get("primary"), kind != "work"

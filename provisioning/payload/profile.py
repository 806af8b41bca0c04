"""The full name and the email address that a User document gives a person."""

from provisioning.payload.resources import Document
from workspace.addresses import is_address
from workspace.db.keys import canonical, name_key
from workspace.isolation import without_controls


def profile(document: Document, name_from: str = "", email_from: str = "") -> tuple[str, str]:
    """Return full name and email address, from the named attributes or from those that most IdPs fill.

    The address is empty where the document has none.
    """
    return _full_name(document, name_from), next(iter(addresses(document, email_from)), "")


def addresses(document: Document, wanted: str = "") -> list[str]:
    """Return the address that the document means, and userName if that is another one."""
    meant = [text for text in _texts(document, wanted) if is_address(text)][:1]
    user_name = document["userName"].strip()
    is_other = is_address(user_name) and canonical(user_name) != canonical(meant[0])
    return [*meant, user_name] if is_other else meant


def note_on_address(document: Document, wanted: str, chosen: str) -> str:
    """Return why the person has the chosen address and not the one that was sent first; empty where they are one."""
    first, has = _texts(document, wanted)[0], f"the person has {chosen or 'none'}"
    if not _emails(document):
        return "emails left out: userName is taken for the address" if chosen else f"No email address was sent: {has}"
    if not is_address(first):
        return f"{first} is no email address: {has}"
    return "" if canonical(first) == canonical(chosen) else f"{first} is the address of another user: {has}"


def _full_name(document: Document, wanted: str) -> str:
    name = document.get("name", {})
    parts = " ".join(filter(None, [name.get("givenName"), name.get("familyName")]))
    found = {"name.formatted": name.get("formatted"), "name": parts}
    order = [wanted, "displayName", "name.formatted", "name", "userName"]
    candidates = (found[path] if path in found else document.get(path) for path in order)
    # Documents of older releases may have bidirectional controls.
    names = (without_controls(text or "").strip() for text in candidates)
    return next(filter(name_key, names), document["userName"])


def _texts(document: Document, wanted: str) -> list[str]:
    """Return what may be the address: the wanted one, else the primary one, the work one, the first one, userName."""
    user_name = document["userName"].strip()
    ranked = sorted(_emails(document), key=lambda email: _rank(email, wanted))
    texts = [email["value"].strip() for email in ranked]
    return [user_name, *texts] if wanted == "userName" and is_address(user_name) else [*texts, user_name]


def _emails(document: Document) -> list[Document]:
    return [email for email in document.get("emails", []) if email.get("value", "").strip()]


def _rank(email: Document, wanted: str) -> tuple[bool, bool, bool]:
    """The key by which the best address sorts first."""
    kind = canonical(email.get("type", ""))
    return bool(wanted) and kind != wanted, not email.get("primary"), kind != "work"

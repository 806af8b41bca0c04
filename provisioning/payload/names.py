"""Names in documents: new ones hold no bidirectional control, which would turn the text around them round."""

from collections.abc import Iterator

from provisioning.payload import errors
from provisioning.payload.resources import Document
from provisioning.payload.tolerance import Tolerance
from workspace.isolation import has_controls

_NAMES = ("userName", "displayName", "nickName")


def check(document: Document, before: Document) -> None:
    """Refuse a new name that holds a control. A name that the resource has already may stay."""
    for path in _turning(document, before):
        raise errors.invalid_value(
            f"Send {path} without the invisible characters that turn text round: U+202A–202E and U+2066–2069."
        )


def settled(document: Document, before: Document, tolerance: Tolerance) -> Document:
    """Return the changed document of a User. A name that nobody needs never stops a deactivation: the old one stays."""
    if before.get("active") and document.get("active") is False:
        for path in list(_turning(document, before)):
            name = path.partition(".")[0]
            if name != "userName":
                tolerance.ignore(f"{path} with characters that turn text round", "invalidValue")
                document = {key: value for key, value in document.items() if key != name}
                document |= {name: before[name]} if name in before else {}
    check(document, before)
    return document


def _turning(document: Document, before: Document) -> Iterator[str]:
    """Yield the paths of new names that hold a control."""
    parts = (
        (f"name.{part}", text, before.get("name", {}).get(part)) for part, text in document.get("name", {}).items()
    )
    for path, text, known in [*((name, document.get(name, ""), before.get(name)) for name in _NAMES), *parts]:
        if text != known and has_controls(text):
            yield path

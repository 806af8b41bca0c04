"""What a site may answer with instead of a page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Redirect:
    """Leads to another path of the practice IdP."""

    path: str


@dataclass(frozen=True, slots=True)
class Document:
    """Text that is no page. With a file name, browsers save it."""

    text: str
    kind: str
    file_name: str = ""

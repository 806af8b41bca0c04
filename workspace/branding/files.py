"""Uploaded files: as they are served, or why they are not."""

from dataclasses import dataclass


class UnusableFile(Exception):
    """Says in a sentence why a file is not taken and what to upload instead."""


@dataclass(frozen=True)
class Cleaned:
    """A file as it is served, and the names of what was left out of it."""

    content_type: str
    content: bytes
    left_out: tuple[str, ...] = ()

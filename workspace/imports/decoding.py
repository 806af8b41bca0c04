"""The text of an uploaded file, whichever program saved it."""

import codecs
from dataclasses import dataclass

from workspace.refusals import ActionError

# What other kinds of files begin with, and what they are called.
_OTHERS = [
    (b"PK\x03\x04", "an Excel workbook or an archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "an archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
]
_MARKS = [(codecs.BOM_UTF8, "UTF-8"), (codecs.BOM_UTF16_LE, "UTF-16LE"), (codecs.BOM_UTF16_BE, "UTF-16BE")]
# A character that stands for one that could not be read.
UNREADABLE = "\ufffd"
_AS_CSV = "Save it as CSV UTF-8 and upload that file."
WINDOWS = "Windows-1252"


@dataclass(frozen=True)
class Decoded:
    """The text of a file and its encoding."""

    text: str
    encoding: str


def decoded(data: bytes) -> Decoded:
    """Return the text of a file. Raises ActionError where it is no text, or where its encoding is not clear.

    NUL is no character of any name, and PostgreSQL stores none: it becomes UNREADABLE.
    """
    for beginning, kind in _OTHERS:
        if data.startswith(beginning):
            raise _refusal("not_csv", f"This file is {kind}, not a CSV file. {_AS_CSV}")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _read(data[len(mark) :], encoding)
    if data.count(0) > len(data) // 10:
        raise _refusal("encoding", f"This file is no text, or its encoding is not marked. {_AS_CSV}")
    try:
        return _read(data, "UTF-8")
    except ActionError:
        return _of_windows(data)


def _of_windows(data: bytes) -> Decoded:
    """Return what a program saved that knows no Unicode. Bytes that Windows-1252 does not have are refused."""
    try:
        return _read(data, WINDOWS)
    except ActionError:
        message = f"The characters of this file cannot be read: it is neither UTF-8 nor {WINDOWS}. {_AS_CSV}"
        raise _refusal("encoding", message) from None


def _read(data: bytes, encoding: str) -> Decoded:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise _refusal("encoding", f"This file is marked as {encoding}, but it is not. {_AS_CSV}") from None
    return Decoded(text.replace("\0", UNREADABLE), encoding)


def _refusal(code: str, message: str) -> ActionError:
    return ActionError(code, message, field="file")

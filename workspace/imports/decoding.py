"""The text of an uploaded file, whichever program saved it."""

import codecs
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.refusals import ActionError
from workspace.words import Text

# What other kinds of files begin with, and what is said of them.
_OTHERS = [
    (b"PK\x03\x04", gettext_lazy("This file is an Excel workbook or an archive, not a CSV file.")),
    (b"\xd0\xcf\x11\xe0", gettext_lazy("This file is an old Excel workbook, not a CSV file.")),
    (b"%PDF", gettext_lazy("This file is a PDF, not a CSV file.")),
    (b"\x1f\x8b", gettext_lazy("This file is an archive, not a CSV file.")),
    (b"\x89PNG", gettext_lazy("This file is a picture, not a CSV file.")),
    (b"\xff\xd8\xff", gettext_lazy("This file is a picture, not a CSV file.")),
]
_MARKS = [(codecs.BOM_UTF8, "UTF-8"), (codecs.BOM_UTF16_LE, "UTF-16LE"), (codecs.BOM_UTF16_BE, "UTF-16BE")]
# A character that stands for one that could not be read.
UNREADABLE = "\ufffd"
_AS_CSV = gettext_lazy("Save it as CSV UTF-8 and upload that file.")
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
    for beginning, sentence in _OTHERS:
        if data.startswith(beginning):
            raise _refusal("not_csv", sentence)
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _read(data[len(mark) :], encoding)
    if data.count(0) > len(data) // 10:
        raise _refusal("encoding", _("This file is no text, or its encoding is not marked."))
    try:
        return _read(data, "UTF-8")
    except ActionError:
        return _of_windows(data)


def _of_windows(data: bytes) -> Decoded:
    """Return what a program saved that knows no Unicode. Bytes that Windows-1252 does not have are refused."""
    try:
        return _read(data, WINDOWS)
    except ActionError:
        message = _("The characters of this file cannot be read: it is neither UTF-8 nor Windows-1252.")
        raise _refusal("encoding", message) from None


def _read(data: bytes, encoding: str) -> Decoded:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        sentence = _("This file is marked as %(encoding)s, but it is not.") % {"encoding": encoding}
        raise _refusal("encoding", sentence) from None
    return Decoded(text.replace("\0", UNREADABLE), encoding)


def _refusal(code: str, sentence: Text) -> ActionError:
    return ActionError(code, f"{sentence} {_AS_CSV}", field="file")

"""Fonts: stacks of what systems have, and what an uploaded WOFF2 file must look like.

The file is not decoded: browsers check each table of a web font before they use it, and a wrong one is not shown. Here
its header and its directory of tables must agree with its size, so it is a font and nothing else, and small once
unpacked (WOFF2, sections 4 and 5).
"""

import struct

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.branding.files import Cleaned, UnusableFile

UPLOADED = "uploaded"
STACKS = {
    "system": (gettext_lazy("System"), "system-ui, sans-serif"),
    "humanist": (
        gettext_lazy("Humanist"),
        "Seravek, 'Gill Sans Nova', Ubuntu, Calibri, 'DejaVu Sans', source-sans-pro, sans-serif",
    ),
    "geometric": (
        gettext_lazy("Geometric"),
        "Avenir, Montserrat, Corbel, 'URW Gothic', source-sans-pro, sans-serif",
    ),
    "grotesque": (
        gettext_lazy("Grotesque"),
        "Inter, Roboto, 'Helvetica Neue', 'Arial Nova', 'Nimbus Sans', Arial, sans-serif",
    ),
    "rounded": (
        gettext_lazy("Rounded"),
        "ui-rounded, 'Hiragino Maru Gothic ProN', Quicksand, 'Arial Rounded MT', sans-serif",
    ),
    "transitional": (
        gettext_lazy("Transitional serif"),
        "Charter, 'Bitstream Charter', 'Sitka Text', Cambria, serif",
    ),
    "old-style": (
        gettext_lazy("Old-style serif"),
        "'Iowan Old Style', 'Palatino Linotype', 'URW Palladio L', P052, serif",
    ),
    "monospace": (
        gettext_lazy("Monospace"),
        "ui-monospace, 'Cascadia Code', 'Source Code Pro', Menlo, Consolas, monospace",
    ),
}

MAX_FONT = 1_000_000
_MOST_UNPACKED = 10_000_000
_MOST_TABLES = 64
_HEADER = struct.Struct(">4s4sIHHIIHHIIIII")
_FLAVOURS = {b"\x00\x01\x00\x00", b"OTTO", b"true"}
# The tables that the directory calls by a number, as far as they are needed here.
_KNOWN = {0: "cmap", 1: "head", 2: "hhea", 3: "hmtx", 4: "maxp", 5: "name", 10: "glyf", 11: "loca"}
_NEEDED = {"cmap", "head", "hhea", "hmtx", "maxp"}
_ANY_TAG = 63
_NOT_TRANSFORMED = 3


def checked_font(data: bytes) -> Cleaned:
    """Return a WOFF2 font. Raises UnusableFile unless header and directory of tables are those of one font."""
    if data[:4] != b"wOF2":
        raise UnusableFile(_("This file is not a WOFF2 font. Convert the font to WOFF2 and upload that file."))
    if len(data) < _HEADER.size:
        raise UnusableFile(_("The font file is cut off. Upload it again."))
    header = _HEADER.unpack_from(data)
    flavour, length, tables, packed = header[1], header[2], header[3], header[6]
    meta_at, meta_length, private_at, private_length = header[9], header[10], header[12], header[13]
    if flavour == b"ttcf":
        raise UnusableFile(_("This file is a collection of several fonts. Upload one font."))
    if length != len(data):
        raise UnusableFile(_("The font file is cut off, or something was added to it. Upload it again."))
    if flavour not in _FLAVOURS or not 0 < tables <= _MOST_TABLES:
        raise UnusableFile(_("The font file is damaged. Convert the font to WOFF2 again."))
    end, names, unpacked = _directory(data, tables)
    blocks = [(meta_at, meta_length), (private_at, private_length)]
    if not names >= _NEEDED or end + packed > length or any(at + size > length for at, size in blocks):
        raise UnusableFile(_("The font file is damaged. Convert the font to WOFF2 again."))
    if unpacked > _MOST_UNPACKED:
        raise UnusableFile(_("The font is larger than 10 MB once unpacked. Leave out characters that you do not need."))
    return Cleaned("font/woff2", data)


def _directory(data: bytes, tables: int) -> tuple[int, set[str], int]:
    """Return where the directory ends, the names of the tables, and how large they are once unpacked."""
    at, names, unpacked = _HEADER.size, set[str](), 0
    for _table in range(tables):
        flags, at = _byte(data, at), at + 1
        number, version = flags & 63, flags >> 6
        name = _KNOWN.get(number, "")
        if number == _ANY_TAG:
            name, at = data[at : at + 4].decode("latin-1"), at + 4
        size, at = _number(data, at)
        unpacked += size
        is_glyphs = name in {"glyf", "loca"}
        if (version != _NOT_TRANSFORMED) if is_glyphs else version:
            size, at = _number(data, at)
            unpacked += size
        names.add(name)
    return at, names, unpacked


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Read a UIntBase128: up to five groups of seven bits. Return it and where the next field begins."""
    value = 0
    for taken in range(5):
        byte = _byte(data, at + taken)
        value = value << 7 | byte & 127
        if not byte & 128:
            return value, at + taken + 1
    raise UnusableFile(_("The font file is damaged. Convert the font to WOFF2 again."))


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise UnusableFile(_("The font file is cut off. Upload it again."))
    return data[at]

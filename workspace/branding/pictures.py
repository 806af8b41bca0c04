"""Uploaded pictures, decoded and written anew: what is served has nothing in it but the pixels."""

import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from workspace.branding.files import Cleaned, UnusableFile
from workspace.branding.svg import clean_svg, is_xml
from workspace.words import grouped

if TYPE_CHECKING:
    from PIL import Image

MAX_LOGO, MAX_FAVICON = 5_000_000, 1_000_000
# Decoding takes four bytes a pixel.
_MOST_PIXELS, _MOST_SIDE = 8_000_000, 8_000
# Twice what a page shows, for screens with small pixels.
_LOGO_BOX, _FAVICON_BOX = (640, 160), (64, 64)
_PNG, _ICO = b"\x89PNG\r\n\x1a\n", b"\x00\x00\x01\x00"
_PNG_SIZE = struct.Struct(">II")
_ICO_ENTRY = struct.Struct("<BBBBHHII")
_MOST_ICONS, _MOST_ICON_SIDE = 32, 256
_OTHERS = {b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"RIFF": "WebP", b"BM": "BMP", b"%PDF": "PDF", b"\x1f\x8b": "SVGZ"}
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, IndexError, KeyError, OverflowError)


def clean_logo(data: bytes) -> Cleaned:
    """Return a PNG or an SVG as it is served. Raises UnusableFile."""
    if data.startswith(_PNG):
        return _written(_decoded(data), _LOGO_BOX)
    if is_xml(data):
        return clean_svg(data)
    raise UnusableFile(_is_no_logo(data))


def clean_favicon(data: bytes) -> Cleaned:
    """Return an ICO or a PNG as the PNG that is served. Raises UnusableFile."""
    if data.startswith(_PNG):
        return _written(_decoded(data), _FAVICON_BOX)
    if data.startswith(_ICO):
        return _written(_largest_icon(data), _FAVICON_BOX)
    raise UnusableFile(_is_no_favicon(data))


def _kind_of(data: bytes) -> str:
    return next((name for magic, name in _OTHERS.items() if data.startswith(magic)), "")


def _is_no_logo(data: bytes) -> str:
    if kind := _kind_of(data):
        return _(
            "This file is a %(kind)s file, not a PNG or an SVG, whatever its name ends with. "
            "Save the picture as a PNG and upload that."
        ) % {"kind": kind}
    return _(
        "This file is not a PNG or an SVG, whatever its name ends with. Save the picture as a PNG and upload that."
    )


def _is_no_favicon(data: bytes) -> str:
    if kind := _kind_of(data):
        return _(
            "This file is a %(kind)s file, not an ICO or a PNG, whatever its name ends with. "
            "Save the picture as an ICO and upload that."
        ) % {"kind": kind}
    return _(
        "This file is not an ICO or a PNG, whatever its name ends with. Save the picture as an ICO and upload that."
    )


def _decoded(data: bytes, kind: str = "PNG") -> "Image.Image":
    """Return the pixels. The size is read from the header and checked before anything is unpacked."""
    from PIL import Image  # here and not at the top: a worker loads it only if somebody uploads a picture

    try:
        if kind == "PNG":
            _check_size(*_PNG_SIZE.unpack_from(data, 16))
        with Image.open(BytesIO(data), formats=[kind]) as picture:
            if getattr(picture, "n_frames", 1) > 1:
                raise UnusableFile(_("This picture is animated. Upload one that stands still."))
            picture.load()
            return _plain(picture)
    except _BROKEN as error:
        raise UnusableFile(_("This picture is damaged or cut off. Export it again and upload that file.")) from error


def _check_size(width: int, height: int) -> None:
    if max(width, height) > _MOST_SIDE or width * height > _MOST_PIXELS:
        raise UnusableFile(
            _(
                "This picture has %(width)s × %(height)s pixels. Make it smaller: at most %(most_side)s on a "
                "side and %(number)s million in all."
            )
            % {
                "width": grouped(width),
                "height": grouped(height),
                "most_side": grouped(_MOST_SIDE),
                "number": _MOST_PIXELS // 1000000,
            }
        )


def _plain(picture: "Image.Image") -> "Image.Image":
    """Return the pixels with eight bits a channel, without profile, text or Exif."""
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    plain = picture.convert("RGBA")
    plain.info = {}
    return plain


def _largest_icon(data: bytes) -> "Image.Image":
    """Return the largest picture of an ICO file. Each of them is a PNG, or a bitmap of at most 256 pixels a side."""
    try:
        (number,) = struct.unpack_from("<H", data, 4)
        entries = [_ICO_ENTRY.unpack_from(data, 6 + _ICO_ENTRY.size * at) for at in range(min(number, _MOST_ICONS))]
        # A side of 256 is written as 0. Of equal sizes the one with more colours.
        entry = max(entries, key=lambda each: ((each[0] or 256) * (each[1] or 256), each[5]))
        size, offset = entry[6], entry[7]
        content = data[offset : offset + size]
        if content.startswith(_PNG):
            return _decoded(content)
        width, height = struct.unpack_from("<ii", content, 4)
    except (struct.error, ValueError) as error:
        raise UnusableFile(_("This icon is damaged or cut off. Export it again and upload that file.")) from error
    # The height of a bitmap counts its mask too.
    if not (0 < width <= _MOST_ICON_SIDE and 0 < height <= 2 * _MOST_ICON_SIDE):
        raise UnusableFile(_("This icon claims a size that no ICO has. Export it again, or upload a PNG."))
    sides = width % 256, height // 2 % 256
    header = _ICO + struct.pack("<H", 1) + _ICO_ENTRY.pack(*sides, *entry[2:6], size, 6 + _ICO_ENTRY.size)
    return _decoded(header + content, "ICO")


def _written(picture: "Image.Image", box: tuple[int, int]) -> Cleaned:
    """Return the pixels as a PNG that is no larger than the box."""
    from PIL import Image

    picture.thumbnail(box, Image.Resampling.LANCZOS)
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return Cleaned("image/png", file.getvalue())

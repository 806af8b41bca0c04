"""Uploaded pictures and fonts: what is served is nothing but pixels or tables, and nothing unpacks to gigabytes."""

import io
import zlib

import pytest
from PIL import Image

from tests.workspace.branding import bitmap, chunk, ico_of, png, png_of, saved, woff2
from workspace.branding.files import Cleaned, UnusableFile
from workspace.branding.fonts import checked_font
from workspace.branding.pictures import clean_favicon, clean_logo

PIXELS = chunk(b"IDAT", zlib.compress((b"\0" + b"\x80" * 30) * 10))


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Half a gigabyte of zeros."""
    return zlib.compress(b"\0" * 500_000_000, 9)


def picture(file: Cleaned) -> Image.Image:
    assert file.content_type == "image/png"
    return Image.open(io.BytesIO(file.content))


def refusal(read, data: bytes) -> str:
    with pytest.raises(UnusableFile) as refused:
        read(data)
    return str(refused.value)


def test_a_logo_is_made_no_larger_than_pages_show_it():
    assert picture(clean_logo(png((2000, 500)))).size == (640, 160)
    assert picture(clean_logo(png((40, 10)))).size == (40, 10)


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("RGB", (10, 20, 30), (10, 20, 30, 255)),
        ("RGBA", (10, 20, 30, 40), (10, 20, 30, 40)),
        ("LA", (100, 50), (100, 100, 100, 50)),
        ("1", 1, (255, 255, 255, 255)),
        ("I;16", 0x8000, (128, 128, 128, 255)),
    ],
)
def test_every_kind_of_png_keeps_its_colours(mode, colour, seen):
    assert picture(clean_logo(png((4, 4), mode, colour))).getpixel((0, 0)) == seen


def test_sixteen_bits_a_channel_become_eight():
    deep = png_of(chunk(b"IDAT", zlib.compress(b"\0" + b"\x80\x00" * 3)), width=1, height=1, bits=16)
    assert picture(clean_logo(deep)).getpixel((0, 0)) == (128, 128, 128, 255)


def test_nothing_but_pixels_is_kept():
    data = png_of(chunk(b"tEXt", b"Comment\0<script>"), chunk(b"iCCP", b"p\0\0" + zlib.compress(b"profile")), PIXELS)
    data += b"<!doctype html><script>alert(1)</script>"
    cleaned = clean_logo(data)
    assert picture(cleaned).info == {}
    assert b"script" not in cleaned.content and b"iCCP" not in cleaned.content
    with_exif = clean_logo(png(exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"))
    assert b"eXIf" not in with_exif.content


def test_a_size_beyond_all_screens_is_refused_before_anything_is_unpacked():
    assert "100,000 × 100,000 pixels" in refusal(clean_logo, png_of(PIXELS, width=100_000, height=100_000))
    assert "8,000 × 8,000 pixels" in refusal(clean_favicon, png_of(PIXELS, width=8_000, height=8_000))


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
def test_texts_that_unpack_to_half_a_gigabyte_are_refused(kind, bomb):
    assert "damaged" in refusal(clean_logo, png_of(chunk(kind, b"a\0\0" + bomb), PIXELS))


def test_pixels_beyond_the_size_are_not_unpacked(bomb):
    assert picture(clean_logo(png_of(chunk(b"IDAT", bomb)))).size == (10, 10)


@pytest.mark.parametrize("length", [9, 20, 40, 80, -40])
def test_a_file_that_is_cut_off_is_refused(length):
    assert "Export it again" in refusal(clean_logo, png((200, 100), "RGB")[:length])


@pytest.mark.parametrize("kind", ["GIF", "JPEG", "WEBP", "BMP"])
@pytest.mark.parametrize("read", [clean_logo, clean_favicon])
def test_other_kinds_are_refused_by_name(kind, read):
    name = {"WEBP": "WebP"}.get(kind, kind)
    assert f"This file is a {name} file, not a" in refusal(read, saved(kind))


def test_a_jpeg_in_four_colours_is_refused():
    assert "JPEG" in refusal(clean_logo, saved("JPEG", mode="CMYK"))


@pytest.mark.parametrize("data", [b"", b"hello", b"\x1f\x8b\x08", b"%PDF-1.7", b"MZ\x90"])
def test_what_is_no_picture_is_refused(data):
    for read in (clean_logo, clean_favicon):
        assert "This file is" in refusal(read, data)


def test_an_animated_picture_is_refused():
    frames = [Image.new("RGB", (4, 4), (shade, 0, 0)) for shade in (1, 200)]
    file = io.BytesIO()
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    assert "animated" in refusal(clean_logo, file.getvalue())


@pytest.mark.parametrize("form", ["png", "bmp"])
def test_of_an_icon_the_largest_picture_is_served_as_png(form):
    sizes = [(16, 16), (48, 48), (32, 32)]
    icon = clean_favicon(saved("ICO", (48, 48), "RGBA", (9, 8, 7, 255), sizes=sizes, bitmap_format=form))
    assert picture(icon).size == (48, 48) and picture(icon).getpixel((0, 0)) == (9, 8, 7, 255)


@pytest.mark.parametrize(
    "content",
    [
        png_of(PIXELS, width=100_000, height=100_000),
        bitmap(100_000, 100_000),
        bitmap(16, -32),
        bitmap(16, 32),
        b"\x89PNG\r\n\x1a\n",
        b"",
    ],
)
def test_an_icon_with_a_wrong_picture_in_it_is_refused(content):
    assert "Export it again" in refusal(clean_favicon, ico_of(content)) or "smaller" in refusal(
        clean_favicon, ico_of(content)
    )


@pytest.mark.parametrize("data", [b"\0\0\1\0", b"\0\0\1\0\0\0", b"\0\0\1\0\xff\xff", ico_of(b"")[:20]])
def test_an_icon_without_pictures_is_refused(data):
    assert "damaged" in refusal(clean_favicon, data)


def test_a_font_is_served_as_it_is():
    assert checked_font(woff2()) == Cleaned("font/woff2", woff2())


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"OTTO" + b"\0" * 100, "not a WOFF2 font"),
        (b"wOFF" + b"\0" * 100, "not a WOFF2 font"),
        (b"<svg/>", "not a WOFF2 font"),
        (b"wOF2", "cut off"),
        (woff2()[:-1], "cut off"),
        (woff2() + b"<script>", "something was added"),
        (woff2(flavour=b"ttcf"), "several fonts"),
        (woff2(flavour=b"<htm"), "damaged"),
        (woff2(tables=4), "damaged"),
        (woff2(tables=0), "damaged"),
        (woff2(size=100_000_000), "10 MB once unpacked"),
    ],
)
def test_what_is_no_font_is_refused(data, told):
    assert told in refusal(checked_font, data)

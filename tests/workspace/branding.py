"""Pictures, fonts and looks for tests."""

import io
import struct
import zlib
from dataclasses import replace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from workspace.actions.login_experience import keep_file, save_login_experience
from workspace.branding.files import Cleaned
from workspace.branding.look import Look
from workspace.branding.pictures import clean_logo
from workspace.events import SYSTEM
from workspace.models import Environment, LoginExperience

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10">{}</svg>'


def png(size: tuple[int, int] = (40, 10), mode: str = "RGB", colour: Any = None, **options: Any) -> bytes:
    return saved("PNG", size, mode, colour, **options)


def saved(kind: str, size: tuple[int, int] = (40, 10), mode: str = "RGB", colour: Any = None, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, (10, 20, 30) if colour is None and mode == "RGB" else colour).save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(*chunks: bytes, width: int = 10, height: int = 10, bits: int = 8) -> bytes:
    """A PNG in colour with these chunks, whatever they are."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def ico_of(content: bytes, side: int = 16) -> bytes:
    """An ICO with one picture."""
    return b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(content), 22) + content


def bitmap(width: int, height: int) -> bytes:
    """The header of a bitmap in an ICO, without any pixels."""
    return struct.pack("<IiiHHIIiiII", 40, width, height, 1, 32, 0, 0, 0, 0, 0, 0)


def svg(inside: str) -> bytes:
    return SVG.format(inside).encode()


def woff2(*, size: int = 100, flavour: bytes = b"\x00\x01\x00\x00", tables: int = 5, added: bytes = b"") -> bytes:
    """A WOFF2 with the five tables that each font needs, each of that size, and no glyphs."""
    number = bytes([size >> 21 & 127 | 128, size >> 14 & 127 | 128, size >> 7 & 127 | 128, size & 127]).lstrip(b"\x80")
    directory = b"".join(bytes([at]) + number for at in range(tables))
    packed = b"\0" * 8
    length = 48 + len(directory) + len(packed) + len(added)
    sizes = struct.pack(">IHHIIHHIIIII", length, tables, 0, size * tables, len(packed), 1, 0, 0, 0, 0, 0, 0)
    return b"wOF2" + flavour + sizes + directory + packed + added


def keep(environment: Environment, kind: str, file: Cleaned, name: str = "logo.png") -> str:
    return keep_file(environment=environment, kind=kind, name=name, file=file, now=timezone.now()).digest


def brand(environment: Environment, **values: str) -> Look:
    """Give the environment a look with a logo, and return it."""
    look = replace(LoginExperience.look_of(environment), logo=keep(environment, "logo", clean_logo(png())), **values)
    save(environment, look)
    return look


def save(environment: Environment, look: Look) -> bool:
    seen = LoginExperience.objects.filter(environment=environment).values_list("version", flat=True).first() or 0
    return save_login_experience(environment=environment, look=look, seen=seen, by=SYSTEM)


def upload(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)

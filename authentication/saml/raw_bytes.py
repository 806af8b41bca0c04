"""Decode what a browser brought, and refuse bytes that could mean different things to different parsers."""

import base64
import re
import zlib

from authentication.saml.errors import SamlReason, SamlRefused

MAX_BASE64 = 200 * 1024
MAX_XML = 150 * 1024

BOM = b"\xef\xbb\xbf"
BLANKS = b" \t\r\n"

_DECLARATION = re.compile(
    rb"""<\?xml\s+version\s*=\s*(["'])1\.0\1(?:\s+encoding\s*=\s*(["'])(?i:utf-8)\2)?"""
    rb"""(?:\s+standalone\s*=\s*(["'])(?:yes|no)\3)?\s*\?>"""
)
_HIDDEN = re.compile(rb"<!--|<!\[|<!|<\?|&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_HIDDEN_KINDS = {
    b"<!--": "comment",
    b"<![": "CDATA section",
    b"<!": "DOCTYPE",
    b"<?": "processing instruction",
    b"&": "entity reference",
}


def decode_base64(raw: str | bytes) -> bytes:
    """Return the bytes of base64. Raises SamlRefused.

    It may be broken into lines, which may be indented, and have a byte order mark before it.
    """
    if len(raw) > MAX_BASE64:
        raise SamlRefused(SamlReason.TOO_LARGE, "base64")
    try:
        lines = trim(raw.encode() if isinstance(raw, str) else raw).splitlines()
        encoded = b"".join(line.strip(BLANKS) for line in lines)
        decoded = base64.b64decode(encoded)
    except ValueError:
        raise SamlRefused(SamlReason.NOT_BASE64) from None
    if base64.b64encode(decoded) != encoded:  # the decoder skips characters that are not base64
        raise SamlRefused(SamlReason.NOT_BASE64, "characters")
    return decoded


def trim(text: bytes) -> bytes:
    """Return bytes without the white space and the byte order mark before them."""
    return text.lstrip(BLANKS).removeprefix(BOM).lstrip(BLANKS)


def base64_bytes(text: str) -> bytes:
    """Return the bytes of base64 text with any white space in it, or no bytes if it is not base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return b""


def deflate(xml: bytes) -> bytes:
    """Return raw DEFLATE."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(xml) + compressor.flush()


def inflate(deflated: bytes) -> bytes:
    """Return the bytes of raw DEFLATE, of which at most MAX_XML are made. Raises SamlRefused."""
    decompressor = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        xml = decompressor.decompress(deflated, MAX_XML + 1)
    except zlib.error:
        raise SamlRefused(SamlReason.NOT_DEFLATED) from None
    if len(xml) > MAX_XML:
        raise SamlRefused(SamlReason.TOO_LARGE, "inflated")
    if not decompressor.eof or decompressor.unused_data:
        raise SamlRefused(SamlReason.NOT_DEFLATED, "end")
    return xml


def check_bytes(xml: bytes, *, is_document: bool = True) -> None:
    """Raise SamlRefused for bytes that are too many, are not UTF-8, or hide something.

    Only a document may begin with an XML declaration.
    """
    if len(xml) > MAX_XML:
        raise SamlRefused(SamlReason.TOO_LARGE, "XML")
    try:
        xml.decode()
    except UnicodeDecodeError:
        raise SamlRefused(SamlReason.NOT_UTF8) from None
    hidden = _HIDDEN.search(xml, _end_of_declaration(xml) if is_document else 0)
    if hidden:
        raise SamlRefused(SamlReason.FORBIDDEN_MARKUP, _HIDDEN_KINDS[hidden[0]])


def _end_of_declaration(xml: bytes) -> int:
    """Return where the XML declaration ends. Raises SamlRefused for a declaration of other text than UTF-8."""
    if not xml.startswith(b"<"):
        raise SamlRefused(SamlReason.NOT_XML, "not at the start")
    if not xml.startswith(b"<?xml"):
        return 0
    declaration = _DECLARATION.match(xml)
    if not declaration:
        raise SamlRefused(SamlReason.NOT_UTF8, "XML declaration")
    return declaration.end()

"""Read metadata from outside as XML, and say what is wrong with it in words for an administrator."""

import re

from lxml import etree

from authentication.saml.certificates import PRIVATE_KEY, contains_private_key
from authentication.saml.xml import Element, parse_xml

MAX_BYTES = 1_000_000

ASK_AGAIN = "Download the identity provider's metadata XML again and upload that file unchanged."

_ENCODING = re.compile(r"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_DTD = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


class MetadataError(Exception):
    """Metadata that cannot be used; the message says what is wrong and what to do."""


def read_document(xml: bytes) -> Element:
    """Return the root of a metadata document. Raises MetadataError."""
    if len(xml) > MAX_BYTES:
        raise MetadataError(
            "The metadata is larger than 1 MB. "
            "Upload the metadata of your identity provider alone, not of a federation."
        )
    try:
        text = xml.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise MetadataError("The metadata is not UTF-8 text. Save the file as UTF-8 and upload it again.") from None
    _refuse_other_kinds(text)
    _refuse_unsafe_xml(text)
    try:
        return parse_xml(text.encode(), drop_comments=True)
    except etree.XMLSyntaxError as error:
        raise MetadataError(f"The XML is damaged or incomplete, at line {error.lineno}. {ASK_AGAIN}") from None


def _refuse_other_kinds(text: str) -> None:
    """Raise MetadataError for what people paste by mistake; each kind has a sentence of its own."""
    if not text:
        raise MetadataError("The metadata is empty. Upload or paste the identity provider's metadata XML.")
    if contains_private_key(text):
        raise MetadataError(PRIVATE_KEY)
    if text.startswith(("{", "[")):
        raise MetadataError("This is JSON, not SAML metadata. Choose the SAML 2.0 metadata XML, not OpenID Connect.")
    if text.startswith("https://"):
        raise MetadataError(
            "This is a URL, not metadata XML. Enter it as Metadata URL, or open it and paste what it shows."
        )
    if _HTML.search(text):
        raise MetadataError(
            "This is a web page, not metadata XML. Perhaps the page asks to sign in: "
            "open it in your browser, download the metadata XML there and upload the file."
        )
    if not text.startswith("<"):
        raise MetadataError(f"This is not XML. {ASK_AGAIN}")


def _refuse_unsafe_xml(text: str) -> None:
    """Raise MetadataError for a DTD, and for an encoding with which the parser could read other text than this."""
    if _DTD.search(text):
        raise MetadataError(f"The metadata has a DOCTYPE or ENTITY declaration, which is not accepted. {ASK_AGAIN}")
    declared = _ENCODING.match(text)
    if declared and declared[1].lower() != "utf-8":
        raise MetadataError(
            "The metadata declares an encoding other than UTF-8. Save the file as UTF-8 and upload it again."
        )

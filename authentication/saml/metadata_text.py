"""Read metadata from outside as XML, and say what is wrong with it in words for an administrator."""

import codecs
import re

from lxml import etree

from authentication.saml.certificates import PRIVATE_KEY, contains_private_key
from authentication.saml.texts import Text as _
from authentication.saml.texts import TextError
from authentication.saml.xml import Element
from workspace.strict_xml import parse_xml

MAX_BYTES = 1_000_000

ASK_AGAIN = _("Download the identity provider's metadata XML again and upload that file unchanged.")

_DECLARATION = re.compile(r"<\?xml\s[^>]*>")
_ENCODING = re.compile(r"""\sencoding\s*=\s*["']([^"']*)["']""")
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_DTD = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


class MetadataError(TextError):
    """Metadata that cannot be used; the message says what is wrong and what to do."""


def read_document(xml: bytes) -> Element:
    """Return the root of a metadata document. Raises MetadataError."""
    if len(xml) > MAX_BYTES:
        raise MetadataError(
            _(
                "The metadata is larger than 1 MB. Upload the metadata of your identity provider alone, not "
                "of a federation."
            )
        )
    text = _decoded(xml).strip()
    _refuse_other_kinds(text)
    declaration = _DECLARATION.match(text)
    _refuse_unsafe_xml(text, declaration[0] if declaration else "")
    try:
        return parse_xml(text[declaration.end() if declaration else 0 :].encode(), drop_comments=True)
    except etree.XMLSyntaxError as error:
        raise MetadataError(
            _("The XML is damaged or incomplete, at line %(line)s.", line=error.lineno), ASK_AGAIN
        ) from None


def _decoded(xml: bytes) -> str:
    """Return the text of UTF-8 or UTF-16, which begins with a byte order mark or with "<". Raises MetadataError."""
    encoding = "utf-8-sig"
    if xml.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in xml[:2]:
        encoding = "utf-16-le" if xml[1:2] == b"\0" else "utf-16-be"
    try:
        return xml.decode(encoding)
    except UnicodeDecodeError:
        raise MetadataError(
            _("The metadata is neither UTF-8 nor UTF-16 text. Save the file as UTF-8 and upload it again.")
        ) from None


def _refuse_other_kinds(text: str) -> None:
    """Raise MetadataError for what people paste by mistake; each kind has a sentence of its own."""
    if not text:
        raise MetadataError(_("The metadata is empty. Upload or paste the identity provider's metadata XML."))
    if contains_private_key(text):
        raise MetadataError(PRIVATE_KEY)
    if text.startswith(("{", "[")):
        raise MetadataError(_("This is JSON, not SAML metadata. Choose the SAML 2.0 metadata XML, not OpenID Connect."))
    if text.startswith("https://"):
        raise MetadataError(
            _("This is a URL, not metadata XML. Enter it as Metadata URL, or open it and paste what it shows.")
        )
    if _HTML.search(text):
        raise MetadataError(
            _(
                "This is a web page, not metadata XML. Perhaps the page asks to sign in: open it in your "
                "browser, download the metadata XML there and upload the file."
            )
        )
    if not text.startswith("<"):
        raise MetadataError(_("This is not XML."), ASK_AGAIN)


def _refuse_unsafe_xml(text: str, declaration: str) -> None:
    """Raise MetadataError for a DTD, and for an encoding in which this would have been other text."""
    if _DTD.search(text):
        raise MetadataError(_("The metadata has a DOCTYPE or ENTITY declaration, which is not accepted."), ASK_AGAIN)
    declared = _ENCODING.search(declaration)
    # UTF-16 that was saved or pasted as UTF-8 still declares UTF-16.
    if declared and declared[1].lower() not in ("utf-8", "utf-16"):
        raise MetadataError(
            _(
                "The metadata declares an encoding other than UTF-8 or UTF-16. Save the file as UTF-8 and "
                "upload it again."
            )
        )

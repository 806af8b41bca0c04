"""XML: the names of elements, and how the parts of an element are read."""

from typing import TypeAlias

from lxml import etree

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.raw_bytes import BLANKS, base64_bytes
from workspace.strict_xml import parse_xml

Element: TypeAlias = etree._Element

NAMESPACES = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "dsig11": "http://www.w3.org/2009/xmldsig11#",
    "ec": "http://www.w3.org/2001/10/xml-exc-c14n#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
    "xenc11": "http://www.w3.org/2009/xmlenc11#",
}


def tag(name: str) -> str:
    """Return the lxml name of an element, for example of "saml:Issuer"."""
    prefix, local = name.split(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def parse(xml: bytes) -> Element:
    """Return the root of a message. Raises SamlRefused."""
    try:
        return parse_xml(xml)
    except etree.XMLSyntaxError:
        raise SamlRefused(SamlReason.NOT_XML) from None


def strip_blanks(text: str | None) -> str:
    """Return text without the white space of XML around it; "" for None."""
    return (text or "").strip(BLANKS.decode())


def find(parent: Element, name: str) -> Element:
    """Return the first element of that name at any depth; the gate has made sure that there is one."""
    return next(parent.iter(tag(name)))


def algorithm(parent: Element, name: str) -> str:
    """Return the Algorithm attribute of the first element of that name."""
    return find(parent, name).get("Algorithm", "")


def bytes_of(element: Element) -> bytes:
    """Return the bytes of an element's base64 text, or no bytes if the text is not base64."""
    return base64_bytes(element.text or "")

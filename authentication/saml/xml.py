"""XML as all messages have it: names of elements, and one way to parse."""

import base64

from lxml import etree

from authentication.saml.errors import SamlReason, SamlRefused

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
    """Return the name of an element as lxml has it, for example of "saml:Issuer"."""
    prefix, local = name.split(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def parse(xml: bytes) -> etree._Element:
    """Return the root of XML bytes, with nothing resolved, fetched or guessed; raise SamlRefused."""
    parser = etree.XMLParser(
        encoding="utf-8",
        attribute_defaults=False,
        collect_ids=False,
        huge_tree=False,
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
    )
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        raise SamlRefused(SamlReason.NOT_XML) from None


def find(parent: etree._Element, name: str) -> etree._Element:
    """Return the first element of that name below parent; the gate has seen to it that there is one."""
    return next(parent.iter(tag(name)))


def algorithm(parent: etree._Element, name: str) -> str:
    return find(parent, name).get("Algorithm", "")


def bytes_of(element: etree._Element) -> bytes:
    """Return the bytes of an element's base64 text, and none for other text."""
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except ValueError:
        return b""

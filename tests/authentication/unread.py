"""The places where the schema takes elements of anybody, and an honest response that uses all that is allowed there."""

from collections.abc import Callable
from datetime import timedelta

from lxml import etree

from tests.authentication.responses import ASSERTION, AUTHN, CONDITIONS, CONFIRMATION, NAME_ID
from tests.idp import NOW, NS, instant

SAML, SAMLP = NS["saml"], NS["samlp"]
XSI = "http://www.w3.org/2001/XMLSchema-instance"
STATEMENT = f"{ASSERTION}/saml:AttributeStatement"
Holder = Callable[[etree._Element], etree._Element]


def other(xml: str) -> etree._Element:
    """Return an element that may use the prefixes of SAML."""
    declarations = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
    return etree.fromstring(f"<x {declarations}>{xml}</x>")[0]


def extensions(root: etree._Element) -> etree._Element:
    """Add Extensions after the Issuer; a signature will stand between them."""
    holder = etree.Element(f"{{{SAMLP}}}Extensions")
    root.insert(1, holder)
    return holder


def status_detail(root: etree._Element) -> etree._Element:
    return etree.SubElement(root.find("samlp:Status", NS), f"{{{SAMLP}}}StatusDetail")


def attribute_value(root: etree._Element) -> etree._Element:
    attribute = etree.SubElement(root.find(STATEMENT, NS), f"{{{SAML}}}Attribute", Name="eduPersonTargetedID")
    return etree.SubElement(attribute, f"{{{SAML}}}AttributeValue")


def authn_context_decl(root: etree._Element) -> etree._Element:
    return etree.SubElement(root.find(f"{AUTHN}/saml:AuthnContext", NS), f"{{{SAML}}}AuthnContextDecl")


HOLDERS: list[Holder] = [extensions, status_detail, attribute_value, authn_context_decl]


def crowd(root: etree._Element) -> None:
    """Use every place and every repetition that is allowed; what the response says of the person stays the same."""
    name_id = root.find(NAME_ID, NS)
    root.set(f"{{{XSI}}}schemaLocation", "urn:oasis:names:tc:SAML:2.0:protocol saml-schema-protocol-2.0.xsd")
    name_id.set(f"{{{XSI}}}type", "saml:NameIDType")
    extensions(root).append(other('<k:KeyInfo xmlns:k="urn:keycloak:ext:key:1.0" MessageSigningKeyId="kid"/>'))
    status_detail(root).append(other("<d:Detail xmlns:d='urn:d'>Nothing <d:b/> to add</d:Detail>"))
    authn_context_decl(root).append(
        other(f"<c:Declaration xmlns:c='urn:c'><c:who>{name_id.text}</c:who></c:Declaration>")
    )
    root.find(f"{STATEMENT}/saml:Attribute", NS).extend(
        [other(f"<saml:AttributeValue><saml:NameID>{name_id.text}</saml:NameID></saml:AttributeValue>")]
    )
    root.find(f"{STATEMENT}/saml:Attribute/saml:AttributeValue", NS).set(
        "{http://www.w3.org/XML/1998/namespace}lang", "en"
    )
    _repeat(root)
    name_id.text = f"\n  {name_id.text}\n"


def _repeat(root: etree._Element) -> None:
    root.find(CONDITIONS, NS).addnext(other("<saml:Advice/>"))
    statement, ours = root.find(AUTHN, NS), root.find(CONFIRMATION, NS)
    later, foreign = (etree.fromstring(etree.tostring(element)) for element in (statement, ours))
    later.set("SessionNotOnOrAfter", instant(NOW + timedelta(days=1)))
    statement.addnext(later)
    foreign[0].set("Recipient", "https://other.example/acs")
    ours.addprevious(foreign)
    ours.addnext(other('<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"/>'))

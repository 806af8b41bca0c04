"""SAML metadata: what the practice IdP publishes of itself, and what it reads of a service."""

from xml.sax.saxutils import quoteattr

from lxml import etree
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, md, samlp
from saml2.xmldsig import NAMESPACE as DS

from provisioning.practice_idp.keys import Key
from provisioning.practice_idp.saml.new_provider import NewProvider
from provisioning.practice_idp.saml.shapes import Service


def idp_metadata(provider: NewProvider, key: Key) -> str:
    """Return what a service imports."""
    return f"""\
<EntityDescriptor xmlns="{md.NAMESPACE}" entityID={quoteattr(provider.entity_id)}>
  <IDPSSODescriptor protocolSupportEnumeration="{samlp.NAMESPACE}">
    <KeyDescriptor use="signing">
      <KeyInfo xmlns="{DS}"><X509Data><X509Certificate>{key.certificate_body}</X509Certificate></X509Data></KeyInfo>
    </KeyDescriptor>
    <SingleLogoutService Binding="{BINDING_HTTP_REDIRECT}" Location={quoteattr(provider.slo_url)}/>
    <SingleSignOnService Binding="{BINDING_HTTP_REDIRECT}" Location={quoteattr(provider.sso_url)}/>
  </IDPSSODescriptor>
</EntityDescriptor>
"""


def read_sp_metadata(xml: bytes) -> Service | None:
    """Return the one service that a document describes, or None if it is none that can be answered."""
    try:
        root = read_xml(xml)
    except etree.XMLSyntaxError:
        return None
    acs_url = _location(root, "AssertionConsumerService", BINDING_HTTP_POST)
    slo_url = _location(root, "SingleLogoutService", BINDING_HTTP_REDIRECT)
    return Service(root.get("entityID", ""), acs_url, slo_url) if acs_url and slo_url else None


def read_xml(xml: bytes) -> etree._Element:
    """Return the root of XML from elsewhere, without entities; raise XMLSyntaxError."""
    return etree.fromstring(xml, etree.XMLParser(resolve_entities=False))


def _location(root: etree._Element, service: str, binding: str) -> str:
    path = f"{{{md.NAMESPACE}}}SPSSODescriptor/{{{md.NAMESPACE}}}{service}[@Binding='{binding}']"
    found = root.find(path)
    return "" if found is None else found.get("Location", "")

"""Signs with python-xmlsec in this process."""

import xmlsec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from saml2 import class_name, samlp
from saml2.sigver import CryptoBackend, RSACrypto, SecurityContext, pre_signature_part
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256
from saml2.xmldsig import NAMESPACE as DS

from provisioning.practice_idp.keys import Key


class XmlsecBackend(CryptoBackend):
    """pysaml2's cryptography without its xmlsec1 program. It only signs: an IdP needs nothing else here."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self._key = key

    def sign_statement(self, statement: str, node_name: str, key_file: str, node_id: str) -> str:
        """Return the XML with the signature template of element node_id filled in."""
        root = etree.fromstring(statement)
        (element,) = root.xpath("//*[@ID=$id]", id=node_id)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(self._key.pem, xmlsec.constants.KeyDataFormatPem)
        context.register_id(element, "ID")
        context.sign(element.find(f"{{{DS}}}Signature"))
        return etree.tostring(root, encoding="unicode")


def security_context(key: Key) -> SecurityContext:
    """Return what a pysaml2 server signs XML and redirect URLs with."""
    # RSACrypto keeps its key in a global of pysaml2. All IdPs here have the same key, so that does no harm.
    redirects = RSACrypto(load_pem_private_key(key.pem.encode(), password=None))
    return SecurityContext(XmlsecBackend(key), sec_backend=redirects)


def sign_assertion(response: samlp.Response, key: Key, prefixes: dict[str, str]) -> bytes:
    """Return the response as XML with its assertion signed, as most IdPs do by default."""
    assertion = response.assertion
    assertion.signature = pre_signature_part(
        assertion.id, key.certificate_body, sign_alg=SIG_RSA_SHA256, digest_alg=DIGEST_SHA256
    )
    context = SecurityContext(XmlsecBackend(key))
    xml = response.to_string(prefixes).decode()
    return context.sign_statement(xml, class_name(assertion), node_id=assertion.id).encode()

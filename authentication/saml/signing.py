"""Signs our own messages."""

from typing import Any

import xmlsec
from lxml import etree
from saml2.sigver import CryptoBackend, SecurityContext

from authentication.saml.signatures import SIGNATURE
from authentication.saml.xml import parse


class XmlsecBackend(CryptoBackend):
    """pysaml2's cryptography by python-xmlsec in process, with a private key that is PEM text and never a file.

    It signs only. To verify stays undone, so that pysaml2 refuses what is signed unless `verify` has seen it before.
    """

    def __init__(self, signing_key: str) -> None:
        super().__init__()
        self.signing_key = signing_key

    def sign_statement(self, statement: Any, node_name: str, key_file: str, node_id: str) -> str:
        """Return the XML of statement with the signature filled in that waits in the element of that id."""
        root = parse(statement if isinstance(statement, bytes) else str(statement).encode())
        (element,) = root.xpath("//*[@ID=$id]", id=node_id)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(self.signing_key, xmlsec.constants.KeyDataFormatPem)
        context.register_id(element, "ID")
        context.sign(element.find(SIGNATURE))
        return etree.tostring(root, encoding="unicode")


def security_context(signing_key: str) -> SecurityContext:
    """Return what takes the place of `sec` in a pysaml2 client or server, whose configuration wants a program."""
    return SecurityContext(XmlsecBackend(signing_key))

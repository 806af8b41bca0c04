"""Sign our own messages with our RSA key, in this process."""

import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from authentication.saml.canonical import SIGNATURE
from authentication.saml.xml import parse


def sign_octets(octets: bytes, private_pem: str) -> bytes:
    """Return the RSA-SHA256 signature of octets.

    pysaml2 has a function for this, but it keeps the key in a global variable that all threads share.
    """
    key = load_pem_private_key(private_pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("Messages are signed with RSA keys only.")
    return key.sign(octets, padding.PKCS1v15(), hashes.SHA256())


def sign_xml(xml: bytes, private_pem: str) -> bytes:
    """Return a message with the signature template in its root filled in."""
    root = parse(xml)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(private_pem, xmlsec.constants.KeyDataFormatPem)
    context.register_id(root, "ID")
    context.sign(root.find(SIGNATURE))
    return etree.tostring(root, encoding="utf-8")

"""Carries messages through a browser, by the redirect and POST bindings: ours there, and those of IdPs here."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from saml2 import class_name, saml, samlp
from saml2.sigver import pre_signature_part
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.signing import security_context

REQUEST, RESPONSE = "SAMLRequest", "SAMLResponse"
PREFIXES = {"samlp": samlp.NAMESPACE, "saml": saml.NAMESPACE}
MAX_RELAY_STATE = 2000
DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
# What the redirect binding knows, in the order in which it is signed.
_SIGNED = (REQUEST, RESPONSE, "RelayState", "SigAlg")
_KNOWN = (*_SIGNED, "Signature", "SAMLEncoding")


# Ours. ----------------------------------------------------------------------------------------------------------------


def redirect(url: str, field: str, message: Any, *, relay_state: str, signing_key: str) -> str:
    """Return the URL with which a browser takes a message there; with a PEM private RSA key its query is signed."""
    query = {field: _deflated(message.to_string(PREFIXES))} | _relayed(relay_state)
    if signing_key:
        query["SigAlg"] = SIG_RSA_SHA256
        query["Signature"] = _query_signature(urlencode(query), signing_key)
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"


def post(field: str, message: Any, *, relay_state: str, signing_key: str) -> dict[str, str]:
    """Return the fields of the form that a browser posts; with a PEM private RSA key the message is signed."""
    xml = _signed_xml(message, signing_key) if signing_key else message.to_string(PREFIXES)
    return {field: base64.b64encode(xml).decode()} | _relayed(relay_state)


def _relayed(relay_state: str) -> dict[str, str]:
    return {"RelayState": relay_state} if relay_state else {}


def _deflated(xml: bytes) -> str:
    """Return base64 of raw DEFLATE, as the redirect binding has it."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.b64encode(compressor.compress(xml) + compressor.flush()).decode()


def _query_signature(query: str, signing_key: str) -> str:
    """Sign a query; pysaml2's own signers keep their key in a global, which threads would share."""
    key: Any = load_pem_private_key(signing_key.encode(), password=None)
    return base64.b64encode(key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def _signed_xml(message: Any, signing_key: str) -> bytes:
    message.signature = pre_signature_part(message.id, sign_alg=SIG_RSA_SHA256, digest_alg=DIGEST_SHA256)
    xml = message.to_string(PREFIXES).decode()
    return security_context(signing_key).sign_statement(xml, class_name(message), node_id=message.id).encode()


# Theirs. --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Detached:
    """The signature beside a message: the octets that it covers, as they came."""

    octets: bytes
    method: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as a browser brought it, in the field of a request or a response: nothing of it is verified.

    By the redirect binding it has a signature beside it, by POST inside.
    """

    field: str
    raw: str
    relay_state: str
    is_redirected: bool
    detached: Detached | None = None


def read_form(form: Mapping[str, str]) -> Arrived:
    """Return what was posted; raise SamlRefused."""
    return Arrived(*_message(form), is_redirected=False)


def read_query(query: str) -> Arrived:
    """Return what a raw query string brings; raise SamlRefused.

    The signature covers the octets as they came: others would be made by decoding and encoding them again.
    """
    pairs = [part.partition("=") for part in query.split("&")]
    raw = {name: value for name, _, value in pairs if name in _KNOWN}
    if len(raw) != len([name for name, _, _ in pairs if name in _KNOWN]):
        raise SamlRefused(SamlReason.NOT_A_LOGOUT, "repeated")
    fields = {name: unquote_plus(value) for name, value in raw.items()}
    if fields.get("SAMLEncoding", DEFLATE) != DEFLATE:
        raise SamlRefused(SamlReason.NOT_DEFLATED, "SAMLEncoding")
    return Arrived(*_message(fields), is_redirected=True, detached=_detached(raw, fields))


def _message(fields: Mapping[str, str]) -> tuple[str, str, str]:
    """Return the name of the one field with a message, the message, and the RelayState; raise SamlRefused."""
    found = [name for name in (REQUEST, RESPONSE) if name in fields]
    if len(found) != 1:
        raise SamlRefused(SamlReason.NOT_A_LOGOUT, "fields")
    relay_state = fields.get("RelayState", "")
    if len(relay_state) > MAX_RELAY_STATE:
        raise SamlRefused(SamlReason.TOO_LARGE, "RelayState")
    return found[0], fields[found[0]], relay_state


def _detached(raw: Mapping[str, str], fields: Mapping[str, str]) -> Detached | None:
    if "Signature" not in fields or "SigAlg" not in fields:
        return None
    octets = "&".join(f"{name}={raw[name]}" for name in _SIGNED if name in raw)
    try:
        signature = base64.b64decode(fields["Signature"].encode("ascii").translate(None, b"\r\n"), validate=True)
        return Detached(octets.encode("latin-1"), fields["SigAlg"], signature)
    except (UnicodeEncodeError, binascii.Error):
        raise SamlRefused(SamlReason.SIGNATURE_INVALID, "base64") from None

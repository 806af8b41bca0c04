"""Carry messages through a browser by the redirect and POST bindings: ours to IdPs, and theirs to us."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus, urlencode, urlsplit

from saml2 import SamlBase, saml, samlp
from saml2.sigver import pre_signature_part
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.raw_bytes import deflate
from authentication.saml.signing import sign_octets, sign_xml

REQUEST, RESPONSE = "SAMLRequest", "SAMLResponse"
PREFIXES = {"samlp": samlp.NAMESPACE, "saml": saml.NAMESPACE}
MAX_RELAY_STATE = 2000
DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
# The signed fields of the redirect binding, in the order in which they are signed.
_SIGNED = (REQUEST, RESPONSE, "RelayState", "SigAlg")
_KNOWN = (*_SIGNED, "Signature", "SAMLEncoding")


# Our messages. --------------------------------------------------------------------------------------------------------


def redirect(url: str, field: str, message: SamlBase, *, relay_state: str, signing_key: str) -> str:
    """Return the URL that takes a message to the IdP. With a signing key (PEM, RSA) its query is signed."""
    query = {field: base64.b64encode(deflate(message.to_string(PREFIXES))).decode()} | _relayed(relay_state)
    if signing_key:
        query["SigAlg"] = SIG_RSA_SHA256
        query["Signature"] = base64.b64encode(sign_octets(urlencode(query).encode(), signing_key)).decode()
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"


def post(field: str, message: SamlBase, *, relay_state: str, signing_key: str) -> dict[str, str]:
    """Return the form fields that take a message to the IdP. With a signing key (PEM, RSA) the message is signed."""
    if signing_key:
        message.signature = pre_signature_part(message.id, sign_alg=SIG_RSA_SHA256, digest_alg=DIGEST_SHA256)
    xml = message.to_string(PREFIXES)
    signed = sign_xml(xml, signing_key) if signing_key else xml
    return {field: base64.b64encode(signed).decode()} | _relayed(relay_state)


def _relayed(relay_state: str) -> dict[str, str]:
    return {"RelayState": relay_state} if relay_state else {}


# Messages of IdPs. ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Detached:
    """A signature beside a message, and the octets that it covers, exactly as they arrived."""

    octets: bytes
    method: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that a browser brought; nothing of it is verified.

    field is SAMLRequest or SAMLResponse. A redirected message has its signature beside it, a posted one inside.
    """

    field: str
    raw: str
    relay_state: str
    is_redirected: bool
    detached: Detached | None = None


def read_form(form: Mapping[str, str]) -> Arrived:
    """Return the posted message. Raises SamlRefused."""
    return Arrived(*_message(form), is_redirected=False)


def read_query(query: str) -> Arrived:
    """Return the message of a raw query string. Raises SamlRefused.

    The query must be raw, because the signature covers its octets: decoding and encoding again could change them.
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
    """Return the name of the message's field, the message, and the RelayState. Raises SamlRefused."""
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

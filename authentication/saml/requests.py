"""Builds AuthnRequests and encodes them for the redirect and POST bindings."""

import base64
import secrets
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from saml2 import BINDING_HTTP_POST, VERSION, class_name, saml, samlp
from saml2.sigver import pre_signature_part
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from .signatures import security_context

PREFIXES = {"samlp": samlp.NAMESPACE, "saml": saml.NAMESPACE}


@dataclass(frozen=True, slots=True)
class AuthnRequest:
    """One request to sign somebody in; its id comes back in the response, as InResponseTo."""

    id: str
    entity_id: str
    acs_url: str
    sso_url: str
    issued_at: datetime


def new_request(*, entity_id: str, acs_url: str, sso_url: str, now: datetime) -> AuthnRequest:
    """Return a request of the SP entity_id to the IdP at sso_url, with an id that nobody can guess."""
    return AuthnRequest(f"_{secrets.token_hex(20)}", entity_id, acs_url, sso_url, now)


def redirect_url(request: AuthnRequest, *, relay_state: str, signing_key: str = "") -> str:
    """Return the URL that takes a browser to the IdP; with a PEM private RSA key its query is signed."""
    query = {"SAMLRequest": _deflated(_xml(request)), "RelayState": relay_state}
    if signing_key:
        query["SigAlg"] = SIG_RSA_SHA256
        query["Signature"] = _query_signature(urlencode(query), signing_key)
    glue = "&" if urlsplit(request.sso_url).query else "?"
    return f"{request.sso_url}{glue}{urlencode(query)}"


def post_fields(request: AuthnRequest, *, relay_state: str, signing_key: str = "") -> dict[str, str]:
    """Return the fields of the form that a browser posts to sso_url; with a PEM private RSA key it is signed."""
    xml = _signed_xml(request, signing_key) if signing_key else _xml(request)
    return {"SAMLRequest": base64.b64encode(xml).decode(), "RelayState": relay_state}


def _xml(request: AuthnRequest) -> bytes:
    return _message(request).to_string(PREFIXES)


def _signed_xml(request: AuthnRequest, signing_key: str) -> bytes:
    message = _message(request)
    message.signature = pre_signature_part(request.id, sign_alg=SIG_RSA_SHA256, digest_alg=DIGEST_SHA256)
    xml = message.to_string(PREFIXES).decode()
    context = security_context(signing_key)
    return context.sign_statement(xml, class_name(message), node_id=request.id).encode()


def _message(request: AuthnRequest) -> samlp.AuthnRequest:
    """Return the request for pysaml2; the IdP chooses the NameID, as few take a request for one they do not send."""
    return samlp.AuthnRequest(
        id=request.id,
        version=VERSION,
        issue_instant=request.issued_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        destination=request.sso_url,
        assertion_consumer_service_url=request.acs_url,
        protocol_binding=BINDING_HTTP_POST,
        issuer=saml.Issuer(text=request.entity_id),
        name_id_policy=samlp.NameIDPolicy(format=saml.NAMEID_FORMAT_UNSPECIFIED, allow_create="true"),
    )


def _deflated(xml: bytes) -> str:
    """Return base64 of raw DEFLATE, as the redirect binding has it."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.b64encode(compressor.compress(xml) + compressor.flush()).decode()


def _query_signature(query: str, signing_key: str) -> str:
    """Sign a query; pysaml2's own signers keep their key in a global, which threads would share."""
    key: Any = load_pem_private_key(signing_key.encode(), password=None)
    return base64.b64encode(key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()

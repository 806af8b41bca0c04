"""Write AuthnRequests and encode them for the redirect and POST bindings."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from saml2 import BINDING_HTTP_POST, VERSION, saml, samlp

from authentication.saml import bindings


@dataclass(frozen=True, slots=True)
class AuthnRequest:
    """One request to sign somebody in. Its id comes back in the response as InResponseTo."""

    id: str
    entity_id: str
    acs_url: str
    sso_url: str
    issued_at: datetime


def new_request(*, entity_id: str, acs_url: str, sso_url: str, now: datetime) -> AuthnRequest:
    """Return a request from the SP entity_id to the IdP at sso_url, with a random id."""
    return AuthnRequest(f"_{secrets.token_hex(20)}", entity_id, acs_url, sso_url, now)


def redirect_url(request: AuthnRequest, *, relay_state: str, signing_key: str = "") -> str:
    """Return the URL that takes a browser to the IdP. With a signing key (PEM, RSA) its query is signed."""
    return bindings.redirect(
        request.sso_url, bindings.REQUEST, _message(request), relay_state=relay_state, signing_key=signing_key
    )


def post_fields(request: AuthnRequest, *, relay_state: str, signing_key: str = "") -> dict[str, str]:
    """Return the form fields that a browser posts to sso_url. With a signing key (PEM, RSA) the request is signed."""
    return bindings.post(bindings.REQUEST, _message(request), relay_state=relay_state, signing_key=signing_key)


def _message(request: AuthnRequest) -> samlp.AuthnRequest:
    """Return the request for pysaml2. It asks for no NameID format, because many IdPs refuse one they do not send."""
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

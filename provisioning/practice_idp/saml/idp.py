"""Reads and makes SAML messages with pysaml2, as the IdP of one provider."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from lxml import etree
from saml2 import BINDING_HTTP_REDIRECT, SamlBase, SAMLError, saml, samlp
from saml2.request import Request
from saml2.response import StatusError
from saml2.s_utils import OtherError, UnravelError, VersionMismatch
from saml2.validate import NotValid
from saml2.xmldsig import NAMESPACE as DS
from saml2.xmldsig import SIG_RSA_SHA256

from provisioning.practice_idp.demo import DemoPerson, Provider
from provisioning.practice_idp.errors import BadRequest
from provisioning.practice_idp.keys import Key
from provisioning.practice_idp.saml.configuration import LIFETIME_MINUTES, pysaml2_server
from provisioning.practice_idp.saml.faults import AFTER_SIGNING, BEFORE_SIGNING, OTHER_KEY, UNSIGNED, timestamp
from provisioning.practice_idp.saml.shapes import RELEASE_ALL, RedirectMessage, Release, SignedIn
from provisioning.practice_idp.saml.signing import security_context, sign_assertion

PREFIXES = {"samlp": samlp.NAMESPACE, "saml": saml.NAMESPACE, "ds": DS}
INVALID_MESSAGE = (SAMLError, UnravelError, OtherError, VersionMismatch, NotValid)
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


class Idp:
    """The IdP that stands behind one provider of the demo.

    Signatures of the service are not verified: the practice IdP does not have its certificate.
    """

    def __init__(self, provider: Provider, key: Key) -> None:
        self.provider, self._key = provider, key
        self._server = pysaml2_server(provider)
        self._server.sec = security_context(key)

    def read_authn_request(self, encoded: str) -> str:
        """Return the ID of an AuthnRequest that came by redirect; raise BadRequest."""
        request = self._read_request(self._server.parse_authn_request, encoded)
        # Responses go to the configured address only, so no request can send one elsewhere.
        if request.assertion_consumer_service_url != self.provider.acs_url:
            raise BadRequest("This request asks for a response to an ACS URL that is not set up here.")
        return request.id

    def respond(self, request_id: str, person: DemoPerson, release: Release = RELEASE_ALL, fault: str = "") -> bytes:
        """Return the XML of a response. Without the ID of a request it is unsolicited.

        fault is a key of faults.LABELS, or empty for a correct response.
        """
        response = self._server.create_authn_response(
            _attributes(person, release),
            request_id or None,
            self.provider.acs_url,
            self.provider.sp_entity_id,
            name_id=_name_id(person, release),
            authn={"class_ref": PASSWORD},
            sign_assertion=False,  # it is signed below, after faults have changed it
            sign_response=False,
        )
        if change := BEFORE_SIGNING.get(fault):
            change(response)
        if fault == UNSIGNED:
            return response.to_string(PREFIXES)
        xml = sign_assertion(response, Key.generate("Somebody else") if fault == OTHER_KEY else self._key, PREFIXES)
        if change := AFTER_SIGNING.get(fault):
            root = etree.fromstring(xml)
            change(root)
            return etree.tostring(root)
        return xml

    def logout_request(self, signed_in: SignedIn) -> RedirectMessage:
        """Return a signed LogoutRequest for a person."""
        _, request = self._server.create_logout_request(
            self.provider.sp_slo_url,
            self.provider.sp_entity_id,
            name_id=saml.NameID(text=signed_in.name_id, format=signed_in.name_id_format),
            session_indexes=[signed_in.session_index],
            expire=timestamp(datetime.now(UTC) + timedelta(minutes=LIFETIME_MINUTES)),
        )
        return self._redirect(request)

    def answer_logout_request(self, fields: Mapping[str, str]) -> tuple[str, RedirectMessage]:
        """Return the NameID in a LogoutRequest, and the signed LogoutResponse to it; raise BadRequest."""
        request = self._read_request(self._server.parse_logout_request, fields.get("SAMLRequest", ""))
        response = self._server.create_logout_response(request, [BINDING_HTTP_REDIRECT])
        return request.name_id.text, self._redirect(response, fields.get("RelayState", ""), is_response=True)

    def read_logout_response(self, fields: Mapping[str, str]) -> bool:
        """Say whether the service reports that it signed the person out; raise BadRequest."""
        try:
            response = self._server.parse_logout_request_response(fields.get("SAMLResponse", ""), BINDING_HTTP_REDIRECT)
        except StatusError:
            return False
        except INVALID_MESSAGE:
            raise BadRequest("This is not a valid LogoutResponse.") from None
        return response is not None

    def _read_request(self, parse: Callable[[str, str], Request], encoded: str) -> SamlBase:
        """Return a request of this provider's service; raise BadRequest."""
        try:
            request = parse(encoded, BINDING_HTTP_REDIRECT).message
        except INVALID_MESSAGE:
            raise BadRequest("This is not a valid SAML request, or it is for another IdP.") from None
        if request.issuer is None or request.issuer.text != self.provider.sp_entity_id:
            raise BadRequest("This request comes from a service that the practice IdP does not know.")
        return request

    def _redirect(self, message: SamlBase, relay_state: str = "", *, is_response: bool = False) -> RedirectMessage:
        """Return a message with the signed URL that takes a browser to the service."""
        xml = message.to_string(PREFIXES)
        sent = self._server.apply_binding(
            BINDING_HTTP_REDIRECT,
            xml.decode(),
            self.provider.sp_slo_url,
            relay_state,
            response=is_response,
            sign=True,
            sigalg=SIG_RSA_SHA256,
        )
        return RedirectMessage(xml, dict(sent["headers"])["Location"])


def _attributes(person: DemoPerson, release: Release) -> Mapping[str, list[str]]:
    """Return the attributes that the console's set-up guides ask for; those without values are left out."""
    attributes = {
        "mail": [person.email] if release.email else [],
        "workspace_end_user_name": [person.name] if release.name else [],
        "workspace_end_user_groups": list(person.groups) if release.groups else [],
    }
    return {name: values for name, values in attributes.items() if values}


def _name_id(person: DemoPerson, release: Release) -> saml.NameID:
    """Return the email address, or a persistent identifier that does not reveal it."""
    if release.email:
        return saml.NameID(text=person.email, format=saml.NAMEID_FORMAT_EMAILADDRESS)
    opaque = hashlib.sha256(person.email.encode()).hexdigest()[:32]
    return saml.NameID(text=opaque, format=saml.NAMEID_FORMAT_PERSISTENT)

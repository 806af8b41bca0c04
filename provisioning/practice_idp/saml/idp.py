"""Reads requests and makes responses with pysaml2, signed in this process by python-xmlsec."""

import copy
import hashlib
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, SAMLError, class_name, saml, samlp
from saml2.config import IdPConfig
from saml2.response import StatusError
from saml2.s_utils import OtherError, UnravelError, VersionMismatch
from saml2.sigver import CryptoBackend, RSACrypto, SecurityContext, pre_signature_part
from saml2.validate import NotValid
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256
from saml2.xmldsig import NAMESPACE as DS

from provisioning.practice_idp.demo import Person, Provider
from provisioning.practice_idp.keys import Key

with warnings.catch_warnings(action="ignore"):  # it imports a cipher mode, unused here, that is to be moved
    from saml2.server import Server

logging.getLogger("saml2").setLevel(logging.CRITICAL)  # what is wrong with a request stands on the page

PREFIXES = {"samlp": samlp.NAMESPACE, "saml": saml.NAMESPACE, "ds": DS}
LIFETIME_MINUTES = 5
NOT_UNDERSTOOD = (SAMLError, UnravelError, OtherError, VersionMismatch, NotValid)
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
ANOTHER = "https://somewhere-else.example"


class Misunderstood(Exception):
    """The request cannot be answered; says why."""


@dataclass(frozen=True, slots=True)
class Sends:
    """Which parts of a person the response names."""

    email: bool = True
    name: bool = True
    groups: bool = True


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody whom a response has signed in at a service, as it named them."""

    name_id: str
    name_id_format: str
    session_index: str


@dataclass(frozen=True, slots=True)
class Carried:
    """A message, and the URL with which the browser takes it to the service."""

    xml: bytes
    url: str


class XmlsecBackend(CryptoBackend):
    """pysaml2's cryptography without its xmlsec1 program; it signs, and nothing else is needed of an IdP."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self._key = key

    def sign_statement(self, statement: Any, node_name: str, key_file: str, node_id: str) -> str:
        """Return the XML with the signature filled in that waits in the element of that id."""
        root = etree.fromstring(statement)
        (element,) = root.xpath("//*[@ID=$id]", id=node_id)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(self._key.pem, xmlsec.constants.KeyDataFormatPem)
        context.register_id(element, "ID")
        context.sign(element.find(f"{{{DS}}}Signature"))
        return etree.tostring(root, encoding="unicode")


class Idp:
    """The IdP of one provider."""

    def __init__(self, provider: Provider, key: Key) -> None:
        self.provider, self._key = provider, key
        self._server = _server(provider)
        self._server.sec = SecurityContext(XmlsecBackend(key), sec_backend=_redirect_signer(key))

    def read_request(self, encoded: str) -> str:
        """Return the ID of an AuthnRequest by redirect; its signature does not matter here; raise Misunderstood."""
        request = self._read(self._server.parse_authn_request, encoded)
        if request.issuer is None or request.issuer.text != self.provider.sp_entity_id:
            raise Misunderstood("This request comes from a service that the practice IdP does not know.")
        # The answer goes to the address that is known, so that no request can send it elsewhere.
        if request.assertion_consumer_service_url != self.provider.acs_url:
            raise Misunderstood("This request wants its answer at another address than the one that is set up.")
        return request.id

    def respond(self, request_id: str, person: Person, sends: Sends = Sends(), wrong: str = "") -> bytes:
        """Return the XML of a response; wrong names what is not as it should be."""
        response = self._response(request_id, person, sends)
        if edit := BEFORE_SIGNING.get(wrong):
            edit(response)
        if wrong == UNSIGNED:
            return response.to_string(PREFIXES)
        xml = _sign(response, Key.fresh("Somebody else") if wrong == OTHER_KEY else self._key)
        return _edited(xml, AFTER_SIGNING[wrong]) if wrong in AFTER_SIGNING else xml

    def ask_to_leave(self, signed_in: SignedIn) -> Carried:
        """Return a signed LogoutRequest for somebody, as it travels to the service."""
        _, request = self._server.create_logout_request(
            self.provider.sp_slo_url,
            self.provider.sp_entity_id,
            name_id=saml.NameID(text=signed_in.name_id, format=signed_in.name_id_format),
            session_indexes=[signed_in.session_index],
            expire=(datetime.now(UTC) + timedelta(minutes=LIFETIME_MINUTES)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        return self._carried(request)

    def answer_leaving(self, fields: Mapping[str, str]) -> tuple[str, Carried]:
        """Return whom a LogoutRequest names, and the signed answer to it; raise Misunderstood.

        Its signature does not matter here: the service's certificate was never given to the practice IdP.
        """
        request = self._read(self._server.parse_logout_request, fields.get("SAMLRequest", ""))
        if request.issuer is None or request.issuer.text != self.provider.sp_entity_id:
            raise Misunderstood("This request comes from a service that the practice IdP does not know.")
        answer = self._server.create_logout_response(request, [BINDING_HTTP_REDIRECT])
        return request.name_id.text, self._carried(answer, fields.get("RelayState", ""), is_response=True)

    def read_answer(self, fields: Mapping[str, str]) -> bool:
        """Tell whether the service says that it signed the person out; raise Misunderstood."""
        try:
            answer = self._server.parse_logout_request_response(fields.get("SAMLResponse", ""), BINDING_HTTP_REDIRECT)
        except StatusError:
            return False
        except NOT_UNDERSTOOD:
            raise Misunderstood("This is no answer to a logout request.") from None
        return answer is not None

    def _carried(self, message: Any, relay_state: str = "", *, is_response: bool = False) -> Carried:
        """Return a message in the URL that takes a browser to the service, signed beside it."""
        xml, how = message.to_string(PREFIXES), {"response": is_response, "sign": True, "sigalg": SIG_RSA_SHA256}
        url = self.provider.sp_slo_url
        sent = self._server.apply_binding(BINDING_HTTP_REDIRECT, xml.decode(), url, relay_state, **how)
        return Carried(xml, dict(sent["headers"])["Location"])

    @staticmethod
    def _read(parse: Callable[..., Any], encoded: str) -> Any:
        try:
            return parse(encoded, BINDING_HTTP_REDIRECT).message
        except NOT_UNDERSTOOD:
            raise Misunderstood("This is no request of that kind, or it is for another IdP.") from None

    def _response(self, request_id: str, person: Person, sends: Sends) -> Any:
        return self._server.create_authn_response(
            _attributes(person, sends),
            request_id,
            self.provider.acs_url,
            self.provider.sp_entity_id,
            name_id=_name_id(person, sends),
            authn={"class_ref": PASSWORD},
            sign_assertion=False,  # it is signed after it was edited
            sign_response=False,
        )


def signed_in_by(xml: bytes) -> SignedIn:
    """Return whom a response signs in."""
    root = etree.fromstring(xml)
    name_id, statement = (next(root.iter(f"{{{saml.NAMESPACE}}}{name}")) for name in ("NameID", "AuthnStatement"))
    return SignedIn(name_id.text, name_id.get("Format"), statement.get("SessionIndex"))


def pretty(xml: bytes) -> str:
    """Indent XML for people."""
    root = etree.fromstring(xml)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def _server(provider: Provider) -> Server:
    endpoints = {
        "single_sign_on_service": [(provider.sso_url, BINDING_HTTP_REDIRECT)],
        "single_logout_service": [(provider.slo_url, BINDING_HTTP_REDIRECT)],
    }
    policy = {"default": {"lifetime": {"minutes": LIFETIME_MINUTES}}}
    configuration = {
        "entityid": provider.entity_id,
        "crypto_backend": "XMLSecurity",  # the word for "no xmlsec1 program"; replaced right after
        "service": {"idp": {"endpoints": endpoints, "policy": policy}},
        "metadata": {"inline": [_sp_metadata(provider)]},
    }
    return Server(config=IdPConfig().load(configuration))


def _redirect_signer(key: Key) -> RSACrypto:
    """Return what signs queries; pysaml2 keeps its key in a global, which all IdPs here have in common anyway."""
    return RSACrypto(load_pem_private_key(key.pem.encode(), password=None))


def _sp_metadata(provider: Provider) -> str:
    return f"""\
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID={quoteattr(provider.sp_entity_id)}>
<SPSSODescriptor protocolSupportEnumeration="{escape(samlp.NAMESPACE)}"><SingleLogoutService
Binding="{BINDING_HTTP_REDIRECT}" Location={quoteattr(provider.sp_slo_url)}/><AssertionConsumerService
Binding="{BINDING_HTTP_POST}" Location={quoteattr(provider.acs_url)} index="0"/></SPSSODescriptor></EntityDescriptor>"""


def _attributes(person: Person, sends: Sends) -> Mapping[str, list[str]]:
    """Name the attributes as the set-up guides of the console do; groups only where there are any."""
    attributes = {
        "mail": [person.email] if sends.email else [],
        "workspace_end_user_name": [person.name] if sends.name else [],
        "workspace_end_user_groups": list(person.groups) if sends.groups else [],
    }
    return {name: values for name, values in attributes.items() if values}


def _name_id(person: Person, sends: Sends) -> Any:
    """Name the person by the address; without it by something that says nothing, but stays the same."""
    if sends.email:
        return saml.NameID(text=person.email, format=saml.NAMEID_FORMAT_EMAILADDRESS)
    opaque = hashlib.sha256(person.email.encode()).hexdigest()[:32]
    return saml.NameID(text=opaque, format=saml.NAMEID_FORMAT_PERSISTENT)


def _sign(response: Any, key: Key) -> bytes:
    """Sign the assertion, as most IdPs do by default."""
    assertion = response.assertion
    assertion.signature = pre_signature_part(
        assertion.id, key.certificate_body, sign_alg=SIG_RSA_SHA256, digest_alg=DIGEST_SHA256
    )
    context = SecurityContext(XmlsecBackend(key))
    xml = response.to_string(PREFIXES).decode()
    return context.sign_statement(xml, class_name(assertion), node_id=assertion.id).encode()


# What can be wrong. ---------------------------------------------------------------------------------------------------

OTHER_KEY, UNSIGNED, REPLAY = "other-key", "unsigned", "replay"
LABELS = {
    OTHER_KEY: "Signed by another key",
    "audience": "For another audience",
    "recipient": "For another recipient",
    "expired": "Expired ten minutes ago",
    UNSIGNED: "Not signed",
    "altered": "Altered after signing: another person’s address",
    "wrapped": "A second assertion beside the signed one (signature wrapping)",
    REPLAY: "The last response once more (replay)",
    "request": "As the answer to another request (wrong InResponseTo)",
    "no-groups": "With an empty group attribute: “in no group”, which is not the same as none",
}


def _audience(response: Any) -> None:
    response.assertion.conditions.audience_restriction[0].audience[0].text = f"{ANOTHER}/metadata"


def _recipient(response: Any) -> None:
    _confirmation(response).recipient = f"{ANOTHER}/acs"


def _expired(response: Any) -> None:
    issued, ended = _ago(10 + LIFETIME_MINUTES), _ago(10)
    response.issue_instant = response.assertion.issue_instant = issued
    response.assertion.conditions.not_before = response.assertion.authn_statement[0].authn_instant = issued
    response.assertion.conditions.not_on_or_after = _confirmation(response).not_on_or_after = ended


def _other_request(response: Any) -> None:
    response.in_response_to = _confirmation(response).in_response_to = "id-another-request"


def _no_groups(response: Any) -> None:
    """Add the attribute without a value; the person's own is taken out."""
    name = "workspace_end_user_groups"
    statement = (response.assertion.attribute_statement or [saml.AttributeStatement()])[0]
    statement.attribute = [each for each in statement.attribute if each.name != name] + [saml.Attribute(name=name)]
    response.assertion.attribute_statement = [statement]


def _altered(root: etree._Element) -> None:
    next(root.iter(f"{{{saml.NAMESPACE}}}NameID")).text = "mallory@somewhere-else.example"


def _wrapped(root: etree._Element) -> None:
    signed = root.find(f"{{{saml.NAMESPACE}}}Assertion")
    forged = copy.deepcopy(signed)
    forged.remove(forged.find(f"{{{DS}}}Signature"))
    forged.set("ID", "id-forged")
    _altered(forged)
    signed.addprevious(forged)


BEFORE_SIGNING: dict[str, Callable[[Any], None]] = {
    "audience": _audience,
    "recipient": _recipient,
    "expired": _expired,
    "request": _other_request,
    "no-groups": _no_groups,
}
AFTER_SIGNING: dict[str, Callable[[etree._Element], None]] = {"altered": _altered, "wrapped": _wrapped}


def _confirmation(response: Any) -> Any:
    return response.assertion.subject.subject_confirmation[0].subject_confirmation_data


def _ago(minutes: int) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _edited(xml: bytes, edit: Callable[[etree._Element], None]) -> bytes:
    root = etree.fromstring(xml)
    edit(root)
    return etree.tostring(root)

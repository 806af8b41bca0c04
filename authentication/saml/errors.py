"""Why a SAML message is refused, and what the administrator can do about it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Self

from authentication.saml.difference import Difference
from authentication.saml.texts import Text as _


class Explained(StrEnum):
    """A code for the logs, with a heading and one line of help for administrators. None of them quotes a message."""

    heading: str
    help: str

    def __new__(cls, code: str, heading: str, help: str) -> Self:
        """Return the member of a code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.heading, member.help = heading, help
        return member


class SamlReason(Explained):
    """Why a message is refused. Codes stay as they are, because they are stored."""

    # The document, before anything in it is believed.
    TOO_LARGE = (
        "too_large",
        _("The response is too large"),
        _("Send fewer groups, for example only those assigned to the application."),
    )
    NOT_BASE64 = (
        "not_base64",
        _("The response is not in base64"),
        _("Something else arrived at the ACS URL. Sign in again."),
    )
    NOT_UTF8 = ("not_utf8", _("The response is not in UTF-8"), _("Set the IdP to send its responses in UTF-8."))
    NOT_XML = (
        "not_xml",
        _("The response is not XML"),
        _("Something else arrived at the ACS URL, or it is cut off. Sign in again."),
    )
    FORBIDDEN_MARKUP = (
        "forbidden_markup",
        _("The response has markup that is not accepted"),
        _("A DOCTYPE, comment, CDATA or the like can hide changes. Usual IdPs send none."),
    )
    TOO_COMPLEX = (
        "too_complex",
        _("The response has too many parts"),
        _("It is nested too deeply or has too many elements. Send fewer groups or attributes."),
    )
    NOT_A_RESPONSE = (
        "not_a_response",
        _("The message is not a SAML response"),
        _("Another kind of SAML message arrived at the ACS URL. Check this application's URLs at the IdP."),
    )
    UNEXPECTED_STRUCTURE = (
        "unexpected_structure",
        _("A part of the response is not accepted"),
        _("It is missing, repeated, misplaced or unknown. Set the IdP to plain SAML 2.0."),
    )
    BAD_ID = (
        "bad_id",
        _("An ID in the response cannot be used"),
        _("It is missing, repeated or malformed. Sign in again."),
    )
    UNKNOWN_CONDITION = (
        "unknown_condition",
        _("The assertion has an unknown condition"),
        _("Remove custom conditions from the application at the IdP."),
    )

    # Signature and encryption.
    NOT_SIGNED = (
        "not_signed",
        _("Nothing in the response is signed"),
        _("Switch on signed assertions in the application at the IdP."),
    )
    WEAK_ALGORITHM = (
        "weak_algorithm",
        _("The IdP signs with SHA-1"),
        _("Set its signature algorithm to RSA-SHA256, and its digest to SHA-256."),
    )
    UNSUPPORTED_SIGNATURE = (
        "unsupported_signature",
        _("The kind of signature is not accepted"),
        _("Set the IdP to RSA-SHA256 with exclusive canonicalization."),
    )
    CERTIFICATE_UNKNOWN = (
        "certificate_unknown",
        _("The IdP signs with an unknown certificate"),
        _("Compare the certificate with the one at the IdP. If it is the IdP's, add it under Certificates."),
    )
    CERTIFICATE_UNUSABLE = (
        "certificate_unusable",
        _("A certificate of this provider cannot be used"),
        _("It is unreadable, or its key is too weak. Replace it under Certificates."),
    )
    SIGNATURE_INVALID = (
        "signature_invalid",
        _("The signature is not valid"),
        _("Compare the certificates; if they are the same, the response was changed."),
    )
    UNSUPPORTED_ENCRYPTION = (
        "unsupported_encryption",
        _("The kind of encryption is not accepted"),
        _("Set the IdP to AES-256-GCM with RSA-OAEP."),
    )
    DECRYPTION_FAILED = (
        "decryption_failed",
        _("The assertion cannot be decrypted"),
        _("Give the IdP our certificate again, and let it sign assertions."),
    )

    # What the IdP says.
    IDP_STATUS = (
        "idp_status",
        _("The IdP did not sign the person in"),
        _("Its own log says why; is the person assigned?"),
    )
    NO_ASSERTION = (
        "no_assertion",
        _("The response has no assertion"),
        _("It reports success all the same. Check the application at the IdP."),
    )
    WRONG_VERSION = ("wrong_version", _("The message is not SAML 2.0"), _("Choose SAML 2.0 at the IdP."))
    WRONG_ISSUER = (
        "wrong_issuer",
        _("The issuer is not this provider's IdP"),
        _("Copy the IdP's issuer (entity ID) into this provider again."),
    )
    WRONG_DESTINATION = (
        "wrong_destination",
        _("The destination is not our URL"),
        _("Copy the Single sign-on URL again into the IdP."),
    )
    WRONG_RECIPIENT = (
        "wrong_recipient",
        _("The recipient is not our URL"),
        _("Copy the Single sign-on URL again into the IdP as recipient."),
    )
    WRONG_AUDIENCE = (
        "wrong_audience",
        _("The audience is not our entity ID"),
        _("Copy the SP entity ID again into the IdP."),
    )
    NOT_BEARER = (
        "not_bearer",
        _("The assertion has no usable bearer confirmation"),
        _("Set the IdP to the Web Browser SSO profile."),
    )
    CONDITIONS = (
        "conditions",
        _("The assertion's conditions cannot be used"),
        _("They are missing or contradict each other. Check the application at the IdP."),
    )
    UNREADABLE_TIME = (
        "unreadable_time",
        _("A time is not in UTC"),
        _("SAML requires UTC. Check the application at the IdP."),
    )
    NOT_YET_VALID = (
        "not_yet_valid",
        _("The response is not valid yet"),
        _("The IdP's clock is ahead of ours. Set both clocks by NTP."),
    )
    RESPONSE_EXPIRED = (
        "response_expired",
        _("The response came too late"),
        _("Sign in again. If it always happens, compare the IdP's clock with ours."),
    )
    SESSION_ENDED = (
        "session_ended",
        _("The IdP's session has ended"),
        _("Sign in again. If it always happens, make sessions longer at the IdP."),
    )
    AUTHN_STATEMENT = (
        "authn_statement",
        _("The assertion has no authentication statement"),
        _("Check the application at the IdP."),
    )
    UNSOLICITED = (
        "unsolicited",
        _("The sign-in began at the IdP"),
        _("The response answers no request. Allow IdP-initiated sign-in under Sign-in settings, or begin on our page."),
    )
    WRONG_REQUEST = ("wrong_request", _("The response answers another request"), _("Sign in again, in one window."))
    NAME_ID = (
        "name_id",
        _("The NameID cannot be used"),
        _("It is missing or has unusual characters. Set it to the email address, or to a persistent identifier."),
    )
    NAME_ID_TRANSIENT = (
        "name_id_transient",
        _("The NameID changes at every sign-in"),
        _("Set its format to EmailAddress or Persistent."),
    )

    # Single logout.
    NOT_A_LOGOUT = (
        "not_a_logout",
        _("The message is not a logout message"),
        _("Another kind of SAML message arrived at the Single logout URL. Check this application's URLs at the IdP."),
    )
    NOT_DEFLATED = (
        "not_deflated",
        _("The logout message is not compressed"),
        _("What arrived at the Single logout URL is not compressed with DEFLATE, or it is cut off."),
    )
    LOGOUT_NOT_SIGNED = (
        "logout_not_signed",
        _("The logout message is not signed"),
        _("Set the IdP to sign its logout requests and logout responses."),
    )
    LOGOUT_DESTINATION = (
        "logout_destination",
        _("The destination is not our logout URL"),
        _("Copy the Single logout URL again into the IdP."),
    )
    LOGOUT_EXPIRED = (
        "logout_expired",
        _("The logout message came too late"),
        _("If it always happens, compare the IdP's clock with ours."),
    )
    LOGOUT_REPLAYED = (
        "logout_replayed",
        _("The logout request came a second time"),
        _("It was carried out before; each one counts once."),
    )
    LOGOUT_UNASKED = (
        "logout_unasked",
        _("The logout response answers no request"),
        _("It came twice, too late, or for another provider."),
    )
    LOGOUT_FAILED = (
        "logout_failed",
        _("The IdP did not sign the person out"),
        _("The person is signed out here only. The IdP's own log says why."),
    )
    LOGOUT_OFF = (
        "logout_off",
        _("The IdP has no single logout URL"),
        _("Without one in its metadata, logout requests cannot be answered."),
    )


class SamlRefused(Exception):
    """A refused message. detail is for the logs: of the message it contains only names of the SAML standards.

    notes are sentences for an administrator, differences what was sent beside what is expected.
    """

    def __init__(
        self,
        reason: SamlReason,
        detail: str = "",
        notes: Sequence[str] = (),
        differences: Sequence[Difference] = (),
    ) -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.notes = list(notes)
        self.differences = list(differences)

"""Why a SAML message is refused, and what the administrator can do about it."""

from collections.abc import Sequence
from enum import StrEnum


class SamlReason(StrEnum):
    """A code for the logs, with one line of help. Neither ever quotes the message."""

    help: str

    def __new__(cls, code: str, help: str) -> "SamlReason":
        """Return the member of a code, with its help as an attribute."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.help = help
        return member

    # The document, before anything in it is believed.
    TOO_LARGE = (
        "too_large",
        "The response is too large. Send fewer groups, for example only those assigned to the application.",
    )
    NOT_BASE64 = ("not_base64", "What arrived at the ACS URL is not a SAML response in base64. Sign in again.")
    NOT_UTF8 = ("not_utf8", "The response is not UTF-8. Set the IdP to send its responses in UTF-8.")
    NOT_XML = ("not_xml", "What arrived at the ACS URL is not XML, or it is cut off. Sign in again.")
    FORBIDDEN_MARKUP = (
        "forbidden_markup",
        "The response has a DOCTYPE, comment, CDATA or the like, which can hide changes. Usual IdPs send none.",
    )
    TOO_COMPLEX = (
        "too_complex",
        "The response is nested too deeply or has too many elements. Send fewer groups or attributes.",
    )
    NOT_A_RESPONSE = (
        "not_a_response",
        "Another kind of SAML message arrived at the ACS URL. Check this application's URLs at the IdP.",
    )
    UNEXPECTED_STRUCTURE = (
        "unexpected_structure",
        "A part of the response is missing, repeated, misplaced or not accepted. Set the IdP to plain SAML 2.0.",
    )
    BAD_ID = ("bad_id", "An ID in the response is missing, repeated or malformed. Sign in again.")
    UNKNOWN_CONDITION = (
        "unknown_condition",
        "The assertion has an unknown kind of condition. Remove custom conditions from the application at the IdP.",
    )

    # Signature and encryption.
    NOT_SIGNED = (
        "not_signed",
        "Neither the response nor the assertion is signed. Switch on signed assertions in the application at the IdP.",
    )
    WEAK_ALGORITHM = (
        "weak_algorithm",
        "The IdP signs with SHA-1. Set its signature algorithm to RSA-SHA256, and its digest to SHA-256.",
    )
    UNSUPPORTED_SIGNATURE = (
        "unsupported_signature",
        "This kind of signature is not accepted. Set the IdP to RSA-SHA256 with exclusive canonicalization.",
    )
    CERTIFICATE_UNKNOWN = (
        "certificate_unknown",
        "The IdP signed with a certificate that this provider does not have. Add it under Certificates.",
    )
    CERTIFICATE_UNUSABLE = (
        "certificate_unusable",
        "A certificate of this provider is unreadable, or its key is too weak. Replace it under Certificates.",
    )
    SIGNATURE_INVALID = (
        "signature_invalid",
        "The signature is not valid. Compare the certificates; if they are the same, the response was changed.",
    )
    UNSUPPORTED_ENCRYPTION = (
        "unsupported_encryption",
        "The assertion is encrypted in a way that is not accepted. Set the IdP to AES-256-GCM with RSA-OAEP.",
    )
    DECRYPTION_FAILED = (
        "decryption_failed",
        "The encrypted assertion cannot be read. Give the IdP our certificate again, and let it sign assertions.",
    )

    # What the IdP says.
    IDP_STATUS = (
        "idp_status",
        "The IdP reported that it did not sign this person in. Its own log says why; is the person assigned?",
    )
    NO_ASSERTION = (
        "no_assertion",
        "The response reports success but carries no assertion. Check the application at the IdP.",
    )
    WRONG_VERSION = ("wrong_version", "The IdP uses another version of SAML. Choose SAML 2.0 there.")
    WRONG_ISSUER = (
        "wrong_issuer",
        "The response comes from another IdP. Copy the IdP's issuer (entity ID) into this provider again.",
    )
    WRONG_DESTINATION = (
        "wrong_destination",
        "The response is addressed to another URL, or to none. Copy the Single sign-on URL again into the IdP.",
    )
    WRONG_RECIPIENT = (
        "wrong_recipient",
        "The assertion is for another recipient. Copy the Single sign-on URL again into the IdP as recipient.",
    )
    WRONG_AUDIENCE = (
        "wrong_audience",
        "The IdP names another audience, or none. Copy the SP entity ID again into the IdP.",
    )
    NOT_BEARER = (
        "not_bearer",
        "The assertion has no complete bearer confirmation. Set the IdP to the Web Browser SSO profile.",
    )
    CONDITIONS = (
        "conditions",
        "The conditions of the assertion are missing or contradict each other. Check the application at the IdP.",
    )
    UNREADABLE_TIME = (
        "unreadable_time",
        "A time in the response is not in UTC, as SAML requires. Check the application at the IdP.",
    )
    NOT_YET_VALID = (
        "not_yet_valid",
        "The response is not valid yet: the IdP's clock is ahead of ours. Set both clocks by NTP.",
    )
    RESPONSE_EXPIRED = (
        "response_expired",
        "The response came too late. Sign in again. If it always happens, compare the IdP's clock with ours.",
    )
    SESSION_ENDED = (
        "session_ended",
        "The IdP's session has already ended. Sign in again. If it always happens, make it longer at the IdP.",
    )
    AUTHN_STATEMENT = (
        "authn_statement",
        "The assertion has no authentication statement. Check the application at the IdP.",
    )
    UNSOLICITED = (
        "unsolicited",
        "The sign-in began at the IdP, so the response answers no request. Begin on our sign-in page.",
    )
    WRONG_REQUEST = ("wrong_request", "The response answers another request. Sign in again, in one window.")
    NAME_ID = (
        "name_id",
        "The assertion has no usable NameID. Set it to the email address, or to a persistent identifier.",
    )
    NAME_ID_TRANSIENT = (
        "name_id_transient",
        "The NameID changes at every sign-in. Set its format to EmailAddress or Persistent.",
    )

    # Single logout.
    NOT_A_LOGOUT = (
        "not_a_logout",
        "Another kind of SAML message arrived at the Single logout URL. Check this application's URLs at the IdP.",
    )
    NOT_DEFLATED = (
        "not_deflated",
        "What arrived at the Single logout URL is not compressed with DEFLATE, or it is cut off.",
    )
    LOGOUT_NOT_SIGNED = (
        "logout_not_signed",
        "The logout message is not signed. Set the IdP to sign its logout requests and logout responses.",
    )
    LOGOUT_DESTINATION = (
        "logout_destination",
        "The logout message is addressed to another URL, or to none. Copy the Single logout URL again into the IdP.",
    )
    LOGOUT_EXPIRED = (
        "logout_expired",
        "The logout message came too late. If it always happens, compare the IdP's clock with ours.",
    )
    LOGOUT_REPLAYED = ("logout_replayed", "This logout request was carried out before. Each one counts once.")
    LOGOUT_UNASKED = (
        "logout_unasked",
        "The logout response answers none of our requests: it came twice, too late, or for another provider.",
    )
    LOGOUT_FAILED = (
        "logout_failed",
        "The person is signed out here, but the IdP reported that it did not sign them out. Its own log says why.",
    )
    LOGOUT_OFF = (
        "logout_off",
        "The metadata of this provider names no single logout URL, so logout requests cannot be answered.",
    )


class SamlRefused(Exception):
    """A refused message. detail is for the logs: of the message it contains only names of the SAML standards.

    notes are sentences for an administrator.
    """

    def __init__(self, reason: SamlReason, detail: str = "", notes: Sequence[str] = ()) -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.notes = list(notes)

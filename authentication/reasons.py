"""Why a sign-in was refused. Administrators read it, the person who tried never does."""

from collections.abc import Sequence

from django.db import models

from authentication.saml.errors import SamlReason, SamlRefused
from workspace.models import EndUser, Environment


class Reason(models.TextChoices):
    """A code with one line of help. The codes of SAML responses are in `saml/errors.py`."""

    WRONG_PASSWORD = (
        "wrong_password",
        "The password does not fit. The person can ask for a new one on the sign-in page.",
    )
    TOO_MANY_ATTEMPTS = (
        "too_many_attempts",
        "There were too many failed attempts, so the password was not checked. The page says how long to wait.",
    )
    UNKNOWN_PERSON = (
        "unknown_person",
        "No end user of this workspace has this address. Check the spelling, or add the person under End users.",
    )
    DEACTIVATED = ("deactivated", "The person is deactivated. Reactivate them on their page, or at the IdP.")
    NO_ACCESS = (
        "no_access",
        "The person may not enter this environment. Give access on their page, or assign them at the IdP.",
    )
    SSO_ENFORCED = (
        "sso_enforced",
        "Single sign-on is enforced for this address. The person has to continue with the identity provider.",
    )
    PASSWORD_OFF = (
        "password_off",
        "Password authentication is off in this environment. The person has to use an identity provider.",
    )
    NOT_PROVISIONED = (
        "not_provisioned",
        "The person is not provisioned yet. Add them under End users, assign them at the IdP for SCIM, or choose JIT.",
    )
    NO_EMAIL = (
        "no_email",
        "The assertion names no email address, and no SCIM user has its NameID. Send it as NameID, or in an attribute.",
    )
    AMBIGUOUS_NAME_ID = (
        "ambiguous_name_id",
        "Several SCIM users of the provider have the NameID as userName or externalId. Send one that only one has.",
    )
    FOREIGN_DOMAIN = (
        "foreign_domain",
        "The provider does not speak for this address: its domain is not among those selected for it, or is another's.",
    )
    UNUSABLE_PROFILE = (
        "unusable_profile",
        "Name or email address of the assertion cannot be taken over. Check the attributes that the IdP sends.",
    )
    IDENTITY_TAKEN = (
        "identity_taken",
        "The IdP knows the owner of this address by another NameID. If it was given away, change the old owner's.",
    )
    PROVIDER_OFF = (
        "provider_off",
        "The provider, or SAML-based SSO authentication, was switched off while the person was at the IdP.",
    )
    TOO_MANY_GROUPS = (
        "too_many_groups",
        "The assertion names more than 1,000 groups. Send only those that are assigned to the application.",
    )
    REQUEST_GONE = (
        "request_gone",
        "The request was answered already, took longer than ten minutes, or is of another provider. Sign in again.",
    )
    OTHER_BROWSER = (
        "other_browser",
        "The response came back in another browser, or without cookies. Sign in again in one browser.",
    )
    REPLAYED = ("replayed", "This assertion has signed somebody in already; each one does so once. Sign in again.")
    SIGNING_KEY_SEALED = (
        "signing_key_sealed",
        "Our signing key cannot be opened. The operator puts the lost key back into SECRETS_KEYS, or you roll over.",
    )
    NO_ADDRESS = ("no_address", "The person has no email address, so no password can be set or used.")
    NO_PASSWORD = ("no_password", "The person has no password yet. Send an invitation from their tab Sign-in.")


_SPELLINGS = {"sso": "SSO", "idp": "IdP", "saml": "SAML", "xml": "XML", "utf8": "UTF-8", "id": "ID"}


def words_of(code: str) -> str:
    """Return a code as a phrase: "wrong_password" → "Wrong password"."""
    words = " ".join(_SPELLINGS.get(word, word) for word in code.split("_"))
    return words[:1].upper() + words[1:]


def help_of(code: str) -> str:
    """Return what an administrator can do about it; empty for a code that is no longer in use."""
    if code in Reason.values:
        return Reason(code).label
    return next((reason.help for reason in SamlReason if reason == code), "")


class Refused(Exception):
    """A refused sign-in. The reason is for administrators; the person reads the same sentence whatever it is."""

    def __init__(
        self, reason: str, end_user: EndUser | None = None, detail: str = "", notes: Sequence[str] = ()
    ) -> None:
        super().__init__(reason)
        self.notes = list(notes)
        self.reason, self.detail, self.end_user = str(reason), detail, end_user
        self.email = end_user.identifier if end_user else ""
        # Where the person wanted to sign in, as far as that is known.
        self.environment: Environment | None = None
        # The id of its attempt; "" where none is recorded.
        self.reference = ""

    @classmethod
    def of(cls, refusal: "SamlRefused | Refused") -> "Refused":
        """Return a refusal of the SAML package as one of a sign-in."""
        if isinstance(refusal, Refused):
            return refusal
        return cls(refusal.reason, detail=refusal.detail, notes=refusal.notes)

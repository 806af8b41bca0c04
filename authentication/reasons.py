"""Why a sign-in was refused. Administrators read it, the person who tried never does."""

from collections.abc import Sequence

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from authentication.saml.difference import Difference
from authentication.saml.errors import Explained, SamlReason, SamlRefused
from workspace.models import EndUser, Environment


class Reason(Explained):
    """Why a sign-in is refused. The reasons of SAML messages are in `saml/errors.py`."""

    WRONG_PASSWORD = (
        "wrong_password",
        _("The password is wrong"),
        _("The person can ask for a new one on the sign-in page."),
    )
    TOO_MANY_ATTEMPTS = (
        "too_many_attempts",
        _("There were too many failed attempts"),
        _("The password was not checked. The page says how long to wait."),
    )
    UNKNOWN_PERSON = (
        "unknown_person",
        _("No end user has this address"),
        _("Check the spelling, or add the person under End users."),
    )
    DEACTIVATED = ("deactivated", _("The person is deactivated"), _("Reactivate them on their page, or at the IdP."))
    NO_ACCESS = (
        "no_access",
        _("The person has no access here"),
        _("Give access to this environment on their page, or assign them at the IdP."),
    )
    SSO_ENFORCED = (
        "sso_enforced",
        _("This address has to use single sign-on"),
        _("The person has to continue with the identity provider."),
    )
    PASSWORD_OFF = (
        "password_off",
        _("Password authentication is off here"),
        _("The person has to use an identity provider."),
    )
    NOT_PROVISIONED = (
        "not_provisioned",
        _("The person is not provisioned yet"),
        _("Add them under End users, assign them at the IdP for SCIM, or choose JIT."),
    )
    NO_EMAIL = (
        "no_email",
        _("No email address was sent"),
        _("No SCIM user has the NameID either. Send the address as NameID, or in an attribute."),
    )
    AMBIGUOUS_NAME_ID = (
        "ambiguous_name_id",
        _("Several SCIM users have this NameID"),
        _("It is the userName or externalId of more than one. Send a NameID that only one has."),
    )
    FOREIGN_DOMAIN = (
        "foreign_domain",
        _("The provider does not speak for this domain"),
        _("The domain is not among those selected for the provider, or is another provider's."),
    )
    UNUSABLE_PROFILE = (
        "unusable_profile",
        _("The name or address cannot be taken over"),
        _("Check the attributes that the IdP sends."),
    )
    IDENTITY_TAKEN = (
        "identity_taken",
        _("The owner of this address has another NameID"),
        _("If the address was given to somebody else, change the old owner's address."),
    )
    PROVIDER_OFF = (
        "provider_off",
        _("The provider was turned off"),
        _("The provider, or SAML-based SSO authentication, was switched off while the person was at the IdP."),
    )
    TOO_MANY_GROUPS = (
        "too_many_groups",
        _("Too many groups were sent"),
        _("The assertion names more than 1,000. Send only those that are assigned to the application."),
    )
    REQUEST_GONE = (
        "request_gone",
        _("No open request waits for this response"),
        _("The request was answered already, took longer than ten minutes, or is of another provider. Sign in again."),
    )
    BEGAN_AT_IDP_AGAIN = (
        "began_at_idp_again",
        _("The IdP began the sign-in again"),
        _("No InResponseTo answered our request, or the browser keeps no cookies. Check the application at the IdP."),
    )
    OTHER_BROWSER = (
        "other_browser",
        _("The browser is not the one that started"),
        _("The response came back in another browser, or without cookies. Sign in again in one browser."),
    )
    REPLAYED = (
        "replayed",
        _("The assertion was used before"),
        _("Each assertion signs somebody in once. Sign in again."),
    )
    SIGNING_KEY_SEALED = (
        "signing_key_sealed",
        _("Our signing key cannot be opened"),
        _("The operator puts the lost key back into SECRETS_KEYS, or you roll over."),
    )
    NO_ADDRESS = ("no_address", _("The person has no email address"), _("Without one, no password can be set or used."))
    NO_PASSWORD = ("no_password", _("The person has no password yet"), _("Send an invitation from their tab Sign-in."))


_EXPLAINED: dict[str, Explained] = {str(reason): reason for reason in (*Reason, *SamlReason)}


def heading_of(code: str) -> str:
    """Return a reason in plain words; for a code that is no longer in use its words."""
    return gettext(_EXPLAINED[code].heading) if code in _EXPLAINED else code.replace("_", " ").capitalize()


def help_of(code: str) -> str:
    """Return what an administrator can do about it; empty for a code that is no longer in use."""
    return gettext(_EXPLAINED[code].help) if code in _EXPLAINED else ""


class Refused(Exception):
    """A refused sign-in. The reason is for administrators; the person reads the same sentence whatever it is."""

    def __init__(
        self,
        reason: str,
        end_user: EndUser | None = None,
        detail: str = "",
        notes: Sequence[str] = (),
        differences: Sequence[Difference] = (),
    ) -> None:
        super().__init__(reason)
        self.notes, self.differences = list(notes), list(differences)
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
        return cls(refusal.reason, detail=refusal.detail, notes=refusal.notes, differences=refusal.differences)

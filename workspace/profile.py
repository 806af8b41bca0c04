"""The profile of a person: SAML, SCIM, CSV, API and console hand it to the same actions."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.addresses import MAX_EMAIL, is_address
from workspace.db.keys import canonical
from workspace.models import Source
from workspace.names import MAX_KEY, clean_name
from workspace.refusals import ActionError


@dataclass(frozen=True)
class Profile:
    """A person's name and address with their source. A new field of people is one line here.

    Only an IdP may leave the address empty. Then `user_name` says what it calls the person.
    """

    full_name: str
    email: str
    source: Source
    user_name: str = ""

    def cleaned(self, known_name: str) -> "Profile":
        """Return the profile as it is stored. Raises ActionError for a bad address, or a bad name that is not known."""
        user_name = "" if self.email else self.user_name.strip()
        email = "" if user_name else clean_email(self.email)
        return Profile(clean_full_name(self.full_name, known_name), email, self.source, user_name)


def clean_full_name(text: str, known: str) -> str:
    """Return a full name with single spaces. Raises ActionError for a bad one that is not the known one."""
    return clean_name(text, what=_FULL_NAME, missing=_MISSING, field="full_name", known=known)


def clean_email(text: str) -> str:
    """Return an email address without blanks around it. Raises ActionError for one that is malformed or too long."""
    email = text.strip()
    if not is_address(email):
        raise ActionError("invalid_email", _("Enter an email address like ada@example.com."), field="email")
    if len(email) > MAX_EMAIL or len(canonical(email)) > MAX_KEY:
        message = _("Shorten the email address to at most %(max_email)s characters.") % {"max_email": MAX_EMAIL}
        raise ActionError("email_too_long", message, field="email")
    return email


# Each change of a person checks the name. Few need these words.
_FULL_NAME, _MISSING = gettext_lazy("full name"), gettext_lazy("Enter a full name.")

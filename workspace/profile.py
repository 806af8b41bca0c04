"""The profile of a person: SAML, SCIM, CSV, API and console hand it to the same actions."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from workspace.db.keys import canonical
from workspace.models import Source
from workspace.names import MAX_KEY, clean_name
from workspace.refusals import ActionError

MAX_EMAIL = 254


@dataclass(frozen=True)
class Profile:
    """A person's name and address with their source. A new field of people is one line here."""

    full_name: str
    email: str
    source: Source

    def cleaned(self) -> "Profile":
        """Return the profile as it is stored. Raises ActionError for a bad name or address."""
        return Profile(clean_full_name(self.full_name), clean_email(self.email), self.source)


def clean_full_name(text: str) -> str:
    """Return a full name with single spaces. Raises ActionError for one that is empty or too long."""
    return clean_name(text, what="full name", missing="Enter a full name.", field="full_name")


def clean_email(text: str) -> str:
    """Return an email address without blanks around it. Raises ActionError for one that is malformed or too long.

    A domain without a dot, as in `ada@intranet`, is allowed.
    """
    email = text.strip()
    local, _, domain = email.rpartition("@")
    try:
        validate_email(email if "." in domain else f"{local}@{domain}.example")
    except ValidationError:
        raise ActionError("invalid_email", "Enter an email address like ada@example.com.", field="email") from None
    if len(email) > MAX_EMAIL or len(canonical(email)) > MAX_KEY:
        message = f"Shorten the email address to at most {MAX_EMAIL} characters."
        raise ActionError("email_too_long", message, field="email")
    return email

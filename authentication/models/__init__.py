"""Tables of sign-in."""

from authentication.models.providers import (
    EnvironmentPolicy,
    EnvironmentProvider,
    IdentityProvider,
    SigningCertificate,
)
from authentication.models.sessions import EndUserSession, PasswordTicket, SignInAttempt, Visit

__all__ = [
    "EndUserSession",
    "EnvironmentPolicy",
    "EnvironmentProvider",
    "IdentityProvider",
    "PasswordTicket",
    "SignInAttempt",
    "SigningCertificate",
    "Visit",
]

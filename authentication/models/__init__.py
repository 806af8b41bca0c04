"""Tables of sign-in."""

from authentication.models.logout import ConsumedLogout, LogoutRequest
from authentication.models.providers import (
    EnvironmentPolicy,
    EnvironmentProvider,
    IdentityProvider,
    SigningCertificate,
)
from authentication.models.saml import AuthnRequest, ConsumedAssertion, SamlIdentity
from authentication.models.service_provider import ServiceProviderKey
from authentication.models.sessions import EndUserSession, PasswordTicket, SignInAttempt

__all__ = [
    "AuthnRequest",
    "ConsumedAssertion",
    "ConsumedLogout",
    "EndUserSession",
    "EnvironmentPolicy",
    "EnvironmentProvider",
    "IdentityProvider",
    "LogoutRequest",
    "PasswordTicket",
    "SamlIdentity",
    "ServiceProviderKey",
    "SignInAttempt",
    "SigningCertificate",
]

"""Tables of sign-in."""

from authentication.models.bypasses import SsoBypass
from authentication.models.logout import LogoutRequest
from authentication.models.policies import EnvironmentPolicy
from authentication.models.providers import (
    EnvironmentProvider,
    IdentityProvider,
    SigningCertificate,
)
from authentication.models.saml import AuthnRequest, ConsumedMessage, SamlIdentity
from authentication.models.service_provider import ServiceProviderKey
from authentication.models.sessions import EndUserSession, PasswordTicket, SignInAttempt

__all__ = [
    "AuthnRequest",
    "ConsumedMessage",
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
    "SsoBypass",
]

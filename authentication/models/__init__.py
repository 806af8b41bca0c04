"""Tables of sign-in."""

from authentication.models.providers import (
    EnvironmentPolicy,
    EnvironmentProvider,
    IdentityProvider,
    SigningCertificate,
)

__all__ = ["EnvironmentPolicy", "EnvironmentProvider", "IdentityProvider", "SigningCertificate"]

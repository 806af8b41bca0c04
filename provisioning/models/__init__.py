"""Tables of provisioning."""

from provisioning.models.connections import ProvisioningConnection, ScimToken
from provisioning.models.requests import ScimRequest
from provisioning.models.resources import (
    ProvisionedEmail,
    ProvisionedGroup,
    ProvisionedMembership,
    ProvisionedUser,
)

__all__ = [
    "ProvisionedEmail",
    "ProvisionedGroup",
    "ProvisionedMembership",
    "ProvisionedUser",
    "ProvisioningConnection",
    "ScimRequest",
    "ScimToken",
]

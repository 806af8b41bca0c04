"""Tables of provisioning."""

from provisioning.models.connections import EmailFrom, NameFrom, ProvisioningConnection, ScimToken
from provisioning.models.mappings import GroupMapping
from provisioning.models.requests import ScimRequest
from provisioning.models.resources import (
    ProvisionedEmail,
    ProvisionedGroup,
    ProvisionedMembership,
    ProvisionedUser,
    ResourceCount,
)

__all__ = [
    "EmailFrom",
    "GroupMapping",
    "NameFrom",
    "ProvisionedEmail",
    "ProvisionedGroup",
    "ProvisionedMembership",
    "ProvisionedUser",
    "ProvisioningConnection",
    "ResourceCount",
    "ScimRequest",
    "ScimToken",
]

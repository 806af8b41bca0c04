"""What single logout remembers: our requests until they are answered, and those of IdPs so that each counts once."""

from django.db import models

from authentication.models.providers import IdentityProvider
from authentication.models.saml import ExpiringQuerySet
from workspace.models import Environment


class LogoutRequest(models.Model):
    """Our request to an IdP to end its session too; ours is over before it is sent."""

    # The ID of the SAML message, which nobody can guess.
    id = models.CharField(primary_key=True, max_length=64)
    identity_provider = models.ForeignKey(IdentityProvider, models.CASCADE, related_name="logout_requests")
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="logout_requests")
    expires_at = models.DateTimeField(db_index=True)

    objects = ExpiringQuerySet.as_manager()

    def __str__(self) -> str:
        return self.id


class ConsumedLogout(models.Model):
    """The id of a logout request that was carried out, as long as it could be sent again (S14)."""

    identity_provider = models.ForeignKey(
        IdentityProvider, models.CASCADE, related_name="consumed_logouts", db_index=False
    )
    request_id = models.CharField(max_length=256)
    expires_at = models.DateTimeField(db_index=True)

    objects = ExpiringQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identity_provider", "request_id"], name="consumed_logout_unique")
        ]

    def __str__(self) -> str:
        return self.request_id

"""Our logout requests until they are answered."""

from django.db import models

from authentication.models.providers import IdentityProvider
from authentication.models.saml import ExpiringQuerySet
from workspace.models import Environment


class LogoutRequest(models.Model):
    """Our request to an IdP to end its session too. Our own session ends before the request is sent."""

    # The ID of the SAML message, which nobody can guess.
    id = models.CharField(primary_key=True, max_length=64)
    identity_provider = models.ForeignKey(IdentityProvider, models.CASCADE, related_name="logout_requests")
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="logout_requests")
    expires_at = models.DateTimeField(db_index=True)

    objects = ExpiringQuerySet["LogoutRequest"].as_manager()

    def __str__(self) -> str:
        return self.id

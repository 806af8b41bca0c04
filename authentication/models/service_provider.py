"""Our own key pairs. A workspace signs and decrypts with the same ones at all its providers."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Case, Q, Value, When

from workspace.models import Workspace
from workspace.models.base import Entity

# An IdP without the new certificate goes on encrypting for the old one until it reads our metadata again.
DECRYPTS_AFTERWARDS = timedelta(days=30)


class ServiceProviderKeyQuerySet(models.QuerySet["ServiceProviderKey"]):
    """Questions about keys; start from `workspace.service_provider_keys`."""

    def active(self) -> Self:
        return self.filter(state=ServiceProviderKey.State.ACTIVE)

    def published(self) -> Self:
        """Return the keys whose certificates are in our metadata, the signing one first."""
        return self.exclude(state=ServiceProviderKey.State.RETIRED).order_by(_order())

    def decrypting(self, now: datetime) -> Self:
        """Return the keys for which an IdP may still encrypt, the likeliest first."""
        return self.exclude(retired_at__lt=now - DECRYPTS_AFTERWARDS).order_by(_order(), "-retired_at")

    def outlived(self, now: datetime) -> Self:
        """Return keys that were retired so long ago that nothing needs them."""
        return self.filter(retired_at__lt=now - DECRYPTS_AFTERWARDS)


class ServiceProviderKey(Entity):
    """An RSA key of a workspace with its certificate; the private half is sealed."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        NEXT = "next", "Next"
        RETIRED = "retired", "Retired"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="service_provider_keys")
    certificate = models.TextField("certificate (PEM)")
    sealed_key = models.TextField(editable=False)
    fingerprint = models.CharField("SHA-256 fingerprint", max_length=95)
    not_after = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State)
    retired_at = models.DateTimeField(null=True, blank=True)
    # Of which expiry the owners were told, and how many days before.
    expiry_told = models.CharField(max_length=20, blank=True, editable=False)

    objects = ServiceProviderKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "state"],
                condition=Q(state__in=["active", "next"]),
                name="service_provider_key_state_unique",
            )
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint[:11]}… ({self.get_state_display()})"


def _order() -> Case:
    """Return the order active, next, retired."""
    states = (ServiceProviderKey.State.ACTIVE, ServiceProviderKey.State.NEXT)
    return Case(*(When(state=state, then=Value(place)) for place, state in enumerate(states)), default=Value(2))

"""What the SAML flow remembers between its steps, and which person a NameID stands for."""

from datetime import datetime
from typing import Self

from django.db import models

from authentication.models.providers import EnvironmentProvider, IdentityProvider
from workspace.models import EndUser
from workspace.models.base import Entity


class ExpiringQuerySet(models.QuerySet):
    """Rows that are of no use after a time."""

    def alive(self, now: datetime) -> Self:
        return self.filter(expires_at__gt=now)

    def sweep(self, now: datetime) -> None:
        """Delete what has expired: every new row is an occasion, so no job has to."""
        self.filter(expires_at__lte=now).delete()


class AuthnRequest(models.Model):
    """A request on its way to an IdP, bound to the browser that was sent there (security.md S6)."""

    id = models.CharField(primary_key=True, max_length=64)
    use = models.ForeignKey(EnvironmentProvider, models.CASCADE, related_name="authn_requests")
    nonce_digest = models.CharField(max_length=64)
    next_path = models.CharField(max_length=500, blank=True)
    expires_at = models.DateTimeField(db_index=True)
    consumed_at = models.DateTimeField(null=True, blank=True)

    objects = ExpiringQuerySet.as_manager()

    def __str__(self) -> str:
        return self.id


class StoredResponse(Entity):
    """A response as it was posted from the IdP's site, until our own site asks for it with the browser's cookie."""

    identity_provider = models.ForeignKey(IdentityProvider, models.CASCADE, related_name="stored_responses")
    raw = models.TextField()
    expires_at = models.DateTimeField(db_index=True)

    objects = ExpiringQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)


class ConsumedAssertion(models.Model):
    """The id of an assertion that has signed somebody in, as long as it could be posted again (S7)."""

    identity_provider = models.ForeignKey(IdentityProvider, models.CASCADE, related_name="consumed_assertions")
    assertion_id = models.CharField(max_length=256)
    expires_at = models.DateTimeField(db_index=True)

    objects = ExpiringQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identity_provider", "assertion_id"], name="consumed_assertion_unique")
        ]

    def __str__(self) -> str:
        return self.assertion_id


class SamlIdentity(Entity):
    """The person whom an IdP means by a NameID of a format: found again whatever happens to the address (S11)."""

    identity_provider = models.ForeignKey(IdentityProvider, models.CASCADE, related_name="identities")
    name_id = models.CharField(max_length=1024)
    name_id_format = models.CharField(max_length=256)
    end_user = models.ForeignKey(EndUser, models.CASCADE, related_name="saml_identities")

    class Meta:
        verbose_name_plural = "SAML identities"
        constraints = [
            models.UniqueConstraint(
                fields=["identity_provider", "name_id_format", "name_id"], name="saml_identity_unique"
            ),
            models.UniqueConstraint(
                fields=["identity_provider", "name_id_format", "end_user"], name="saml_identity_person_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.end_user} at {self.identity_provider}"

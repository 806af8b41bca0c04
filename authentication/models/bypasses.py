"""Who may use a password although single sign-on is enforced."""

from datetime import datetime
from typing import Self

from django.db import models

from workspace.models import EndUser, Environment
from workspace.models.base import Entity


class SsoBypassQuerySet(models.QuerySet["SsoBypass"]):
    """Questions about bypasses. Start from `environment.sso_bypasses`, or from `end_user.sso_bypasses`."""

    def open(self, now: datetime) -> Self:
        return self.filter(expires_at__gt=now)


class SsoBypass(Entity):
    """A person's permission to sign in to one environment past enforcement, for the day on which the IdP is down."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="sso_bypasses", db_index=False)
    end_user = models.ForeignKey(EndUser, models.CASCADE, related_name="sso_bypasses")
    reason = models.CharField(max_length=200)
    added_by_name = models.CharField(max_length=254)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = SsoBypassQuerySet.as_manager()

    class Meta:
        ordering = ["expires_at", "id"]
        verbose_name = "SSO bypass"
        verbose_name_plural = "SSO bypasses"
        constraints = [models.UniqueConstraint(fields=["environment", "end_user"], name="sso_bypass_unique")]

    def __str__(self) -> str:
        return f"{self.end_user} in {self.environment} until {self.expires_at:%Y-%m-%d}"

"""Tokens with which programs call the management API."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils import timezone

from workspace.isolation import isolated
from workspace.models.base import Entity
from workspace.models.workspaces import Environment, Workspace


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Questions about tokens. Start from `workspace.api_tokens`."""

    def live(self) -> Self:
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now()), revoked_at=None)

    def ended(self) -> Self:
        """Return those that were revoked or have expired."""
        return self.filter(models.Q(expires_at__lte=timezone.now()) | models.Q(revoked_at__isnull=False))

    def made_by(self, administrator: str) -> Self:
        return self.filter(created_by=administrator)


class ApiToken(Entity):
    """A bearer token of a workspace: looked up by its public prefix, proved by a hash, limited by its scopes."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    # As `workspace.scopes` names them.
    scopes = models.JSONField(default=list)
    is_everywhere = models.BooleanField("all environments, also new ones", default=True)
    # Counts only where the token is not for all environments.
    environments = models.ManyToManyField(Environment, related_name="+", blank=True)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64, editable=False)
    last_four = models.CharField(max_length=4)
    # Who made it, as copies: the token may outlive the administrator.
    created_by = models.CharField(max_length=36, blank=True, editable=False)
    created_by_name = models.CharField(max_length=254)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.GenericIPAddressField(null=True, blank=True)
    # The token that replaces this one.
    rotated_to = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="rotated_from"
    )

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return isolated(self.name)

    @property
    def masked(self) -> str:
        return f"{self.prefix}_{'•' * 12}{self.last_four}"

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    @property
    def lifetime(self) -> timedelta | None:
        """Return how long the token was made to live; None without an end."""
        return self.expires_at - self.created_at if self.expires_at else None

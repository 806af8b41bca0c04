"""Mappings: where the members of an identity provider's group get access, and which end-user group they join."""

from typing import Any

from django.db import models
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from provisioning.models.connections import ProvisioningConnection
from workspace.db.keys import kept_key
from workspace.isolation import isolated
from workspace.models import EndUserGroup, Environment
from workspace.models.base import Entity

_ACCESS_ONLY = gettext_noop("%(environment)s, access only")


class GroupMapping(Entity):
    """IdP group → environment → end-user group; without one, access to the environment alone.

    The IdP's group is named, so that it can be mapped before it is pushed.
    """

    connection = models.ForeignKey(ProvisioningConnection, models.CASCADE, related_name="mappings")
    name = models.CharField("IdP group", max_length=250)
    name_key = models.CharField(max_length=500, editable=False)
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="+")
    # Whoever deletes the group must first remove the mapping.
    group = models.ForeignKey(EndUserGroup, models.PROTECT, null=True, blank=True, related_name="mappings")

    is_kept_by_events = True

    class Meta:
        ordering = ["name_key", "environment__position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "name_key", "group"],
                condition=models.Q(group__isnull=False),
                name="mapping_to_group_unique",
            ),
            models.UniqueConstraint(
                fields=["connection", "name_key", "environment"],
                condition=models.Q(group=None),
                name="mapping_to_environment_unique",
            ),
        ]

    def __str__(self) -> str:
        # As events keep it.
        with translation.override("en"):
            return self.in_words

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name_key = kept_key(self.name, self.name_key)
        super().save(*args, **kwargs)

    def state(self) -> dict[str, object]:
        """Return it as an event keeps it: with ids, so that it can be made again."""
        return {
            "id": str(self.pk),
            "connection": str(self.connection_id),
            "mapping": str(self),
            "name": self.name,
            "environment": str(self.environment_id),
            "group": str(self.group_id) if self.group_id else None,
        }

    @property
    def in_words(self) -> str:
        """Return the mapping as pages show it."""
        access_only = _(_ACCESS_ONLY) % {"environment": self.environment}
        return f"{isolated(self.name)} → {f'{self.environment} → {self.group}' if self.group else access_only}"


def mapping_in_words(stored: str) -> str:
    """Return a mapping that an event keeps in the language that is spoken."""
    ending = _ACCESS_ONLY.removeprefix("%(environment)s")
    if not stored.endswith(ending):
        return stored
    return _(_ACCESS_ONLY) % {"environment": stored.removesuffix(ending)}

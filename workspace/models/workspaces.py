"""Workspaces and their environments."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from workspace.isolation import isolated
from workspace.models.base import Entity


class Workspace(Entity):
    """One customer."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=50)
    # A removed workspace is closed, and deleted for good after this time.
    removed_at = models.DateTimeField(null=True, blank=True)
    # Of all administrators.
    requires_second_factor = models.BooleanField(default=False, db_default=False)

    KEPT_AFTER_REMOVAL = timedelta(days=7)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["slug"], name="workspace_slug_unique")]

    def __str__(self) -> str:
        return isolated(self.name)

    @property
    def deleted_from(self) -> datetime | None:
        """Return when a removed workspace may be deleted for good; until then an owner can take it back."""
        return self.removed_at + self.KEPT_AFTER_REMOVAL if self.removed_at else None


class EnvironmentQuerySet(models.QuerySet["Environment"]):
    """Questions about environments. Start from `workspace.environments`, or with the names in a URL."""

    def open(self) -> Self:
        """Return those whose workspace is not removed."""
        return self.filter(workspace__removed_at=None)


class Environment(Entity):
    """A stage of a workspace, such as DEV, TEST or PROD. A workspace always has at least one."""

    class Kind(models.TextChoices):
        DEV = "dev", _("Development")
        TEST = "test", _("Test")
        PROD = "prod", _("Production")

    class Colour(models.TextChoices):
        GREY = "grey", _("Grey")
        BLUE = "blue", _("Blue")
        TEAL = "teal", _("Teal")
        GREEN = "green", _("Green")
        AMBER = "amber", _("Amber")
        PINK = "pink", _("Pink")
        VIOLET = "violet", _("Violet")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="environments")
    name = models.CharField(max_length=50)
    slug = models.SlugField(max_length=50)
    kind = models.CharField(max_length=10, choices=Kind)
    # Of its mark in the environment switch.
    colour = models.CharField(max_length=10, choices=Colour, default=Colour.GREY, db_default=Colour.GREY.value)
    position = models.PositiveSmallIntegerField(default=0)

    objects = EnvironmentQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "slug"], name="environment_slug_unique")]

    def __str__(self) -> str:
        return isolated(self.name)

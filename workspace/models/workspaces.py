"""Workspaces and their environments."""

from django.db import models

from workspace.isolation import isolated
from workspace.models.base import Entity


class Workspace(Entity):
    """One customer."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=50)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["slug"], name="workspace_slug_unique")]

    def __str__(self) -> str:
        return isolated(self.name)


class Environment(Entity):
    """DEV, TEST or PROD of a workspace. A workspace always has at least one."""

    class Kind(models.TextChoices):
        DEV = "dev", "Development"
        TEST = "test", "Test"
        PROD = "prod", "Production"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="environments")
    name = models.CharField(max_length=50)
    slug = models.SlugField(max_length=50)
    kind = models.CharField(max_length=10, choices=Kind)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "slug"], name="environment_slug_unique")]

    def __str__(self) -> str:
        return isolated(self.name)

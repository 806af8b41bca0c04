"""What granted an access or a membership, as data: this app knows nothing of the apps above it."""

from dataclasses import dataclass
from typing import Any

from django.db import models


class SourceKind(models.TextChoices):
    """The provisioning methods, by which something came about."""

    MANUAL = "manual", "Manual"
    JIT = "jit", "SAML just-in-time"
    SCIM = "scim", "SCIM"


@dataclass(frozen=True)
class Source:
    """Who grants something: kind, id of the granting thing (empty for manual), its name for people."""

    kind: str
    id: str = ""
    name: str = ""

    def fields(self) -> dict[str, Any]:
        """As model fields."""
        return {"source_kind": self.kind, "source_id": self.id, "source_name": self.name}


MANUAL = Source(SourceKind.MANUAL, "", "Added by hand")


class Sourced(models.Model):
    """A row that remembers what granted it."""

    source_kind = models.CharField(max_length=10, choices=SourceKind, default=SourceKind.MANUAL)
    source_id = models.CharField(max_length=36, blank=True)
    source_name = models.CharField(max_length=100, blank=True)

    class Meta:
        abstract = True

    @property
    def source(self) -> Source:
        return Source(self.source_kind, self.source_id, self.source_name)

"""Seals over the audit log, which make it evident if somebody alters it in the database."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC
from uuid import UUID

from django.db import models

# The chain of changes that belong to no workspace.
INSTALLATION = UUID(int=0)
_ID, _MEMBER = 16, 48


class AuditSealQuerySet(models.QuerySet["AuditSeal"]):
    """Questions about seals."""

    def of(self, chain: UUID) -> "AuditSealQuerySet":
        return self.filter(chain=chain).order_by("number")


class AuditSeal(models.Model):
    """A digest over some changes of a workspace, and over the seal before.

    `members` holds the id and the digest of each change, so it also says which change was altered. Every change up to
    the id `up_to` that was committed when the seal was made is in this seal or in one before. `forgotten_at` is set on
    the last seal whose changes were deleted because their retention ended: the chain starts there.
    """

    chain = models.UUIDField()
    number = models.PositiveIntegerField()
    version = models.PositiveSmallIntegerField(default=1)
    sealed_at = models.DateTimeField()
    first_id = models.UUIDField()
    up_to = models.UUIDField()
    event_count = models.PositiveIntegerField()
    members = models.BinaryField()
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    forgotten_at = models.DateTimeField(null=True)

    objects = AuditSealQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["chain", "number"], name="seal_unique")]

    def __str__(self) -> str:
        return f"{self.number} of {self.chain}"

    def digests(self) -> dict[UUID, bytes]:
        """Return the digest of each change by its id."""
        members = bytes(self.members)
        parts = (members[start : start + _MEMBER] for start in range(0, len(members), _MEMBER))
        return {UUID(bytes=part[:_ID].ljust(_ID)): part[_ID:] for part in parts}

    def computed_digest(self) -> str:
        """Return the digest of what the seal holds now."""
        head = [
            *(self.version, self.chain.hex, self.number, self.sealed_at.astimezone(UTC).isoformat()),
            *(self.first_id.hex, self.up_to.hex, self.event_count, self.previous),
        ]
        return hashlib.sha256(json.dumps(head).encode() + bytes(self.members)).hexdigest()


def packed(digests: Iterable[tuple[UUID, bytes]]) -> bytes:
    """Return ids and digests as `AuditSeal.members` holds them."""
    return b"".join(pk.bytes + digest for pk, digest in digests)

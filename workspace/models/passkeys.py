"""Passkeys of console accounts."""

from django.db import models

from workspace.models.administrators import User
from workspace.models.base import Entity


class Passkey(Entity):
    """The public half of a key pair, whose other half opens only to a finger, a face or a PIN."""

    user = models.ForeignKey(User, models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=100)
    # In base64url, as browsers send it.
    credential_id = models.CharField(max_length=1400, unique=True, editable=False)
    public_key = models.TextField(editable=False)
    sign_count = models.BigIntegerField(editable=False)
    # When the last answered challenge was made. Only answers to later ones count, so none counts twice.
    challenged_at = models.FloatField(editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.name

"""What all nodes of an installation share."""

from django.db import models


class KeyRing(models.Model):
    """Fingerprints of the keys that the nodes must have. There is one row."""

    # Of SECRET_KEY.
    secret_key = models.CharField(max_length=64)
    # Of the keys of SECRETS_KEYS that sealed something since the last rotation.
    sealing = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.secret_key[:8]

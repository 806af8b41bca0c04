"""Second factors of console accounts: an authenticator app, and recovery codes for the day it is lost."""

from django.db import models

from workspace.crypto import seal, unseal
from workspace.models.administrators import User
from workspace.models.base import Entity


class AuthenticatorApp(Entity):
    """The app whose codes open the account. Its key is sealed, because codes are computed from it."""

    user = models.OneToOneField(User, models.CASCADE, related_name="authenticator_app")
    sealed_key = models.TextField(editable=False)
    # The time step of the last code that was taken. A code counts once, so only later steps are taken.
    last_step = models.BigIntegerField(editable=False)

    def __str__(self) -> str:
        return f"Authenticator app of {self.user}"

    @property
    def key(self) -> str:
        """Return the key in base32."""
        return unseal(self.sealed_key)

    @key.setter
    def key(self, key: str) -> None:
        self.sealed_key = seal(key)


class RecoveryCode(models.Model):
    """A code that opens the account once in place of the app's."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_unique")]

    def __str__(self) -> str:
        return f"Recovery code of {self.user}"

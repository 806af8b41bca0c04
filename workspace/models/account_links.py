"""Single-use links of mails about a console account."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy

from workspace.addresses import MAX_EMAIL
from workspace.models.administrators import User
from workspace.models.base import Entity
from workspace.tokens import digest_of


class AccountLinkQuerySet(models.QuerySet["AccountLink"]):
    """Questions about links. Start with a token, or from `user.links`."""

    def usable(self, now: datetime) -> Self:
        """Return the links that work: unused, in time, of an active account."""
        return self.filter(used_at=None, expires_at__gt=now, user__is_active=True)

    def opened_by(self, token: str) -> Self:
        return self.filter(digest=digest_of(token))


class AccountLink(Entity):
    """A link that was mailed to an address of an account. Only its digest is stored."""

    class Kind(models.TextChoices):
        PASSWORD = "password", gettext_lazy("New password")
        ADDRESS = "address", gettext_lazy("New address")

    kind = models.CharField(max_length=10, choices=Kind)
    user = models.ForeignKey(User, models.CASCADE, related_name="links")
    # To which it was mailed.
    email = models.CharField(max_length=MAX_EMAIL)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = AccountLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.email}"

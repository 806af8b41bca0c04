"""People who became one with another person."""

from django.db import models

from workspace.models.base import Entity
from workspace.models.people import EndUser


class MergedEndUser(Entity):
    """A person who was merged. It has the id of the person, so that old pages and changes lead to the one who stayed.

    A sign-in by which an IdP still sends the address means the one who stayed, unless somebody else has it now.
    """

    end_user = models.ForeignKey(EndUser, models.CASCADE, related_name="merged")
    full_name = models.CharField(max_length=250)
    email = models.CharField(max_length=254, blank=True)
    # Null without an address, as in EndUser.
    email_key = models.CharField(max_length=500, null=True, editable=False)  # noqa: DJ001

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["email_key"], name="merged_end_user_by_email")]

    def __str__(self) -> str:
        return f"{self.full_name} → {self.end_user}"

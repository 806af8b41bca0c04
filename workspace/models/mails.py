"""The outbox: mails that are due, sent or given up."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils import timezone

from workspace import crypto
from workspace.models.base import Entity
from workspace.models.people import EndUser

# What stands in `error` while a process sends the mail, and when it ends before it could note the outcome.
INTERRUPTED = "The process that sent this mail ended meanwhile."
# A mail that is due for longer tells that no process sends mail.
_PATIENCE = timedelta(minutes=1)


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    """Questions about mails."""

    def due(self, now: datetime) -> Self:
        return self.filter(next_attempt_at__lte=now)

    def overdue(self, now: datetime) -> Self:
        return self.due(now - _PATIENCE)

    def parked(self) -> Self:
        """Return the mails that failed at their last attempt."""
        return self.filter(sent_at=None, next_attempt_at=None)


class OutgoingMail(Entity):
    """A mail to be sent, written in the transaction of the change that it tells of."""

    recipients = models.JSONField()
    subject = models.TextField()
    # May have a link that works once. Emptied when the mail is sent.
    sealed_body = models.TextField(blank=True, editable=False)
    # Whose personal data it has: it goes with them.
    end_user = models.ForeignKey(EndUser, models.CASCADE, null=True, blank=True, related_name="mails")
    attempt_count = models.PositiveSmallIntegerField(default=0)
    # Empty once the mail is sent or parked.
    next_attempt_at = models.DateTimeField(default=timezone.now, null=True, blank=True)
    # Of the last attempt.
    error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index("next_attempt_at", name="mails_to_send", condition=models.Q(next_attempt_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_undelivered(self) -> bool:
        """Say whether sending it failed so far."""
        return self.sent_at is None and self.error not in ("", INTERRUPTED)

    @property
    def body(self) -> str:
        """Return the text. Raises UnsealError."""
        return crypto.unseal(self.sealed_body)

    @body.setter
    def body(self, text: str) -> None:
        self.sealed_body = crypto.seal(text)

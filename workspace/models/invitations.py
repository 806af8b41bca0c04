"""Invitations of administrators: a mailed link that works once, for seven days."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from workspace.addresses import MAX_EMAIL
from workspace.db.keys import canonical
from workspace.isolation import isolated
from workspace.models.administrators import Administrator
from workspace.models.base import Entity
from workspace.models.mails import OutgoingMail
from workspace.models.workspaces import Workspace
from workspace.tokens import digest_of


class AdministratorInvitationQuerySet(models.QuerySet["AdministratorInvitation"]):
    """Questions about invitations. Start from `workspace.administrator_invitations`, or with a token."""

    def open(self) -> Self:
        """Return those that were neither accepted nor withdrawn. Some of them may have expired."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def settled_before(self, at: datetime) -> Self:
        """Return those that were accepted or withdrawn, or have expired, before that time."""
        return self.filter(models.Q(accepted_at__lt=at) | models.Q(withdrawn_at__lt=at) | models.Q(expires_at__lt=at))

    def sent_by(self, administrator: Administrator) -> Self:
        return self.filter(invited_by=str(administrator.pk))

    def opened_by(self, token: str) -> Self:
        return self.filter(digest=digest_of(token))


class AdministratorInvitation(Entity):
    """An address that is offered a role in a workspace. The link proves that somebody reads the mail of the address."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        ACCEPTED = "accepted", _("Accepted")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="administrator_invitations")
    email = models.CharField(max_length=MAX_EMAIL)
    email_key = models.CharField(max_length=500, editable=False)
    role = models.CharField(max_length=10, choices=Administrator.Role)
    # Who offers the role, as copies: the invitation may outlive the administrator.
    invited_by = models.CharField(max_length=36, blank=True)
    invited_by_name = models.CharField(max_length=254)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # The last one with its link, as long as the outbox keeps it.
    mail = models.ForeignKey(OutgoingMail, models.SET_NULL, null=True, editable=False, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = AdministratorInvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "email_key"],
                name="open_invitation_unique",
                condition=models.Q(accepted_at=None, withdrawn_at=None),
            )
        ]

    def __str__(self) -> str:
        return isolated(self.email)

    def set_keys(self) -> None:
        self.email_key = canonical(self.email)

    def state(self, now: datetime) -> State:
        if self.accepted_at:
            return self.State.ACCEPTED
        if self.withdrawn_at:
            return self.State.WITHDRAWN
        return self.State.WAITING if self.expires_at > now else self.State.EXPIRED

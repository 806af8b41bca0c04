"""The record of every change, which audit log, activity and receipts read."""

from typing import Any, Never, Self
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workspace.db.keys import new_id
from workspace.db.saving import PreparedSave
from workspace.models.base import label_of
from workspace.models.workspaces import Environment, Workspace


class ChangeEventQuerySet(models.QuerySet["ChangeEvent"]):
    """Questions about changes. The table has no foreign keys, so they start with `of(workspace)`."""

    def of(self, workspace: Workspace) -> Self:
        return self.filter(workspace_id=workspace.pk)

    def in_environment(self, environment: Environment) -> Self:
        return self.filter(workspace_id=environment.workspace_id, environment_id=environment.pk)

    def about(self, subject_id: UUID, *others: UUID) -> Self:
        """Return the changes that concern one thing, or any of several; bulk changes are among them."""
        if not others:
            return self.filter(subjects__subject_id=subject_id)
        return self.filter(pk__in=ChangeSubject.objects.filter(subject_id__in=[subject_id, *others]).values("event"))

    def latest_about(self, number: int, *subjects: UUID) -> Self:
        """Return the newest changes that concern any of the things.

        Their ids come from the index of subjects: in a join SQLite would walk all changes of the workspace.
        """
        found = ChangeSubject.objects.filter(subject_id__in=subjects).order_by("-event").values_list("event", flat=True)
        # A change may concern several of them.
        return self.filter(pk__in=list(found.distinct()[:number]))

    def update(self, **kwargs: object) -> Never:
        raise AppendOnlyError

    def delete(self) -> Never:
        raise AppendOnlyError

    def forget(self) -> int:
        """Delete changes whose retention has ended, with their subjects, and return how many changes."""
        return super().delete()[1].get("workspace.ChangeEvent", 0)


class AppendOnlyError(TypeError):
    """A programming mistake: change events are never altered or deleted."""


class ChangeEvent(PreparedSave):
    """A change: actor, action, subject, sentence, states before and after, and request.

    Ids and names are copies, because the event outlives what it describes.
    """

    class ActorKind(models.TextChoices):
        ADMINISTRATOR = "administrator", _("Administrator")
        END_USER = "end_user", _("End user")
        CONNECTION = "connection", _("Provisioning connection")
        API_TOKEN = "api_token", _("API token")
        OPERATOR = "operator", _("Operator")
        SYSTEM = "system", _("System")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(default=timezone.now)
    workspace_id = models.UUIDField(null=True)
    environment_id = models.UUIDField(null=True)
    environment_name = models.CharField(max_length=50, blank=True)
    actor_kind = models.CharField(max_length=15, choices=ActorKind)
    actor_id = models.CharField(max_length=36, blank=True)
    actor_name = models.CharField(max_length=254)
    action = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=30)
    subject_id = models.CharField(max_length=36)
    subject_name = models.CharField(max_length=510)
    sentence = models.TextField()
    # What the sentence names, as [start, end, kind, id].
    links = models.JSONField(default=list)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    # Where the actor was: an IP address as text, and what tells console sessions apart.
    address = models.CharField(max_length=39, blank=True, default="")
    session = models.CharField(max_length=16, blank=True, default="")
    request_id = models.CharField(max_length=36, blank=True)

    objects = ChangeEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["workspace_id", "-id"], name="event_by_workspace"),
            models.Index(fields=["request_id"], name="event_by_request"),
            models.Index(fields=["workspace_id", "actor_id", "-id"], name="event_by_actor"),
            models.Index(fields=["workspace_id", "action", "-id"], name="event_by_action"),
            models.Index(fields=["workspace_id", "environment_id", "-id"], name="event_by_environment"),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def actor_kind_in_words(self) -> str:
        return label_of(self.ActorKind, self.actor_kind)

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError
        super().save(**kwargs)

    def delete(self, *args: object, **kwargs: object) -> Never:
        raise AppendOnlyError


class ChangeSubject(models.Model):
    """One thing that a change concerns. The history of a person, a group or a provider is one look-up."""

    event = models.ForeignKey(ChangeEvent, models.CASCADE, related_name="subjects")
    kind = models.CharField(max_length=30)
    subject_id = models.UUIDField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject_id", "event"], name="subject_of_event_unique")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"

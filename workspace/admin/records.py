"""Operators' pages of changes and attempts."""

from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from workspace.admin.base import LongAdmin, ReadOnlyAdmin
from workspace.admin.lists import DayFilter, filter_by
from workspace.admin.looking_up import MOST
from workspace.db.keys import is_id
from workspace.events import kind_of
from workspace.models import (
    AuditSeal,
    ChangeEvent,
    ChangeSubject,
    EndUser,
    EndUserGroup,
    Environment,
    Job,
    KeyRing,
    OutgoingMail,
    SignInThrottle,
    User,
    Workspace,
)
from workspace.operator_site import Section
from workspace.outbox import send_again
from workspace.words import count

_KINDS = {
    kind_of(model): str(model._meta.verbose_name) for model in (Workspace, Environment, EndUser, EndUserGroup, User)
}


@admin.register(ChangeEvent)
class ChangeEventAdmin(LongAdmin):
    """The audit log."""

    is_first = True
    section = Section.RECORDS
    place = "workspace_id"
    list_display = ["at", "actor_name", "sentence", "environment_name", "request_id"]
    list_filter = ["actor_kind", DayFilter]
    search_fields = ["id", "request_id", "actor_id", "action"]

    def found(self, text: str) -> list[object]:
        """Find the changes that concern a thing, too."""
        ids = super().found(text)
        return (
            [*ids, *ChangeEvent.objects.about(UUID(text)).values_list("pk", flat=True)[:MOST]] if is_id(text) else ids
        )


@admin.register(ChangeSubject)
class ChangeSubjectAdmin(LongAdmin):
    """The subjects of changes."""

    section = Section.RECORDS
    place = "event.workspace_id"
    list_display = ["event", "kind", "subject_id"]
    list_filter = [filter_by("kind", _KINDS)]
    list_select_related = ["event"]
    search_fields = ["subject_id"]


@admin.register(AuditSeal)
class AuditSealAdmin(LongAdmin):
    """The seals over the audit log."""

    section = Section.RECORDS
    list_display = ["chain", "number", "event_count", "sealed_at", "forgotten_at"]
    list_filter = ["sealed_at"]
    search_fields = ["chain"]
    exclude = ["members"]


@admin.register(SignInThrottle)
class SignInThrottleAdmin(LongAdmin):
    """Attempts to sign in, by a hash of account and address."""

    list_display = ["key", "attempts", "attempted_at", "open_at"]
    list_filter = ["attempted_at"]
    search_fields = ["key"]


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """The jobs, with how their last run ended."""

    is_first = True
    list_display = ["name", "finished_at", "result", "failure_count", "error", "due_at", "leased_by"]
    list_filter = ["failure_count", "finished_at"]
    search_fields = ["name", "error"]


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    """The mails of the last day, those that wait, and those that were given up."""

    place = "end_user.workspace_id"
    list_select_related = ["end_user"]
    list_display = ["subject", "recipients", "created_at", "sent_at", "next_attempt_at", "attempt_count", "error"]
    list_filter = [
        ("sent_at", admin.EmptyFieldListFilter),
        ("next_attempt_at", admin.EmptyFieldListFilter),
        "created_at",
    ]
    search_fields = ["subject", "recipients", "error"]
    actions = ["send_again"]

    @admin.action(description="Send again what was given up", permissions=["view"])
    def send_again(self, request: HttpRequest, mails: "QuerySet[OutgoingMail]") -> None:
        number = send_again(mails, timezone.now())
        self.message_user(request, f"{count(number, 'mail', 'mails')} will be sent within seconds.")


@admin.register(KeyRing)
class KeyRingAdmin(ReadOnlyAdmin):
    """Fingerprints of the keys that every node must have."""

    list_display = ["__str__", "sealing"]
    search_fields = ["id"]

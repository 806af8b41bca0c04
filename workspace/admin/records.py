"""Operators' pages of changes and attempts."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from workspace.admin.base import ReadOnlyAdmin
from workspace.models import (
    AuditSeal,
    ChangeEvent,
    ChangeSubject,
    Job,
    KeyRing,
    OutgoingMail,
    SignInThrottle,
)
from workspace.outbox import send_again
from workspace.words import count


@admin.register(ChangeEvent)
class ChangeEventAdmin(ReadOnlyAdmin):
    """The audit log."""

    list_display = ["at", "actor_name", "sentence", "environment_name", "request_id"]
    list_filter = ["actor_kind", "at"]
    search_fields = ["sentence", "actor_name", "action", "subject_id", "request_id", "workspace_id"]
    show_full_result_count = False


@admin.register(ChangeSubject)
class ChangeSubjectAdmin(ReadOnlyAdmin):
    """The subjects of changes."""

    list_display = ["event", "kind", "subject_id"]
    list_filter = ["kind"]
    list_select_related = ["event"]
    search_fields = ["subject_id"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyAdmin):
    """The seals over the audit log."""

    list_display = ["chain", "number", "event_count", "sealed_at", "digest", "forgotten_at"]
    list_filter = ["sealed_at"]
    search_fields = ["chain", "digest"]
    exclude = ["members"]
    show_full_result_count = False


@admin.register(SignInThrottle)
class SignInThrottleAdmin(ReadOnlyAdmin):
    """Attempts to sign in, by a hash of account and address."""

    list_display = ["key", "attempts", "attempted_at", "open_at"]
    list_filter = ["attempted_at"]
    search_fields = ["key"]


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """The jobs, with how their last run ended."""

    list_display = ["name", "finished_at", "result", "failure_count", "error", "due_at", "leased_by"]
    list_filter = ["failure_count", "finished_at"]
    search_fields = ["name", "error"]


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    """The mails of the last day, those that wait, and those that were given up."""

    list_display = ["subject", "recipients", "created_at", "sent_at", "next_attempt_at", "attempt_count", "error"]
    list_filter = [
        ("sent_at", admin.EmptyFieldListFilter),
        ("next_attempt_at", admin.EmptyFieldListFilter),
        "created_at",
    ]
    search_fields = ["subject", "recipients", "error"]
    raw_id_fields = ["end_user"]
    show_full_result_count = False
    actions = ["send_again"]

    @admin.action(description="Send again what was given up", permissions=["view"])
    def send_again(self, request: HttpRequest, mails: "QuerySet[OutgoingMail]") -> None:
        number = send_again(mails, timezone.now())
        self.message_user(request, f"{count(number, 'mail')} will be sent within seconds.")


@admin.register(KeyRing)
class KeyRingAdmin(ReadOnlyAdmin):
    """Fingerprints of the keys that every node must have."""

    list_display = ["secret_key", "sealing"]
    list_filter = ["secret_key"]
    search_fields = ["secret_key"]

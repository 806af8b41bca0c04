"""Operators' pages of changes and attempts."""

from django.contrib import admin

from workspace.admin.base import ReadOnlyAdmin
from workspace.models import (
    AuditSeal,
    ChangeEvent,
    ChangeSubject,
    Job,
    KeyRing,
    SignInThrottle,
)


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


@admin.register(KeyRing)
class KeyRingAdmin(ReadOnlyAdmin):
    """Fingerprints of the keys that every node must have."""

    list_display = ["secret_key", "sealing"]
    list_filter = ["secret_key"]
    search_fields = ["secret_key"]

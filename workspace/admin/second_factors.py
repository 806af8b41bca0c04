"""Operators' pages of what accounts sign in with beside their password. Keys and digests are not shown."""

from django.contrib import admin

from workspace.admin.base import ReadOnlyAdmin
from workspace.models import AccountLink, AuthenticatorApp, Passkey, RecoveryCode


@admin.register(AccountLink)
class AccountLinkAdmin(ReadOnlyAdmin):
    """Links in mails to accounts."""

    list_display = ["user", "kind", "email", "created_at", "expires_at", "used_at"]
    list_filter = ["kind", "created_at"]
    list_select_related = ["user"]
    search_fields = ["user__email_key", "email"]


@admin.register(AuthenticatorApp)
class AuthenticatorAppAdmin(ReadOnlyAdmin):
    """Authenticator apps. An action of accounts turns one off."""

    list_display = ["user", "created_at", "updated_at"]
    list_filter = ["created_at"]
    list_select_related = ["user"]
    search_fields = ["user__email_key"]


@admin.register(RecoveryCode)
class RecoveryCodeAdmin(ReadOnlyAdmin):
    """Recovery codes, used and unused."""

    list_display = ["user", "used_at"]
    list_filter = ["used_at"]
    list_select_related = ["user"]
    search_fields = ["user__email_key"]


@admin.register(Passkey)
class PasskeyAdmin(ReadOnlyAdmin):
    """Passkeys, without their keys."""

    list_display = ["user", "name", "created_at", "last_used_at"]
    list_filter = ["created_at"]
    list_select_related = ["user"]
    search_fields = ["user__email_key", "name"]

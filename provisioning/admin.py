"""Operators look at provisioning; every change goes through the console or an identity provider."""

from django.contrib import admin

from provisioning.models import (
    GroupMapping,
    ProvisionedEmail,
    ProvisionedGroup,
    ProvisionedMembership,
    ProvisionedUser,
    ProvisioningConnection,
    ResourceCount,
    ScimRequest,
    ScimToken,
)
from workspace.admin.base import ReadOnlyAdmin

_PROVIDER = "environment_provider__identity_provider"
_ENVIRONMENT = "environment_provider__environment"
_CONNECTION = [f"connection__{_PROVIDER}", f"connection__{_ENVIRONMENT}"]
_CONNECTION_NAMES = [f"connection__{_PROVIDER}__name_key", f"connection__{_ENVIRONMENT}__workspace__name"]


@admin.register(ProvisioningConnection)
class ProvisioningConnectionAdmin(ReadOnlyAdmin):
    """Which provider provisions which environment."""

    list_display = ["__str__", "workspace", "is_enabled", "takes_over_groups", "saved_at", "created_at"]
    list_filter = ["is_enabled", "takes_over_groups", f"{_ENVIRONMENT}__kind"]
    list_select_related = [_PROVIDER, f"{_ENVIRONMENT}__workspace"]
    search_fields = ["id", f"{_PROVIDER}__name_key", f"{_ENVIRONMENT}__name", f"{_ENVIRONMENT}__workspace__name"]
    fields = [
        "environment_provider", "workspace", "base_url", "is_enabled", "takes_over_groups", "is_strict", "only_mapped",
        "name_from", "email_from", "saved_at",
    ]  # fmt: skip
    readonly_fields = ["base_url", "saved_at"]

    @admin.display(ordering=f"{_ENVIRONMENT}__workspace__name")
    def workspace(self, connection: ProvisioningConnection) -> str:
        return str(connection.environment.workspace)


@admin.register(ScimToken)
class ScimTokenAdmin(ReadOnlyAdmin):
    """Tokens and their use; neither the digest nor the sealed copy is ever shown."""

    list_display = ["masked", "connection", "created_at", "last_used_at", "last_used_from", "expires_at", "revoked_at"]
    list_filter = ["created_at", "last_used_at", "revoked_at"]
    list_select_related = _CONNECTION
    search_fields = ["prefix", "last_four", "connection__id", *_CONNECTION_NAMES]
    fields = [
        "masked", "connection", "created_at", "last_used_at", "last_used_from", "expires_at", "revoked_at", "replaces",
    ]  # fmt: skip
    readonly_fields = ["masked", "created_at"]
    raw_id_fields = ["replaces"]


@admin.register(GroupMapping)
class GroupMappingAdmin(ReadOnlyAdmin):
    """What the members of a provider's groups get."""

    list_display = ["name", "environment", "group", "connection", "created_at"]
    list_filter = ["environment__kind", "created_at"]
    list_select_related = ["environment", "group", *_CONNECTION]
    search_fields = ["name_key", "group__name_key", "connection__id", *_CONNECTION_NAMES]
    raw_id_fields = ["connection", "environment", "group"]


@admin.register(ProvisionedUser)
class ProvisionedUserAdmin(ReadOnlyAdmin):
    """What each provider says of people."""

    list_display = ["user_name", "external_id", "connection", "is_active", "version", "updated_at"]
    list_filter = ["is_active", "updated_at"]
    list_select_related = _CONNECTION
    search_fields = ["id", "user_name_key", "external_id", "connection__id", "end_user__email_key"]
    raw_id_fields = ["connection", "end_user"]
    show_full_result_count = False


@admin.register(ProvisionedEmail)
class ProvisionedEmailAdmin(ReadOnlyAdmin):
    """Addresses of SCIM Users, as filters compare them."""

    list_display = ["value_key", "user", "connection"]
    list_filter = ["user__is_active"]
    list_select_related = ["user", *_CONNECTION]
    search_fields = ["value_key", "user__user_name_key", "connection__id"]
    raw_id_fields = ["user", "connection"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(ProvisionedGroup)
class ProvisionedGroupAdmin(ReadOnlyAdmin):
    """What each provider says of groups."""

    list_display = ["display_name", "external_id", "connection", "group", "is_taken_over", "version", "updated_at"]
    list_filter = ["is_taken_over", "updated_at"]
    list_select_related = ["group", *_CONNECTION]
    search_fields = ["id", "display_name_key", "external_id", "connection__id"]
    raw_id_fields = ["connection", "group"]
    show_full_result_count = False


@admin.register(ProvisionedMembership)
class ProvisionedMembershipAdmin(ReadOnlyAdmin):
    """Who is in which SCIM Group."""

    list_display = ["user", "group", "connection"]
    list_filter = ["group__is_taken_over"]
    list_select_related = ["user", "group", *(f"group__{path}" for path in _CONNECTION)]
    search_fields = ["user__user_name_key", "group__display_name_key", "group__connection__id"]
    raw_id_fields = ["user", "group"]
    ordering = ["-id"]
    show_full_result_count = False

    @admin.display(ordering="group__connection")
    def connection(self, membership: ProvisionedMembership) -> str:
        return str(membership.group.connection)


@admin.register(ResourceCount)
class ResourceCountAdmin(ReadOnlyAdmin):
    """How many Users and Groups each connection has, in parts."""

    list_display = ["connection", "kind", "total"]
    list_filter = ["kind"]
    list_select_related = _CONNECTION
    search_fields = ["connection__id", *_CONNECTION_NAMES]
    raw_id_fields = ["connection"]
    ordering = ["-id"]


@admin.register(ScimRequest)
class ScimRequestAdmin(ReadOnlyAdmin):
    """The request log, secrets masked: written by the protocol, read here."""

    list_display = ["at", "method", "path", "status", "connection_name", "duration_ms", "request_id"]
    list_filter = ["method", "status", "at"]
    search_fields = ["path", "request_id", "connection_name", "connection__id", "workspace_id", "environment_id"]
    raw_id_fields = ["connection"]
    show_full_result_count = False

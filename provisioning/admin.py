"""Operators look at provisioning; every change goes through the console or an identity provider."""

from django.contrib import admin
from django.db.models import Q

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
from workspace.admin.base import LongAdmin, ReadOnlyAdmin
from workspace.admin.lists import DayFilter, filter_by
from workspace.operator_site import Section

_PROVIDER = "environment_provider__identity_provider"
_ENVIRONMENT = "environment_provider__environment"
_CONNECTION = [f"connection__{_PROVIDER}", f"connection__{_ENVIRONMENT}"]
_METHODS = {name: name for name in ("GET", "POST", "PUT", "PATCH", "DELETE")}
_ANSWERS = {"ok": "Answered", "refused": "Refused (4xx)", "failed": "Failed (5xx)"}
_STATUSES = {"ok": Q(status__lt=400), "refused": Q(status__gte=400, status__lt=500), "failed": Q(status__gte=500)}
_CONNECTION_NAMES = [f"connection__{_PROVIDER}__name_key", f"connection__{_ENVIRONMENT}__workspace__name"]


@admin.register(ProvisioningConnection)
class ProvisioningConnectionAdmin(ReadOnlyAdmin):
    """Which provider provisions which environment."""

    is_first = True
    section = Section.PROVISIONING
    place = "environment_provider.environment.workspace_id"
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

    section = Section.PROVISIONING
    place = "connection.environment_provider.environment.workspace_id"
    list_display = ["masked", "connection", "created_at", "last_used_at", "last_used_from", "expires_at", "revoked_at"]
    list_filter = ["created_at", "last_used_at", "revoked_at"]
    list_select_related = _CONNECTION
    search_fields = ["prefix", "last_four", "connection__id", *_CONNECTION_NAMES]
    fields = [
        "masked", "connection", "created_at", "last_used_at", "last_used_from", "expires_at", "revoked_at", "replaces",
    ]  # fmt: skip
    readonly_fields = ["masked", "created_at"]


@admin.register(GroupMapping)
class GroupMappingAdmin(ReadOnlyAdmin):
    """What the members of a provider's groups get."""

    section = Section.PROVISIONING
    place = "environment.workspace_id"
    list_display = ["name", "environment", "group", "connection", "created_at"]
    list_filter = ["environment__kind", "created_at"]
    list_select_related = ["environment", "group", *_CONNECTION]
    search_fields = ["name_key", "group__name_key", "connection__id", *_CONNECTION_NAMES]


@admin.register(ProvisionedUser)
class ProvisionedUserAdmin(LongAdmin):
    """What each provider says of people."""

    section = Section.PROVISIONING
    place = "connection.environment_provider.environment.workspace_id"
    list_display = ["user_name", "external_id", "connection", "is_active", "version", "updated_at"]
    list_filter = ["is_active", DayFilter]
    list_select_related = _CONNECTION
    search_fields = ["id", "user_name_key", "external_id", "end_user"]


@admin.register(ProvisionedEmail)
class ProvisionedEmailAdmin(LongAdmin):
    """Addresses of SCIM Users, as filters compare them."""

    section = Section.PROVISIONING
    place = "connection.environment_provider.environment.workspace_id"
    list_display = ["value_key", "user", "connection"]
    list_filter = ["user__is_active"]
    list_select_related = ["user", *_CONNECTION]
    search_fields = ["value_key", "user"]


@admin.register(ProvisionedGroup)
class ProvisionedGroupAdmin(LongAdmin):
    """What each provider says of groups."""

    section = Section.PROVISIONING
    place = "connection.environment_provider.environment.workspace_id"
    list_display = ["display_name", "external_id", "connection", "group", "is_taken_over", "version", "updated_at"]
    list_filter = ["is_taken_over", DayFilter]
    list_select_related = ["group", *_CONNECTION]
    search_fields = ["id", "display_name_key", "external_id"]


@admin.register(ProvisionedMembership)
class ProvisionedMembershipAdmin(LongAdmin):
    """Who is in which SCIM Group."""

    section = Section.PROVISIONING
    place = "group.connection.environment_provider.environment.workspace_id"
    list_display = ["user", "group", "connection"]
    list_filter = ["group__is_taken_over"]
    list_select_related = ["user", "group", *(f"group__{path}" for path in _CONNECTION)]
    search_fields = ["user", "group"]

    @admin.display(ordering="group__connection")
    def connection(self, membership: ProvisionedMembership) -> str:
        return str(membership.group.connection)


@admin.register(ResourceCount)
class ResourceCountAdmin(ReadOnlyAdmin):
    """How many Users and Groups each connection has, in parts."""

    section = Section.PROVISIONING
    list_display = ["connection", "kind", "total"]
    list_filter = ["kind"]
    list_select_related = _CONNECTION
    search_fields = ["connection__id", *_CONNECTION_NAMES]


@admin.register(ScimRequest)
class ScimRequestAdmin(LongAdmin):
    """The request log, secrets masked: written by the protocol, read here."""

    is_first = True
    section = Section.PROVISIONING
    place = "workspace_id"
    list_display = ["at", "method", "path", "status", "connection_name", "duration_ms", "request_id"]
    list_filter = [filter_by("status", _ANSWERS, _STATUSES), filter_by("method", _METHODS), DayFilter]
    search_fields = ["id", "request_id"]

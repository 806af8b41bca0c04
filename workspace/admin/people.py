"""Operators' pages of end users, their access and their groups."""

from django.contrib import admin

from workspace.admin.base import ReadOnlyAdmin
from workspace.models import (
    EndUser,
    EndUserGroup,
    EnvironmentAccess,
    GroupMembership,
    MergedEndUser,
)


@admin.register(EndUser)
class EndUserAdmin(ReadOnlyAdmin):
    """People of all workspaces."""

    list_display = ["full_name", "email", "user_name", "workspace", "status", "created_at"]
    list_filter = ["status", "created_at"]
    list_select_related = ["workspace"]
    search_fields = ["name_key", "email_key", "user_name_key", "id"]
    show_full_result_count = False


@admin.register(MergedEndUser)
class MergedEndUserAdmin(ReadOnlyAdmin):
    """People who were merged into others."""

    list_display = ["full_name", "email", "end_user", "workspace", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["end_user__workspace"]
    search_fields = ["email_key", "id", "end_user__name_key", "end_user__email_key"]
    show_full_result_count = False

    @admin.display(ordering="end_user__workspace__name")
    def workspace(self, merged: MergedEndUser) -> str:
        return str(merged.end_user.workspace)


@admin.register(EnvironmentAccess)
class EnvironmentAccessAdmin(ReadOnlyAdmin):
    """Access of end users to environments, with its source."""

    list_display = ["end_user", "environment", "workspace", "source_kind", "source_name", "created_at"]
    list_filter = ["source_kind", "created_at"]
    list_select_related = ["end_user", "environment__workspace"]
    search_fields = ["end_user__name_key", "end_user__email_key", "end_user__user_name_key", "source_name", "source_id"]
    ordering = ["-id"]
    show_full_result_count = False

    @admin.display(ordering="environment__workspace__name")
    def workspace(self, access: EnvironmentAccess) -> str:
        return str(access.environment.workspace)


@admin.register(EndUserGroup)
class EndUserGroupAdmin(ReadOnlyAdmin):
    """Groups of all environments."""

    list_display = ["name", "environment", "workspace", "is_everyone", "source_kind", "source_name", "synced_at"]
    list_filter = ["is_everyone", "source_kind"]
    list_select_related = ["environment__workspace"]
    search_fields = ["name_key", "source_name", "environment__workspace__name", "id"]
    show_full_result_count = False

    @admin.display(ordering="environment__workspace__name")
    def workspace(self, group: EndUserGroup) -> str:
        return str(group.environment.workspace)


@admin.register(GroupMembership)
class GroupMembershipAdmin(ReadOnlyAdmin):
    """Members of groups, with their source."""

    list_display = ["end_user", "group", "environment", "source_kind", "source_name", "created_at"]
    list_filter = ["source_kind", "created_at"]
    list_select_related = ["end_user", "group__environment__workspace"]
    search_fields = [
        "end_user__name_key",
        "end_user__email_key",
        "end_user__user_name_key",
        "group__name_key",
        "source_name",
    ]
    ordering = ["-id"]
    show_full_result_count = False

    @admin.display(ordering="group__environment__name")
    def environment(self, membership: GroupMembership) -> str:
        return f"{membership.group.environment} of {membership.group.environment.workspace}"

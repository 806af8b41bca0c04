"""Operators' pages of end users, their access and their groups."""

from django.contrib import admin

from workspace.admin.base import LongAdmin
from workspace.admin.lists import DayFilter
from workspace.admin.looking_up import MOST
from workspace.models import (
    EndUser,
    EndUserGroup,
    EnvironmentAccess,
    GroupMembership,
    MergedEndUser,
)
from workspace.operator_site import Section


@admin.register(EndUser)
class EndUserAdmin(LongAdmin):
    """People of all workspaces."""

    is_first = True
    section = Section.PEOPLE
    place = "workspace_id"
    list_display = ["full_name", "email", "user_name", "workspace", "status", "created_at"]
    list_filter = ["status", DayFilter]
    list_select_related = ["workspace"]
    search_fields = ["id", "email_key", "user_name_key"]

    def found(self, text: str) -> list[object]:
        """Find by parts of names and addresses where nothing is found by a whole value."""
        return super().found(text) or list(
            EndUser.objects.matching(text).order_by().values_list("pk", flat=True)[:MOST]
        )


@admin.register(MergedEndUser)
class MergedEndUserAdmin(LongAdmin):
    """People who were merged into others."""

    section = Section.PEOPLE
    place = "end_user.workspace_id"
    list_display = ["full_name", "email", "end_user", "workspace", "created_at"]
    list_filter = [DayFilter]
    list_select_related = ["end_user__workspace"]
    search_fields = ["id", "email_key", "end_user"]

    @admin.display(ordering="end_user__workspace__name")
    def workspace(self, merged: MergedEndUser) -> str:
        return str(merged.end_user.workspace)


@admin.register(EnvironmentAccess)
class EnvironmentAccessAdmin(LongAdmin):
    """Access of end users to environments, with its source."""

    section = Section.PEOPLE
    place = "environment.workspace_id"
    list_display = ["end_user", "environment", "workspace", "source_kind", "source_name", "created_at"]
    list_filter = ["source_kind", "created_at"]
    list_select_related = ["end_user", "environment__workspace"]
    search_fields = ["end_user"]

    @admin.display(ordering="environment__workspace__name")
    def workspace(self, access: EnvironmentAccess) -> str:
        return str(access.environment.workspace)


@admin.register(EndUserGroup)
class EndUserGroupAdmin(LongAdmin):
    """Groups of all environments."""

    is_first = True
    section = Section.PEOPLE
    place = "environment.workspace_id"
    list_display = ["name", "environment", "workspace", "is_everyone", "source_kind", "source_name", "synced_at"]
    list_filter = ["is_everyone", "source_kind", DayFilter]
    list_select_related = ["environment__workspace"]
    search_fields = ["id", "name_key"]

    @admin.display(ordering="environment__workspace__name")
    def workspace(self, group: EndUserGroup) -> str:
        return str(group.environment.workspace)


@admin.register(GroupMembership)
class GroupMembershipAdmin(LongAdmin):
    """Members of groups, with their source."""

    section = Section.PEOPLE
    place = "group.environment.workspace_id"
    list_display = ["end_user", "group", "environment", "source_kind", "source_name", "created_at"]
    list_filter = ["source_kind", "created_at"]
    list_select_related = ["end_user", "group__environment__workspace"]
    search_fields = ["end_user", "group"]

    @admin.display(ordering="group__environment__name")
    def environment(self, membership: GroupMembership) -> str:
        return f"{membership.group.environment} of {membership.group.environment.workspace}"

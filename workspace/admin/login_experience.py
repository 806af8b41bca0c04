"""Operators' pages of how environments look."""

from django.contrib import admin

from workspace.admin.base import ReadOnlyAdmin
from workspace.models import BrandingFile, LoginExperience, LoginExperienceDraft
from workspace.operator_site import Section

_PLACE = ["environment__name", "environment__workspace__name", "environment__workspace__slug"]


@admin.register(LoginExperience)
class LoginExperienceAdmin(ReadOnlyAdmin):
    """Looks that were saved."""

    section = Section.WORKSPACES
    place = "environment.workspace_id"
    list_display = ["environment", "app_name", "version", "updated_at"]
    list_filter = ["font"]
    list_select_related = ["environment"]
    search_fields = ["app_name", *_PLACE]


@admin.register(BrandingFile)
class BrandingFileAdmin(ReadOnlyAdmin):
    """Logos, icons and fonts."""

    section = Section.WORKSPACES
    place = "environment.workspace_id"
    list_display = ["name", "environment", "kind", "content_type", "size", "updated_at"]
    list_filter = ["kind", "content_type"]
    list_select_related = ["environment"]
    search_fields = ["name", *_PLACE]


@admin.register(LoginExperienceDraft)
class LoginExperienceDraftAdmin(ReadOnlyAdmin):
    """Looks that were previewed."""

    section = Section.WORKSPACES
    place = "environment.workspace_id"
    list_display = ["environment", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["environment"]
    search_fields = _PLACE

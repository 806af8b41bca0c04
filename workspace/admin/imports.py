"""Operators' pages of imports."""

from django.contrib import admin

from workspace.admin.base import LongAdmin, ReadOnlyAdmin
from workspace.models import ImportedLine, PeopleImport
from workspace.operator_site import Section


@admin.register(PeopleImport)
class PeopleImportAdmin(ReadOnlyAdmin):
    """Files of people, which administrators import in the console."""

    section = Section.PEOPLE
    place = "workspace_id"
    list_display = ["file_name", "workspace", "environment", "state", "line_count", "uploaded_by", "created_at", "note"]
    list_filter = ["state", "created_at"]
    list_select_related = ["workspace", "environment"]
    search_fields = ["file_name", "uploaded_by", "workspace__name", "workspace__slug"]
    date_hierarchy = "created_at"


@admin.register(ImportedLine)
class ImportedLineAdmin(LongAdmin):
    """The lines of those files, with what becomes of each."""

    section = Section.PEOPLE
    place = "people_import.workspace_id"
    list_display = ["people_import", "number", "email", "outcome", "note"]
    list_filter = ["outcome"]
    list_select_related = ["people_import"]
    search_fields = ["email_key"]

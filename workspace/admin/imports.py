"""Operators' pages of imports."""

from django.contrib import admin

from workspace.admin.base import ReadOnlyAdmin
from workspace.models import ImportedLine, PeopleImport


@admin.register(PeopleImport)
class PeopleImportAdmin(ReadOnlyAdmin):
    """Files of people, which administrators import in the console."""

    list_display = ["file_name", "workspace", "environment", "state", "line_count", "uploaded_by", "created_at", "note"]
    list_filter = ["state", "created_at"]
    list_select_related = ["workspace", "environment"]
    search_fields = ["file_name", "uploaded_by", "workspace__name", "workspace__slug"]
    show_full_result_count = False


@admin.register(ImportedLine)
class ImportedLineAdmin(ReadOnlyAdmin):
    """The lines of those files, with what becomes of each."""

    list_display = ["people_import", "number", "email", "outcome", "note"]
    list_filter = ["outcome"]
    list_select_related = ["people_import"]
    search_fields = ["email_key", "people_import__file_name"]
    ordering = ["-id"]
    show_full_result_count = False

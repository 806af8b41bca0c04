"""Operators' pages of workspaces, environments and roles."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from workspace.actions.administrators import add_administrator
from workspace.actions.workspaces import create_workspace
from workspace.admin.base import AddOnlyAdmin, ModelForm, ReadOnlyAdmin, checked_name, operator
from workspace.models import (
    Administrator,
    AdministratorInvitation,
    ApiToken,
    Environment,
    IdempotentRequest,
    Workspace,
)
from workspace.operator_site import Section


class AddWorkspaceForm(ModelForm):
    """A workspace with its environments."""

    kinds = forms.MultipleChoiceField(
        label="Environments",
        choices=Environment.Kind,
        initial=list(Environment.Kind),
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Workspace
        fields = ["name", "slug"]

    def clean_name(self) -> str:
        return checked_name(self.cleaned_data["name"])


@admin.register(Workspace)
class WorkspaceAdmin(AddOnlyAdmin):
    """Customers."""

    is_first = True
    section = Section.WORKSPACES
    add_form = AddWorkspaceForm
    list_display = ["name", "slug", "created_at", "removed_at"]
    search_fields = ["name", "slug"]
    list_filter = ["created_at"]
    date_hierarchy = "created_at"

    def save_model(self, request: HttpRequest, obj: Workspace, form: AddWorkspaceForm, change: bool) -> None:
        kinds = tuple(Environment.Kind(kind) for kind in form.cleaned_data["kinds"])
        obj.pk = create_workspace(name=obj.name, slug=obj.slug, kinds=kinds, by=operator(request)).pk


@admin.register(Environment)
class EnvironmentAdmin(ReadOnlyAdmin):
    """Environments, which are created with their workspace."""

    is_first = True
    section = Section.WORKSPACES
    list_display = ["name", "workspace", "kind", "position"]
    list_filter = ["kind"]
    list_select_related = ["workspace"]
    search_fields = ["name", "slug", "workspace__name", "workspace__slug"]


class AddAdministratorForm(ModelForm):
    """A role for an existing account."""

    class Meta:
        model = Administrator
        fields = ["user", "workspace", "role"]


@admin.register(Administrator)
class AdministratorAdmin(AddOnlyAdmin):
    """Roles of accounts in workspaces."""

    is_first = True
    section = Section.WORKSPACES
    place = "workspace_id"
    add_form = AddAdministratorForm
    list_display = ["user", "workspace", "role", "created_at"]
    list_filter = ["role"]
    list_select_related = ["user", "workspace"]
    raw_id_fields = ["user", "workspace"]
    search_fields = ["user__email_key", "user__full_name", "workspace__name", "workspace__slug"]
    date_hierarchy = "created_at"

    def save_model(self, request: HttpRequest, obj: Administrator, form: AddAdministratorForm, change: bool) -> None:
        obj.pk = add_administrator(
            workspace=obj.workspace, email=obj.user.email, role=Administrator.Role(obj.role), by=operator(request)
        ).pk


@admin.register(AdministratorInvitation)
class AdministratorInvitationAdmin(ReadOnlyAdmin):
    """Invitations of administrators, which are sent in the console."""

    section = Section.WORKSPACES
    place = "workspace_id"
    list_display = ["email", "workspace", "role", "invited_by_name", "sent_at", "accepted_at", "withdrawn_at"]
    list_filter = ["role", "sent_at"]
    list_select_related = ["workspace"]
    search_fields = ["email_key", "invited_by", "invited_by_name", "workspace__name", "workspace__slug"]
    date_hierarchy = "sent_at"


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """API tokens of workspaces, which administrators make in the console."""

    section = Section.WORKSPACES
    place = "workspace_id"
    list_display = ["name", "prefix", "workspace", "created_by_name", "expires_at", "revoked_at", "last_used_at"]
    list_filter = ["expires_at", "revoked_at", "last_used_at"]
    list_select_related = ["workspace"]
    search_fields = ["name", "prefix", "created_by_name", "workspace__name", "workspace__slug"]


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(ReadOnlyAdmin):
    """Requests of programs with an Idempotency-Key, kept for a day. Their answers are not shown."""

    place = "token.workspace_id"
    list_display = ["key", "token", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["token"]
    search_fields = ["key", "token__name", "token__prefix"]

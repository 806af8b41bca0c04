"""Django admin for operators. What has an action goes through it; everything else of customers can only be read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import mark_safe

from workspace.action_names import Action
from workspace.actions.administrators import add_administrator
from workspace.actions.workspaces import create_workspace
from workspace.db.keys import canonical
from workspace.events import Actor, Sentence, record
from workspace.models import (
    Administrator,
    ChangeEvent,
    ChangeSubject,
    EndUser,
    EndUserGroup,
    Environment,
    EnvironmentAccess,
    GroupMembership,
    SignInThrottle,
    User,
    Workspace,
)


def operator(request: Any) -> Actor:
    """The signed-in operator as an actor."""
    return Actor.operator(request.user, request.request_id)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that operators look at: they change elsewhere, through actions."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class AddOnlyAdmin(ReadOnlyAdmin):
    """Rows that operators make through an action and then look at."""

    add_form: type[forms.ModelForm]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def get_form(
        self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        if obj is None:
            kwargs["form"] = self.add_form
        return super().get_form(request, obj, change, **kwargs)


class AddWorkspaceForm(forms.ModelForm):
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


@admin.register(Workspace)
class WorkspaceAdmin(AddOnlyAdmin):
    """Customers."""

    add_form = AddWorkspaceForm
    list_display = ["name", "slug", "created_at"]
    search_fields = ["name", "slug"]
    list_filter = ["created_at"]

    def save_model(self, request: HttpRequest, obj: Workspace, form: AddWorkspaceForm, change: bool) -> None:
        kinds = tuple(Environment.Kind(kind) for kind in form.cleaned_data["kinds"])
        obj.pk = create_workspace(name=obj.name, slug=obj.slug, kinds=kinds, by=operator(request)).pk


@admin.register(Environment)
class EnvironmentAdmin(ReadOnlyAdmin):
    """Environments come with their workspace."""

    list_display = ["name", "workspace", "kind", "position"]
    list_filter = ["kind"]
    list_select_related = ["workspace"]
    search_fields = ["name", "slug", "workspace__name", "workspace__slug"]


class AddAdministratorForm(forms.ModelForm):
    """A role for an account that exists."""

    class Meta:
        model = Administrator
        fields = ["user", "workspace", "role"]


@admin.register(Administrator)
class AdministratorAdmin(AddOnlyAdmin):
    """Who administers which workspace."""

    add_form = AddAdministratorForm
    list_display = ["user", "workspace", "role", "created_at"]
    list_filter = ["role"]
    list_select_related = ["user", "workspace"]
    autocomplete_fields = ["user", "workspace"]
    search_fields = ["user__email_key", "user__full_name", "workspace__name", "workspace__slug"]

    def save_model(self, request: HttpRequest, obj: Administrator, form: AddAdministratorForm, change: bool) -> None:
        obj.pk = add_administrator(
            workspace=obj.workspace, email=obj.user.email, role=Administrator.Role(obj.role), by=operator(request)
        ).pk


class AddUserForm(AdminUserCreationForm):
    """A new account; its password is checked like any other."""

    class Meta:
        model = User
        fields = ["email", "full_name"]

    def clean_email(self) -> str:
        return free_address(self)


class ChangeUserForm(forms.ModelForm):
    """An account without its password hash, which nobody needs to see."""

    class Meta:
        model = User
        fields = ["email", "full_name", "is_active", "is_staff"]

    def clean_email(self) -> str:
        return free_address(self)


def free_address(form: forms.ModelForm) -> str:
    """The form's address, if no other account has it in any spelling."""
    email = form.cleaned_data["email"]
    if User.objects.filter(email_key=canonical(email)).exclude(pk=form.instance.pk).exists():
        raise forms.ValidationError("There is an account with this email address already.")
    return email


@admin.register(User)
class ConsoleUserAdmin(UserAdmin):
    """Accounts of administrators and operators. Only their changes have no action; each is recorded here."""

    add_form = AddUserForm
    form = ChangeUserForm
    list_display = ["email", "full_name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email_key", "full_name"]
    ordering = ["email_key"]
    filter_horizontal = []
    readonly_fields = ["last_login"]
    fieldsets = [
        (
            None,
            {
                "fields": ["email", "full_name", "is_active", "is_staff", "last_login"],
                "description": mark_safe('<a href="../password/">Set a new password</a>'),
            },
        ),
    ]
    add_fieldsets = [(None, {"fields": ["email", "full_name", "usable_password", "password1", "password2"]})]

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:
        # Operators run the whole installation: there are no finer rights to give.
        obj.is_superuser = obj.is_staff
        super().save_model(request, obj, form, change)

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        return super().user_change_password(request, id, form_url)

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> LogEntry:
        by = operator(request)
        sentence = Sentence("{by} created the account {user}.", by=by, user=obj)
        record(by=by, action=Action.USER_CREATED, subject=obj, sentence=sentence)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> LogEntry:
        by, entry = operator(request), super().log_change(request, obj, message)
        what = entry.get_change_message().rstrip(".")
        sentence = Sentence("{by} edited the account {user}: {what}.", by=by, user=obj, what=what)
        record(by=by, action=Action.USER_CHANGED, subject=obj, sentence=sentence)
        return entry


@admin.register(EndUser)
class EndUserAdmin(ReadOnlyAdmin):
    """People of all workspaces."""

    list_display = ["full_name", "email", "workspace", "status", "created_at"]
    list_filter = ["status", "created_at"]
    list_select_related = ["workspace"]
    search_fields = ["name_key", "email_key", "id"]
    show_full_result_count = False


@admin.register(EnvironmentAccess)
class EnvironmentAccessAdmin(ReadOnlyAdmin):
    """Who may sign in where, and what says so."""

    list_display = ["end_user", "environment", "workspace", "source_kind", "source_name", "created_at"]
    list_filter = ["source_kind", "created_at"]
    list_select_related = ["end_user", "environment__workspace"]
    search_fields = ["end_user__name_key", "end_user__email_key", "source_name", "source_id"]
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
    """Who is in which group, and what says so."""

    list_display = ["end_user", "group", "environment", "source_kind", "source_name", "created_at"]
    list_filter = ["source_kind", "created_at"]
    list_select_related = ["end_user", "group__environment__workspace"]
    search_fields = ["end_user__name_key", "end_user__email_key", "group__name_key", "source_name", "source_id"]
    ordering = ["-id"]
    show_full_result_count = False

    @admin.display(ordering="group__environment__name")
    def environment(self, membership: GroupMembership) -> str:
        return f"{membership.group.environment} of {membership.group.environment.workspace}"


@admin.register(ChangeEvent)
class ChangeEventAdmin(ReadOnlyAdmin):
    """The audit: written once by the actions, read here."""

    list_display = ["at", "actor_name", "sentence", "environment_name", "request_id"]
    list_filter = ["actor_kind", "at"]
    search_fields = ["sentence", "actor_name", "action", "subject_id", "request_id", "workspace_id"]
    show_full_result_count = False


@admin.register(ChangeSubject)
class ChangeSubjectAdmin(ReadOnlyAdmin):
    """Whom and what changes concern."""

    list_display = ["event", "kind", "subject_id"]
    list_filter = ["kind"]
    list_select_related = ["event"]
    search_fields = ["subject_id"]
    ordering = ["-id"]
    show_full_result_count = False


@admin.register(SignInThrottle)
class SignInThrottleAdmin(ReadOnlyAdmin):
    """Attempts to sign in, by a hash of account and address."""

    list_display = ["key", "attempts", "attempted_at", "open_at"]
    list_filter = ["attempted_at"]
    search_fields = ["key"]


# Rights come with being an operator; Django's own groups would only be mistaken for end-user groups.
admin.site.unregister(Group)

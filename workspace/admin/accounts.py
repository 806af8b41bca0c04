"""Operators' pages of console accounts."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import mark_safe

from workspace.actions.operators import change_account, create_account, note_account_password
from workspace.actions.passkeys import remove_passkey
from workspace.actions.two_step import disable_two_step
from workspace.admin.base import OperatorAdmin, checked_name, operator
from workspace.console.acting import refusals_as_messages
from workspace.db.keys import canonical
from workspace.models import User

if TYPE_CHECKING:
    _UserAdmin = UserAdmin[User]
    _UserForm = forms.ModelForm[User]
    _UserCreationForm = AdminUserCreationForm[User]
else:
    _UserAdmin, _UserForm, _UserCreationForm = UserAdmin, forms.ModelForm, AdminUserCreationForm


class AddUserForm(_UserCreationForm):
    """A new account."""

    class Meta:
        model = User
        fields = ["email", "full_name"]

    def clean_email(self) -> str:
        return free_address(self)

    def clean_full_name(self) -> str:
        return checked_name(self.cleaned_data["full_name"], self.instance.full_name)


class ChangeUserForm(_UserForm):
    """An account without its password hash."""

    class Meta:
        model = User
        fields = ["email", "full_name", "is_active", "is_staff"]

    def clean_email(self) -> str:
        return free_address(self)

    def clean_full_name(self) -> str:
        return checked_name(self.cleaned_data["full_name"], self.instance.full_name)


def free_address(form: _UserForm) -> str:
    """Return the form's address. Raises ValidationError if another account has it in any spelling."""
    email = form.cleaned_data["email"]
    if User.objects.filter(email_key=canonical(email)).exclude(pk=form.instance.pk).exists():
        raise forms.ValidationError("There is an account with this email address already.")
    return email


@admin.register(User)
class ConsoleUserAdmin(OperatorAdmin, _UserAdmin):
    """Accounts of administrators and operators."""

    is_first = True
    add_form = AddUserForm
    form = ChangeUserForm
    list_display = ["email", "full_name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email_key", "full_name"]
    ordering = ["email_key"]
    filter_horizontal = []
    actions = ["turn_off_two_step", "remove_passkeys"]
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

    def save_model(self, request: HttpRequest, obj: User, form: _UserForm, change: bool) -> None:
        save = change_account if change else create_account
        save(user=obj, by=operator(request))

    @admin.action(description="Turn off two-step verification", permissions=["change"])
    def turn_off_two_step(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Let people in who have lost their authenticator app and all recovery codes."""
        for user in users:
            with refusals_as_messages(request):
                disable_two_step(user=user, by=operator(request))
                messages.success(request, f"Two-step verification of {user} is off.")

    @admin.action(description="Remove all passkeys", permissions=["change"])
    def remove_passkeys(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Let people in who have lost the only passkey, which their workspace requires."""
        for user in users:
            for passkey in user.passkeys.all():
                with refusals_as_messages(request):
                    remove_passkey(user=user, passkey=passkey.pk, by=operator(request))
                    messages.success(request, f"The passkey {passkey} of {user} is removed.")

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            note_account_password(user=User.objects.get(pk=id), by=operator(request))
        return response


# Django's groups give no rights here, and would be mistaken for end-user groups.
admin.site.unregister(Group)

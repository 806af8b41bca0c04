"""Forms of administrators: who is invited, which role, and the account of somebody new."""

from typing import cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from workspace.console.permissions import may, to_give
from workspace.forms.passwords import NewPasswordForm
from workspace.models import Administrator, User

Role = Administrator.Role

ROLE_HINTS = {
    Role.OWNER: _("Everything, also owners and removing the workspace."),
    Role.ADMIN: _("Everything but owners and removing the workspace."),
    Role.VIEWER: _("Reads everything but secrets, and changes nothing."),
}


class RoleForm(forms.Form):
    """A role that the administrator who acts may give."""

    role = forms.ChoiceField(
        label=_("Role"), widget=forms.RadioSelect, error_messages={"required": _("Choose a role.")}
    )

    def __init__(
        self, data: QueryDict | None = None, *, by: Administrator, initial: dict[str, object] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        given = [role for role in Role if may(by, to_give(role))]
        cast(forms.ChoiceField, self.fields["role"]).choices = [(role.value, role.label) for role in given]

    def chosen(self) -> Administrator.Role:
        return Role(self.cleaned_data["role"])


class InvitationForm(RoleForm):
    """An address and the role that it is offered."""

    email = forms.CharField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("Enter an email address.")},
    )
    field_order = ["email", "role"]


class NewAccountForm(NewPasswordForm):
    """The name and password of somebody who had no account in the console."""

    full_name = forms.CharField(
        label=_("Full name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
        error_messages={"required": _("Enter your full name.")},
    )
    field_order = ["full_name", "password", "repeated"]

    def __init__(self, data: QueryDict | None = None, *, email: str) -> None:
        name = data.get("full_name", "") if data else ""
        super().__init__(data, owner=User(email=email, full_name=name))

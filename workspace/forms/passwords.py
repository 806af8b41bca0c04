"""Forms in which somebody chooses a password."""

from typing import Any, cast

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.passwords import normalised


def password_input(autocomplete: str, **attributes: Any) -> forms.PasswordInput:
    return forms.PasswordInput(attrs={"autocomplete": autocomplete, **attributes})


class NewPasswordForm(forms.Form):
    """A password that its owner chooses, by the rules of the installation."""

    password = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        max_length=1000,
        widget=password_input("new-password"),
        error_messages={"required": gettext_lazy("Enter a new password.")},
    )
    repeated = forms.CharField(
        label=gettext_lazy("New password again"),
        strip=False,
        widget=password_input("new-password"),
        error_messages={"required": gettext_lazy("Enter the new password a second time.")},
    )

    def __init__(self, data: QueryDict | None = None, *, owner: object) -> None:
        super().__init__(data)
        self.owner = owner
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        # The validators read attributes only, so an end user works as well as a console account.
        validate_password(password, cast(Any, self.owner))
        return password

    def clean_repeated(self) -> str:
        repeated = self.cleaned_data["repeated"]
        if normalised(repeated) != normalised(self.cleaned_data.get("password", repeated)):
            raise forms.ValidationError(_("The two are not the same. Enter the new password again."))
        return repeated


class ChangePasswordForm(NewPasswordForm):
    """A new password of somebody who knows the current one."""

    current = forms.CharField(
        label=gettext_lazy("Current password"),
        strip=False,
        widget=password_input("current-password"),
        error_messages={"required": gettext_lazy("Enter your current password.")},
    )
    field_order = ["current"]

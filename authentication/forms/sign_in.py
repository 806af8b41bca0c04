"""What end users type to sign in and to choose a password."""

from typing import Any, cast

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.http import QueryDict

from workspace.models import EndUser
from workspace.passwords import normalised


def _password(autocomplete: str, **attributes: Any) -> forms.PasswordInput:
    return forms.PasswordInput(attrs={"autocomplete": autocomplete, **attributes})


class EmailForm(forms.Form):
    """The address of who wants to sign in."""

    email = forms.CharField(
        label="Email address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={"required": "Enter your email address."},
    )


class PasswordSignInForm(EmailForm):
    """An account and its password. The address is read-only once it has decided the way to sign in."""

    password = forms.CharField(
        strip=False, widget=_password("current-password"), error_messages={"required": "Enter your password."}
    )

    def __init__(self, data: QueryDict | None = None, *, is_address_known: bool, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if is_address_known:
            self.fields["email"].widget.attrs |= {"readonly": True, "autofocus": False}
            self.fields["password"].widget.attrs["autofocus"] = True


class NewPasswordForm(forms.Form):
    """A password that a person chooses, by the rules of the installation."""

    password = forms.CharField(
        label="New password",
        strip=False,
        max_length=1000,
        widget=_password("new-password"),
        error_messages={"required": "Enter a new password."},
    )
    repeated = forms.CharField(
        label="New password again",
        strip=False,
        widget=_password("new-password"),
        error_messages={"required": "Enter the new password a second time."},
    )

    def __init__(self, data: QueryDict | None = None, *, end_user: EndUser) -> None:
        super().__init__(data)
        self.end_user = end_user
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        # The validators read attributes only, so a person works as well as a console account.
        validate_password(password, cast(Any, self.end_user))
        return password

    def clean_repeated(self) -> str:
        repeated = self.cleaned_data["repeated"]
        if normalised(repeated) != normalised(self.cleaned_data.get("password", repeated)):
            raise forms.ValidationError("The two are not the same. Enter the new password again.")
        return repeated


class ChangePasswordForm(NewPasswordForm):
    """A new password of somebody who knows the current one."""

    current = forms.CharField(
        label="Current password",
        strip=False,
        widget=_password("current-password"),
        error_messages={"required": "Enter your current password."},
    )
    field_order = ["current"]

"""What end users type to sign in."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from workspace.forms.passwords import password_input


class EmailForm(forms.Form):
    """The address of who wants to sign in."""

    email = forms.CharField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={"required": _("Enter your email address.")},
    )


class PasswordSignInForm(EmailForm):
    """An account and its password. The address is read-only once it has decided the way to sign in."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=password_input("current-password"),
        error_messages={"required": _("Enter your password.")},
    )

    def __init__(self, data: QueryDict | None = None, *, is_address_known: bool, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if is_address_known:
            self.fields["email"].widget.attrs |= {"readonly": True, "autofocus": False}
            self.fields["password"].widget.attrs["autofocus"] = True

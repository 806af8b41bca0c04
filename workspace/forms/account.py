"""Forms of one's own console account."""

from django import forms


class NameForm(forms.Form):
    """What people call the account's owner."""

    full_name = forms.CharField(
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your full name."},
    )


class ForgottenPasswordForm(forms.Form):
    """The address of an account whose password is forgotten."""

    email = forms.CharField(
        label="Email address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={"required": "Enter your email address."},
    )

"""Forms of passkeys. The browser fills in what its authenticator says."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PasskeyAnswerForm(forms.Form):
    """An answer of an authenticator, and the challenge that it answers."""

    credential = forms.CharField(max_length=50_000, widget=forms.HiddenInput)
    challenge = forms.CharField(max_length=1000, widget=forms.HiddenInput)


class AddPasskeyForm(PasskeyAnswerForm):
    """A passkey and its name."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        help_text=_("So that you recognise it, such as MacBook or security key."),
        error_messages={"required": _("Enter a name for the passkey.")},
    )

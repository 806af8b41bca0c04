"""Forms in which somebody enters a code."""

from django import forms
from django.http import QueryDict


class CodeForm(forms.Form):
    """The code that an authenticator app shows."""

    code = forms.CharField(
        label="Code from your authenticator app",
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "spellcheck": "false"}
        ),
        error_messages={"required": "Enter the six digits that the app shows."},
    )


class FirstCodeForm(CodeForm):
    """The first code of a new app. The page begins with the QR code, so it does not begin in this field."""

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.fields["code"].widget.attrs["autofocus"] = False


class RecoveryCodeForm(forms.Form):
    """One of the codes that were shown when two-step verification was turned on."""

    code = forms.CharField(
        label="Recovery code",
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "autofocus": True, "spellcheck": "false"}
        ),
        error_messages={"required": "Enter one of your recovery codes."},
    )


class AnyCodeForm(RecoveryCodeForm):
    """A code of the app, or a recovery code of somebody who has lost it."""

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        field = self.fields["code"]
        field.label = "Code from your authenticator app, or a recovery code"
        field.error_messages["required"] = "Enter a code."

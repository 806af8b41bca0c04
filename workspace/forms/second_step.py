"""Forms in which somebody enters a code."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class CodeForm(forms.Form):
    """The code that an authenticator app shows."""

    code = forms.CharField(
        label=gettext_lazy("Code from your authenticator app"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "spellcheck": "false"}
        ),
        error_messages={"required": gettext_lazy("Enter the six digits that the app shows.")},
    )


class FirstCodeForm(CodeForm):
    """The first code of a new app. The page begins with the QR code, so it does not begin in this field."""

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.fields["code"].widget.attrs["autofocus"] = False


class RecoveryCodeForm(forms.Form):
    """One of the codes that were shown when two-step verification was turned on."""

    code = forms.CharField(
        label=gettext_lazy("Recovery code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "autofocus": True, "spellcheck": "false"}
        ),
        error_messages={"required": gettext_lazy("Enter one of your recovery codes.")},
    )


class AnyCodeForm(RecoveryCodeForm):
    """A code of the app, or a recovery code of somebody who has lost it."""

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        field = self.fields["code"]
        field.label = _("Code from your authenticator app, or a recovery code")
        field.error_messages["required"] = _("Enter a code.")

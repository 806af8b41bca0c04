"""Why somebody may bypass SSO, and until when."""

from datetime import date, timedelta

from django import forms
from django.http import QueryDict

from authentication.actions.bypasses import MOST_DAYS


class BypassForm(forms.Form):
    """A reason and a day."""

    reason = forms.CharField(
        max_length=200,
        help_text="Owners read it in the mail of each use.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": "Enter a reason."},
    )
    until = forms.DateField(
        label="Last day",
        help_text=f"At most {MOST_DAYS} days from now. The permission ends at the end of this day (UTC).",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Enter a day like 2026-12-31."},
    )

    def __init__(self, data: QueryDict | None = None, *, today: date) -> None:
        super().__init__(data)
        last = today + timedelta(days=MOST_DAYS)
        self.fields["until"].widget.attrs |= {"min": today.isoformat(), "max": last.isoformat()}

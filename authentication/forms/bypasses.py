"""Why somebody may bypass SSO, and until when."""

from datetime import date, timedelta

from django import forms
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from authentication.actions.bypasses import MOST_DAYS


class BypassForm(forms.Form):
    """A reason and a day."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Owners read it in the mail of each use."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("Enter a reason.")},
    )
    until = forms.DateField(
        label=_("Last day"),
        help_text=format_lazy(
            _("At most {days} days from now. The permission ends at the end of this day (UTC)."), days=MOST_DAYS
        ),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Choose a day."), "invalid": _("Enter a day like 2026-12-31.")},
    )

    def __init__(self, data: QueryDict | None = None, *, today: date) -> None:
        super().__init__(data)
        last = today + timedelta(days=MOST_DAYS)
        self.fields["until"].widget.attrs |= {"min": today.isoformat(), "max": last.isoformat()}

"""What happens to the sessions that a way to sign in has opened when it is taken away."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from authentication.models.sessions import GREATEST_AGE
from workspace.words import grouped


class OpenSessionsForm(forms.Form):
    """Whether open sessions go on or end now. Neither is chosen beforehand."""

    sessions = forms.ChoiceField(
        widget=forms.RadioSelect, error_messages={"required": _("Choose what happens to open sessions.")}
    )

    def __init__(self, data: QueryDict | None = None, *, number: int) -> None:
        super().__init__(data)
        field = self.fields["sessions"]
        field.label = ngettext(
            "%(number)s session is open that began this way", "%(number)s sessions are open that began this way", number
        ) % {"number": grouped(number)}
        keep = ngettext(
            "Let it go on, for %(hours)s hours at most", "Let them go on, for %(hours)s hours at most", number
        )
        field.choices = [  # type: ignore[attr-defined]
            ("keep", keep % {"hours": int(GREATEST_AGE.total_seconds() // 3600)}),
            ("end", ngettext("End it now", "End them now", number)),
        ]

    @property
    def is_ending(self) -> bool:
        return self.cleaned_data.get("sessions") == "end"

"""What happens to the sessions that a way to sign in has opened when it is taken away."""

from django import forms
from django.http import QueryDict

from authentication.models.sessions import GREATEST_AGE
from workspace.words import count


class OpenSessionsForm(forms.Form):
    """Whether open sessions go on or end now. Neither is chosen beforehand."""

    sessions = forms.ChoiceField(
        widget=forms.RadioSelect, error_messages={"required": "Choose what happens to open sessions."}
    )

    def __init__(self, data: QueryDict | None = None, *, number: int) -> None:
        super().__init__(data)
        field = self.fields["sessions"]
        field.label = f"{count(number, 'session is', 'sessions are')} open that began this way"
        hours = int(GREATEST_AGE.total_seconds() // 3600)
        field.choices = [  # type: ignore[attr-defined]
            ("keep", f"Let {'it' if number == 1 else 'them'} go on, for {hours} hours at most"),
            ("end", f"End {'it' if number == 1 else 'them'} now"),
        ]

    @property
    def is_ending(self) -> bool:
        return self.cleaned_data.get("sessions") == "end"

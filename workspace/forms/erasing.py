"""The address typed before the personal data of a person is deleted."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.db.keys import canonical
from workspace.isolation import isolated
from workspace.models import EndUser


class ErasureForm(forms.Form):
    """The person's address, typed to show that this one is meant; of a person without one, the userName or name."""

    typed = forms.CharField(
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Type it as it stands in the label.")},
    )

    def __init__(self, data: QueryDict | None = None, *, end_user: EndUser) -> None:
        super().__init__(data)
        self.wanted = end_user.identifier or end_user.full_name
        self.fields["typed"].label = _("Type %(wanted)s to confirm") % {"wanted": isolated(self.wanted)}

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"])
        if canonical(typed) != canonical(self.wanted):
            raise forms.ValidationError(
                _("This is somebody else. Type %(wanted)s.") % {"wanted": isolated(self.wanted)}
            )
        return typed

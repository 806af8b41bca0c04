"""Forms of a workspace: its name, and the name typed again before it is removed."""

from typing import ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.db.keys import name_key
from workspace.isolation import isolated
from workspace.models import Workspace
from workspace.words import Text


class WorkspaceForm(forms.Form):
    """A workspace's name."""

    name = forms.CharField(
        label=gettext_lazy("Workspace name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter a name for the workspace.")},
    )


class TypedNameForm(forms.Form):
    """The name of a thing, typed to show that this one is meant."""

    name = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))
    missing: ClassVar[Text]
    wrong: ClassVar[Text]

    def __init__(self, data: QueryDict | None = None, *, name: str) -> None:
        super().__init__(data)
        self._name = name
        self.fields["name"].label = _("Type %(name)s to confirm") % {"name": isolated(name)}
        self.fields["name"].error_messages["required"] = self.missing

    def clean_name(self) -> str:
        typed = self.cleaned_data["name"]
        if name_key(typed) != name_key(self._name):
            raise forms.ValidationError(self.wrong % {"name": isolated(self._name)})
        return str(typed)


class RemovalForm(TypedNameForm):
    """The name of the workspace, typed."""

    missing = gettext_lazy("Type the name of the workspace.")
    wrong = gettext_lazy("This is not the name of the workspace. Type %(name)s.")

    def __init__(self, data: QueryDict | None = None, *, workspace: Workspace) -> None:
        super().__init__(data, name=workspace.name)

"""Forms of a workspace: its name, and the name typed again before it is removed."""

from django import forms
from django.http import QueryDict

from workspace.db.keys import name_key
from workspace.isolation import isolated
from workspace.models import Workspace


class WorkspaceForm(forms.Form):
    """A workspace's name."""

    name = forms.CharField(
        label="Workspace name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter a name for the workspace."},
    )


class TypedNameForm(forms.Form):
    """The name of a thing, typed to show that this one is meant."""

    name = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))

    def __init__(self, data: QueryDict | None = None, *, of: str, name: str) -> None:
        super().__init__(data)
        self._of, self._name = of, name
        self.fields["name"].label = f"Type {isolated(name)} to confirm"
        self.fields["name"].error_messages["required"] = f"Type the name of the {of}."

    def clean_name(self) -> str:
        typed = self.cleaned_data["name"]
        if name_key(typed) != name_key(self._name):
            raise forms.ValidationError(f"This is not the name of the {self._of}. Type {isolated(self._name)}.")
        return str(typed)


class RemovalForm(TypedNameForm):
    """The name of the workspace, typed."""

    def __init__(self, data: QueryDict | None = None, *, workspace: Workspace) -> None:
        super().__init__(data, of="workspace", name=workspace.name)

"""Forms of a workspace: its name, and the name typed again before it is removed."""

from django import forms
from django.http import QueryDict

from workspace.db.keys import name_key
from workspace.models import Workspace


class WorkspaceForm(forms.Form):
    """A workspace's name."""

    name = forms.CharField(
        label="Workspace name",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter a name for the workspace."},
    )


class RemovalForm(forms.Form):
    """The name of the workspace, typed to show that this one is meant."""

    name = forms.CharField(
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Type the name of the workspace."},
    )

    def __init__(self, data: QueryDict | None = None, *, workspace: Workspace) -> None:
        super().__init__(data)
        self.workspace = workspace
        self.fields["name"].label = f"Type {workspace} to confirm"

    def clean_name(self) -> str:
        typed = self.cleaned_data["name"]
        if name_key(typed) != name_key(self.workspace.name):
            raise forms.ValidationError(f"This is not the name of the workspace. Type {self.workspace}.")
        return str(typed)

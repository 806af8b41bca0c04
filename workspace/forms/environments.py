"""Forms of an environment: what it is called, and its name typed again before it is removed."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from workspace.forms.workspaces import TypedNameForm
from workspace.models import Environment

Kind, Colour = Environment.Kind, Environment.Colour


class EnvironmentForm(forms.Form):
    """Name, kind and colour."""

    name = forms.CharField(
        label=_("Name"),
        max_length=50,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter a name.")},
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Kind, help_text=_("Production has a warning tone on every page."))
    colour = forms.ChoiceField(label=_("Colour"), choices=Colour, help_text=_("Of its mark in the environment switch."))

    def answers(self) -> dict[str, Any]:
        """Return what the actions take."""
        data = self.cleaned_data
        return {**data, "kind": Kind(data["kind"]), "colour": Colour(data["colour"])}


class NewEnvironmentForm(EnvironmentForm):
    """The same with the short name, which does not change later."""

    slug = forms.CharField(
        label=_("Short name for URLs"),
        required=False,
        max_length=60,
        help_text=_("Stays for good, because sign-in addresses contain it. Empty: made of the name."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    field_order = ["name", "slug", "kind", "colour"]


class EnvironmentRemovalForm(TypedNameForm):
    """The name of the environment, typed to show that this one is meant."""

    missing = _("Type the name of the environment.")
    wrong = _("This is not the name of the environment. Type %(name)s.")

    def __init__(self, data: QueryDict | None = None, *, environment: Environment) -> None:
        super().__init__(data, name=environment.name)

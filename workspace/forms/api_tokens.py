"""Forms of API tokens: a new one, and its rotation."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.models import Environment, Workspace
from workspace.scopes import LEVELS, NOUNS

_EVERYWHERE, _SELECTED = "all", "selected"
_ON_A_DATE, _NEVER = "date", "never"
ENDS = {
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "365": gettext_lazy("1 year"),
    _ON_A_DATE: gettext_lazy("On a date"),
    _NEVER: gettext_lazy("Never"),
}
# How long the old token works beside the new one, in hours.
OVERLAPS = {
    "0": gettext_lazy("At once"),
    "1": gettext_lazy("In 1 hour"),
    "24": gettext_lazy("In 24 hours"),
    "168": gettext_lazy("In 7 days"),
}


class ApiTokenForm(forms.Form):
    """The name, scopes, environments and end of a new token."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("The program that will use the token, such as “Nightly HR import”."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": gettext_lazy("Enter a name.")},
    )
    where = forms.ChoiceField(
        label=gettext_lazy("Environments"),
        choices={
            _EVERYWHERE: gettext_lazy("All environments, also new ones"),
            _SELECTED: gettext_lazy("Selected environments"),
        },
        initial=_EVERYWHERE,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose all or selected environments.")},
    )
    environments = forms.ModelMultipleChoiceField(
        Environment.objects.none(),
        label=gettext_lazy("Selected environments"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    ends = forms.ChoiceField(label=gettext_lazy("Expires"), choices=ENDS, initial="90")
    expires_on = forms.DateField(
        label=gettext_lazy("Date (UTC)"),
        required=False,
        help_text=gettext_lazy("For “On a date”: the last day on which the token works."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Enter a date like 2027-01-31.")},
    )

    def __init__(self, data: QueryDict | None = None, *, workspace: Workspace) -> None:
        super().__init__(data)
        cast(
            "forms.ModelMultipleChoiceField[Environment]", self.fields["environments"]
        ).queryset = workspace.environments.all()
        for noun in NOUNS:
            levels = [(level, LEVELS[level]) for level in noun.levels]
            self.fields[f"scope-{noun.name}"] = forms.ChoiceField(
                label=noun.label, required=False, choices=[("", _("No access")), *levels]
            )

    def scope_fields(self) -> Iterator[BoundField]:
        return (self[f"scope-{noun.name}"] for noun in NOUNS)

    def clean(self) -> dict[str, Any]:
        is_missing = self.cleaned_data.get("expires_on", ...) is None
        if self.cleaned_data.get("ends") == _ON_A_DATE and is_missing:
            self.add_error("expires_on", _("Enter the date."))
        return self.cleaned_data

    def scopes(self) -> list[str]:
        levels = [(noun.name, self.cleaned_data[f"scope-{noun.name}"]) for noun in NOUNS]
        return [f"{noun}:{level}" for noun, level in levels if level]

    def places(self) -> list[Environment] | None:
        """Return the environments; None means all."""
        return None if self.cleaned_data["where"] == _EVERYWHERE else list(self.cleaned_data["environments"])

    def expires_at(self, now: datetime) -> datetime | None:
        ends = self.cleaned_data["ends"]
        if ends == _NEVER:
            return None
        if ends != _ON_A_DATE:
            return now + timedelta(days=int(ends))
        last: date = self.cleaned_data["expires_on"]
        return datetime.combine(last, time.max, UTC)


class RotationForm(forms.Form):
    """When the old token ends."""

    overlap = forms.ChoiceField(
        label=gettext_lazy("The old token ends"),
        choices=OVERLAPS,
        initial="24",
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose when the old token ends.")},
    )

    def chosen(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap"]))

"""Which end users an administrator selected in the list, and what is to be done with them."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from workspace.actions.bulk import BULK_CHANGES, BulkChange, Selection
from workspace.forms.end_user_filter import EndUserFilter
from workspace.models import SourceKind
from workspace.models.groups import EndUserGroupQuerySet

# A page of the list has fewer.
_MOST = 1000
_OWN = ("do", "all", "person", "to", "groups", "page")


class SelectionForm(forms.Form):
    """A selection as the list sends it: ids of people, or the filter of the list with `all`."""

    do = forms.CharField(required=False)
    all = forms.BooleanField(required=False)
    to = forms.UUIDField(required=False)

    def __init__(self, data: QueryDict, *, filtered: EndUserFilter) -> None:
        super().__init__(data)
        self.environment, self._filter, self._query = filtered.environment, filtered, data

    def clean_do(self) -> BulkChange:
        change = BULK_CHANGES.get(self.cleaned_data["do"])
        if change is None:
            raise forms.ValidationError(_("Choose what to do with the selected people."))
        return change

    def clean(self) -> dict[str, Any]:
        """Add `people`: those who were selected."""
        answers = super().clean() or {}
        ids = [UUID(text) for text in self._query.getlist("person") if _is_id(text)]
        if answers.get("all") and not self._filter.is_valid():
            raise forms.ValidationError(_("The filter of the list has a mistake. Correct it, then select again."))
        if not (answers.get("all") or ids) or len(ids) > _MOST:
            raise forms.ValidationError(_("Select the people first."))
        chosen = self.environment.workspace.end_users.filter(pk__in=ids)
        answers["people"] = self._filter.people if answers.get("all") else chosen
        return answers

    @property
    def problem(self) -> str:
        """Return the first error as a sentence."""
        return str(next(iter(self.errors.values()))[0])

    def selection(self) -> Selection:
        """Return the selected people with the chosen group, if it is one that people may fill."""
        group = self.groups().filter(pk=self.cleaned_data["to"]).first() if self.cleaned_data["to"] else None
        if group:
            group.environment = self.environment
        has_everybody = self.cleaned_data["all"] and self._filter.has_everybody
        return Selection(self.environment, self.cleaned_data["people"], group, has_everybody)

    def groups(self) -> EndUserGroupQuerySet:
        """Return the groups that people may fill."""
        return self.environment.groups.filter(is_everyone=False, source_kind=SourceKind.MANUAL)

    def kept(self, *but: str) -> list[tuple[str, str]]:
        """Return what the next page of the selection is sent: everything that was sent here, but some."""
        return [(name, value) for name, values in self._query.lists() if name not in but for value in values]

    def filter_query(self) -> str:
        """Return the query of the list from which the people were selected."""
        query = self._query.copy()
        for name in _OWN:
            query.pop(name, None)
        return query.urlencode()


def _is_id(value: str) -> bool:
    try:
        return bool(UUID(value))
    except ValueError:
        return False

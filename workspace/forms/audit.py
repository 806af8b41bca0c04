"""Which changes the audit log shows."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.action_words import action_choices
from workspace.console.states import names_in
from workspace.db.keys import canonical, first_id_at
from workspace.events import Kind, kind_of
from workspace.isolation import isolated
from workspace.models import ChangeEvent, ChangeSubject, EndUser, MergedEndUser, Workspace
from workspace.models.events import ChangeEventQuerySet

# So many people may match what was typed. The changes of more would not be one look-up.
MOST_PEOPLE = 50
# Whoever changed something lately can be chosen. The changes of others are found by a link with their id.
_RECENT_CHANGES = 1000
_MOST_ACTORS = 50
# So many changes are looked at for the name of what they are about.
_LATEST = 10
_NO_ENVIRONMENT = "none"
_YEARS = [
    MinValueValidator(date(2000, 1, 1), gettext_lazy("Enter a date from the year 2000 on.")),
    MaxValueValidator(date(2999, 12, 31), gettext_lazy("Enter a date before the year 3000.")),
]


def _date() -> forms.DateInput:
    return forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class AuditFilter(forms.Form):
    """Which changes the list and the exports hold. A wrong value filters nothing, and its error is shown."""

    person = forms.CharField(
        label=gettext_lazy("About person"), required=False, max_length=254, widget=forms.SearchInput
    )
    actor = forms.ChoiceField(label=gettext_lazy("Done by"), required=False)
    action = forms.ChoiceField(label=gettext_lazy("Kind of action"), required=False)
    environment = forms.ChoiceField(label=gettext_lazy("Environment"), required=False)
    since = forms.DateField(label=gettext_lazy("From (UTC)"), required=False, widget=_date(), validators=_YEARS)
    until = forms.DateField(label=gettext_lazy("To (UTC)"), required=False, widget=_date(), validators=_YEARS)

    def __init__(self, data: QueryDict, *, workspace: Workspace) -> None:
        super().__init__(data)
        self.workspace = workspace
        if _is_id(asked := data.get("person", "")):
            self._name_subject(asked)
        environments = [(str(each.pk), each.name) for each in workspace.environments.all()]
        self._choose("actor", _("Anybody"), _actors(workspace, data.get("actor", "")))
        self._choose("action", _("Any action"), action_choices())
        self._choose("environment", _("Any environment"), [*environments, (_NO_ENVIRONMENT, _("The workspace itself"))])

    def _choose(self, name: str, anything: str, choices: Any) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = [("", anything), *choices]

    def _name_subject(self, asked: str) -> None:
        """Let the thing that a link names by its id be chosen by its name."""
        is_person, name = _subject(self.workspace, UUID(asked))
        label = self.fields["person"].label if is_person else _("About")
        self.fields["person"] = forms.ChoiceField(
            label=label, required=False, choices=[("", _("Anything")), (asked, name or asked)]
        )

    def clean_person(self) -> list[UUID] | None:
        """Return the ids that what was typed means; none at all if nobody matches."""
        text = self.cleaned_data["person"]
        ids = _ids(self.workspace, text) if text else None
        if ids and len(ids) > MOST_PEOPLE:
            raise forms.ValidationError(_("Too many people match. Type the whole name or address."))
        return ids

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", _("Enter a date that is not before the first one."))
        return self.cleaned_data

    def is_asked(self) -> bool:
        """Say whether anything is filtered, or was meant to be."""
        return any(self.data.get(name) for name in self.fields)

    def events(self) -> ChangeEventQuerySet:
        """Return the changes that the filter lets through, newest first."""
        self.full_clean()
        asked = self.cleaned_data
        events = self._of_time()
        if (ids := asked.get("person")) is not None:
            # For a join SQLite walks all changes of the workspace.
            events = events.filter(pk__in=ChangeSubject.objects.filter(subject_id__in=ids).values("event"))
        if actor := asked.get("actor"):
            events = events.filter(actor_id="", actor_kind=actor) if actor in Kind else events.filter(actor_id=actor)
        if action := asked.get("action"):
            events = events.filter(action=action)
        if environment := asked.get("environment"):
            events = events.filter(environment_id=None if environment == _NO_ENVIRONMENT else environment)
        return events

    def among(self) -> ChangeEventQuerySet | None:
        """Return of which changes several conditions look at the newest. A single one has an index."""
        conditions = [self.cleaned_data.get(name) for name in ("person", "actor", "action", "environment")]
        return self._of_time() if len(list(filter(None, conditions))) > 1 else None

    def _of_time(self) -> ChangeEventQuerySet:
        events = ChangeEvent.objects.of(self.workspace)
        if since := self.cleaned_data.get("since"):
            events = events.filter(pk__gte=_first_id_of(since))
        if until := self.cleaned_data.get("until"):
            events = events.filter(pk__lt=_first_id_of(until + timedelta(days=1)))
        return events


def _first_id_of(day: date) -> UUID:
    return first_id_at(datetime.combine(day, time(), UTC))


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _subject(workspace: Workspace, pk: UUID) -> tuple[bool, str]:
    """Return whether an id is of a person, and the name of what it is of; of what is gone as the log knows it."""
    stayed = MergedEndUser.objects.filter(pk=pk, end_user__workspace=workspace).values_list("end_user", flat=True)
    if person := workspace.end_users.filter(pk__in=[pk, *stayed]).first():
        return True, str(person)
    newest = ChangeEvent.objects.of(workspace).latest_about(_LATEST, pk)
    kinds = ChangeSubject.objects.filter(event__in=newest, subject_id=pk).values_list("kind", flat=True)
    names = (name for event in newest if (name := names_in(event).get(str(pk))))
    return kind_of(EndUser) in kinds, isolated(next(names, ""))


def _ids(workspace: Workspace, text: str) -> list[UUID]:
    """Return the ids of an id, or of the people of a name or an address, with those who were merged into them."""
    if _is_id(text):
        return [UUID(text)]
    people = list(workspace.end_users.matching(text).order_by().values_list("pk", flat=True)[: MOST_PEOPLE + 1])
    of_address = MergedEndUser.objects.filter(end_user__workspace=workspace, email_key=canonical(text))
    people += of_address.values_list("end_user", flat=True)
    merged = MergedEndUser.objects.filter(end_user__in=people).values_list("pk", flat=True)
    roles = workspace.administrators.filter(user__email_key=canonical(text)).values_list("pk", "user")
    return list({*people, *merged, *(pk for pair in roles for pk in pair)})


def _actors(workspace: Workspace, asked: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return who can be chosen, by kind: whoever changed something lately, and whom the URL names."""
    events = ChangeEvent.objects.of(workspace)
    columns = "actor_kind", "actor_id", "actor_name"
    found = list(dict.fromkeys(events.values_list(*columns)[:_RECENT_CHANGES]))[:_MOST_ACTORS]
    if asked not in {pk for _, pk, _ in found} and _is_id(asked):
        found += events.filter(actor_id=asked).values_list(*columns)[:1]
    grouped = defaultdict[str, dict[str, str]](dict)
    for kind, pk, name in found:
        grouped[kind].setdefault(pk or kind, isolated(name))
    return [
        (str(kind.label), sorted(grouped[kind].items(), key=lambda each: each[1])) for kind in Kind if kind in grouped
    ]

"""Imports of people from a CSV file. What a file says is personal data, so it is kept for some days only."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy

from workspace.isolation import isolated
from workspace.models.base import Entity
from workspace.models.workspaces import Environment, Workspace


class PeopleImportQuerySet(models.QuerySet["PeopleImport"]):
    """Questions about imports. Start from `workspace.people_imports`."""

    def working(self) -> Self:
        """Return those of which a next step is due."""
        return self.filter(state__in=[PeopleImport.State.CHECKING, PeopleImport.State.IMPORTING])

    def forgotten(self, now: datetime) -> Self:
        """Return the imports whose file and report are kept no longer."""
        return self.filter(updated_at__lt=now - PeopleImport.KEPT)


class PeopleImport(Entity):
    """A file of people, from its upload to its report. Each step of the work leaves here how far it came."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", gettext_lazy("Columns not chosen yet")
        CHECKING = "checking", gettext_lazy("Checking lines")
        CHECKED = "checked", gettext_lazy("Ready to import")
        IMPORTING = "importing", gettext_lazy("Importing")
        IMPORTED = "imported", gettext_lazy("Imported")
        STOPPED = "stopped", gettext_lazy("Stopped")

    KEPT = timedelta(days=7)

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="people_imports")
    # Groups that are named without an environment belong to this one.
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="people_imports")
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    file_name = models.CharField(max_length=100)
    encoding = models.CharField(max_length=20)
    # Until the import is done or discarded.
    text = models.TextField(blank=True, editable=False)
    line_count = models.PositiveIntegerField()
    checked_count = models.PositiveIntegerField(default=0)
    # The number of the column of each field.
    columns = models.JSONField(default=dict)
    # The ids of the environments of new people whose line names none.
    default_access = models.JSONField(default=list)
    creates_groups = models.BooleanField(default=False)
    # Who uploaded it, and the actor who imports it as `events.Actor` says.
    uploaded_by = models.CharField(max_length=254)
    actor = models.JSONField(default=dict)
    # Why it was stopped.
    note = models.TextField(blank=True)

    objects = PeopleImportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return isolated(self.file_name)

    @property
    def is_working(self) -> bool:
        """Say whether a next step is due."""
        return self.state in (self.State.CHECKING, self.State.IMPORTING)

    @property
    def is_open(self) -> bool:
        """Say whether it can still be imported."""
        return self.state not in (self.State.IMPORTED, self.State.STOPPED)

    def counts(self) -> Mapping[str, int]:
        """Return how many lines have each outcome."""
        return {str(outcome): 0 for outcome in ImportedLine.Outcome} | dict(
            self.lines.order_by().values_list("outcome").annotate(models.Count("pk"))
        )


class ImportedLine(models.Model):
    """A line of a file: what it says of a person, and what becomes of it."""

    class Outcome(models.TextChoices):
        CREATE = "create", gettext_lazy("Create")
        CHANGE = "change", gettext_lazy("Change")
        UNCHANGED = "unchanged", gettext_lazy("Unchanged")
        REFUSED = "refused", gettext_lazy("Refused")

    people_import = models.ForeignKey(PeopleImport, models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    full_name = models.TextField(blank=True)
    email = models.TextField(blank=True)
    # The start of the comparison key of the address.
    email_key = models.CharField(max_length=500, blank=True)
    access = models.TextField(blank=True)
    groups = models.TextField(blank=True)
    has_more = models.BooleanField(default=False)
    outcome = models.CharField(max_length=10, choices=Outcome)
    # What changes, or why the line is refused.
    note = models.TextField(blank=True)
    # What the preview said, where the import did something else.
    foreseen = models.CharField(max_length=10, choices=Outcome, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["people_import", "number"], name="imported_line_unique")]
        indexes = [
            models.Index(fields=["people_import", "outcome", "number"], name="imported_line_by_outcome"),
            models.Index(fields=["people_import", "email_key"], name="imported_line_by_email"),
        ]

    def __str__(self) -> str:
        return f"Line {self.number}"

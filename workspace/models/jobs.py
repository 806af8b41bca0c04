"""The state of each job, which all scheduler processes share."""

from datetime import datetime
from typing import Self

from django.db import models


class JobQuerySet(models.QuerySet["Job"]):
    """Questions about jobs."""

    def due(self, now: datetime) -> Self:
        """Return those that nobody runs and whose time has come. A lease that is over counts no more."""
        free = models.Q(leased_until=None) | models.Q(leased_until__lte=now)
        return self.filter(free, due_at__lte=now)

    def held_by(self, holder: str) -> Self:
        return self.filter(leased_by=holder).exclude(leased_until=None)


class Job(models.Model):
    """A job and its last run. One process at a time holds its lease."""

    name = models.CharField(max_length=100, primary_key=True)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    leased_by = models.CharField(max_length=100, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=500, blank=True)
    # How often it has failed since it last succeeded.
    failure_count = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

"""End-user groups and their members."""

from collections.abc import Iterable
from typing import Self
from uuid import UUID

from django.db import connection, models

from workspace.db.counting import NumberOf
from workspace.db.keys import kept_key, name_key
from workspace.isolation import isolated
from workspace.models.base import Entity
from workspace.models.people import EndUser, EndUserQuerySet, count_active
from workspace.models.sources import Source, Sourced, SourceKind
from workspace.models.workspaces import Environment


class EndUserGroupQuerySet(models.QuerySet["EndUserGroup"]):
    """Questions about groups. Start from `environment.groups`."""

    def matching(self, text: str) -> Self:
        return self.filter(name_key__contains=name_key(text))

    def of_source(self, source: Source) -> Self:
        """Return the groups that this source manages."""
        return self.filter(source_kind=source.kind, source_id=source.id)


class EndUserGroup(Entity, Sourced):
    """A named set of end users in one environment. An IdP manages it unless its source is manual."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="groups")
    name = models.CharField(max_length=250)
    name_key = models.CharField(max_length=500, editable=False)
    is_everyone = models.BooleanField(default=False, editable=False)
    synced_at = models.DateTimeField(null=True, blank=True)

    objects = EndUserGroupQuerySet.as_manager()

    class Meta:
        ordering = ["-is_everyone", "name_key", "id"]
        constraints = [models.UniqueConstraint(fields=["environment", "name_key"], name="group_name_unique")]

    def __str__(self) -> str:
        return isolated(self.name)

    def set_keys(self) -> None:
        self.name_key = kept_key(self.name, self.name_key)

    @property
    def is_managed(self) -> bool:
        """Say whether an IdP manages the group."""
        return self.source_kind != SourceKind.MANUAL

    @property
    def end_users(self) -> EndUserQuerySet:
        """Return the members. Those of Everyone are computed from access."""
        people = EndUser.objects.filter(workspace=self.environment.workspace_id)
        if self.is_everyone:
            return people.with_access_to(self.environment)
        return people.filter(models.Exists(self.memberships.filter(end_user=models.OuterRef("pk"))))


def member_counts(groups: Iterable[EndUserGroup]) -> dict[UUID, int]:
    """Return the numbers of members by the ids of the groups. Everyone counts the active people with access."""
    members = GroupMembership.objects.filter(group=models.OuterRef("pk")).values("end_user").distinct()
    if connection.vendor == "postgresql":
        # PostgreSQL expects a group of usual size. It would hash a large one, and write parts of that to the disk.
        members = members.order_by("end_user").distinct("end_user")
    stored = EndUserGroup.objects.filter(pk__in=[group.pk for group in groups if not group.is_everyone])
    counts = dict(stored.order_by().values_list("pk", NumberOf(members)))
    return counts | {group.pk: count_active(group.environment) for group in groups if group.is_everyone}


class GroupMembershipQuerySet(models.QuerySet["GroupMembership"]):
    """Questions about memberships. Start from `group.memberships`."""

    def of_source(self, source: Source) -> Self:
        return self.filter(source_kind=source.kind, source_id=source.id)

    def exclude_source(self, source: Source) -> Self:
        return self.exclude(source_kind=source.kind, source_id=source.id)

    def states(self) -> list[list[str]]:
        """Return [person, name, source kind, source id, source name] of each row, for an event about one group."""
        rows = self.order_by("end_user", "pk").values_list(
            "end_user", "end_user__full_name", "source_kind", "source_id", "source_name"
        )
        return [[str(pk), *rest] for pk, *rest in rows]


class GroupMembership(Sourced):
    """One end user in one group, granted by one source."""

    group = models.ForeignKey(EndUserGroup, models.CASCADE, related_name="memberships")
    end_user = models.ForeignKey(EndUser, models.CASCADE, related_name="memberships")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = GroupMembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "end_user", "source_kind", "source_id"], name="membership_unique")
        ]

    def __str__(self) -> str:
        return f"{self.end_user} in {self.group}"

"""What each IdP says of people and groups: SCIM resources, whose id is this row's UUID."""

from typing import Any

from django.db import models

from provisioning.models.connections import ProvisioningConnection
from workspace.db.keys import kept_key
from workspace.db.making import QuicklyMade
from workspace.isolation import isolated
from workspace.models import EndUser, EndUserGroup, Source, SourceKind
from workspace.models.base import Entity


class Resource(Entity):
    """A SCIM resource of one connection.

    `document` is all that the IdP said. `folded` is the same with canonical names and strings, for filters.
    """

    external_id = models.CharField(max_length=500, blank=True)
    document = models.JSONField(default=dict)
    folded = models.JSONField(default=dict, editable=False)
    version = models.PositiveIntegerField(default=1)
    display_name_key = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        abstract = True


class ProvisionedUser(Resource):
    """A SCIM User, linked to the person it is about."""

    # Whoever removes a connection must first say what happens to its people.
    connection = models.ForeignKey(ProvisioningConnection, models.PROTECT, related_name="users")
    end_user = models.ForeignKey(EndUser, models.CASCADE, related_name="provisioned")
    user_name = models.CharField(max_length=500)
    user_name_key = models.CharField(max_length=500, editable=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "user_name_key"], name="scim_user_name_unique"),
            models.UniqueConstraint(fields=["connection", "end_user"], name="scim_user_person_unique"),
        ]
        indexes = [
            models.Index(fields=["connection", "id"], name="scim_user_by_id"),
            models.Index(
                fields=["connection", "external_id", "id"],
                condition=~models.Q(external_id=""),
                name="scim_user_by_external_id",
            ),
            models.Index(fields=["connection", "display_name_key", "id"], name="scim_user_by_display_name"),
            models.Index(fields=["connection", "updated_at"], name="scim_user_by_change"),
        ]

    def __str__(self) -> str:
        return isolated(self.user_name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.user_name_key = kept_key(self.user_name, self.user_name_key)
        super().save(*args, **kwargs)


class ProvisionedEmail(QuicklyMade):
    """One e-mail address of a SCIM User, so that filters on any of them use an index."""

    user = models.ForeignKey(ProvisionedUser, models.CASCADE, related_name="emails")
    connection = models.ForeignKey(ProvisioningConnection, models.CASCADE, related_name="+")
    value_key = models.CharField(max_length=500)

    class Meta:
        indexes = [models.Index(fields=["connection", "value_key"], name="scim_email_by_value")]

    def __str__(self) -> str:
        return self.value_key


class ProvisionedGroup(Resource):
    """A SCIM Group, linked to the end-user group that it fills."""

    connection = models.ForeignKey(ProvisioningConnection, models.CASCADE, related_name="groups")
    group = models.ForeignKey(EndUserGroup, models.SET_NULL, null=True, blank=True, related_name="provisioned")
    display_name = models.CharField(max_length=250)
    # Whether the end-user group was there before the IdP pushed it: then it outlives the SCIM group.
    is_taken_over = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "display_name_key"], name="scim_group_name_unique")
        ]
        indexes = [
            models.Index(fields=["connection", "id"], name="scim_group_by_id"),
            models.Index(
                fields=["connection", "external_id", "id"],
                condition=~models.Q(external_id=""),
                name="scim_group_by_external_id",
            ),
            models.Index(fields=["connection", "updated_at"], name="scim_group_by_change"),
        ]

    def __str__(self) -> str:
        return isolated(self.display_name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.display_name_key = kept_key(self.display_name, self.display_name_key)
        super().save(*args, **kwargs)

    @property
    def source(self) -> Source:
        """Return the source of the memberships that the IdP pushes into this group."""
        return Source(SourceKind.SCIM, str(self.pk), self.connection.name)


class ProvisionedMembership(models.Model):
    """A member of a SCIM Group as a row of its own: a change to one never reads or rewrites the others."""

    group = models.ForeignKey(ProvisionedGroup, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(ProvisionedUser, models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "user"], name="scim_membership_unique")]

    def __str__(self) -> str:
        return f"{self.user} in {self.group}"


class ResourceCount(models.Model):
    """A part of the number of resources of one kind that a connection has; the parts add up, and triggers keep them.

    Every list must say how many there are, and counting rows takes longer the more there are. On PostgreSQL there are
    as many parts as there were transactions at once, so none waits for another. A migration that remakes a table of
    resources, as Django does on SQLite to change a column, must make the triggers again (`provisioning/triggers.py`).
    """

    connection = models.ForeignKey(ProvisioningConnection, models.CASCADE, related_name="counts", db_index=False)
    kind = models.CharField(max_length=5, choices=[("User", "User"), ("Group", "Group")])
    # Negative where other parts have counted the resources whose deletion this one counted.
    total = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["connection", "kind"], name="resource_count_by_kind")]

    def __str__(self) -> str:
        return f"{self.total} of {self.kind}"

"""The log of SCIM requests. A row outlives the connection that it describes."""

from typing import Self

from django.db import models
from django.utils import timezone

from provisioning.models.connections import ProvisioningConnection
from workspace.db.keys import new_id
from workspace.models import Environment


class ScimRequestQuerySet(models.QuerySet["ScimRequest"]):
    """Questions about requests."""

    def in_environment(self, environment: Environment) -> Self:
        return self.filter(environment_id=environment.pk)

    def failed(self) -> Self:
        return self.filter(status__gte=400)


class ScimRequest(models.Model):
    """One request of an identity provider with its answer, secrets masked."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(default=timezone.now)
    connection = models.ForeignKey(ProvisioningConnection, models.SET_NULL, null=True, related_name="requests")
    connection_name = models.CharField(max_length=100)
    workspace_id = models.UUIDField()
    environment_id = models.UUIDField()
    request_id = models.CharField(max_length=36)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=2000)
    query = models.CharField(max_length=4000, blank=True)
    status = models.PositiveSmallIntegerField()
    duration_ms = models.FloatField()
    address = models.GenericIPAddressField(null=True)
    request_body = models.TextField(blank=True)
    response_body = models.TextField(blank=True)
    error = models.TextField(blank=True)
    notes = models.JSONField(default=list)

    objects = ScimRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["environment_id", "-id"], name="scim_request_by_environment"),
            models.Index(fields=["connection", "-id"], name="scim_request_by_connection"),
            models.Index(fields=["request_id"], name="scim_request_by_request_id"),
            # Charts count the refused ones of each day. SQLite compares the status even of rows of these indexes.
            models.Index(
                fields=["environment_id", "-id", "status"],
                condition=models.Q(status__gte=400),
                name="scim_request_failed",
            ),
            models.Index(
                fields=["connection", "-id", "status"],
                condition=models.Q(status__gte=400),
                name="scim_request_connection_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} → {self.status}"

"""What SCIM connections did: the changes, and the requests that led to them."""

from typing import Any

from rest_framework import serializers

from provisioning.api.connections import OfConnection, connections_of
from provisioning.models import ProvisioningConnection, ScimRequest
from provisioning.models.requests import ScimRequestQuerySet
from workspace.api.core.calls import Call
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.fields import Answer, Choice
from workspace.api.core.operations import operation
from workspace.api.core.paging import Page, newest_page
from workspace.api.records import AuditEventAnswer, TimeQuery, between, events_of
from workspace.api.shown_people import ID, TIME
from workspace.models import ChangeEvent


class RequestQuery(TimeQuery):
    """Which requests."""

    method = Choice(["GET", "POST", "PUT", "PATCH", "DELETE"], required=False)
    result = Choice(["failed"], required=False)


class ScimRequestAnswer(Answer):
    """A request of an identity provider. Secrets in it are masked."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    method = serializers.CharField()
    path = serializers.CharField()
    query = serializers.CharField()
    status = serializers.IntegerField()
    duration_ms = serializers.FloatField()
    address = serializers.CharField(allow_null=True)
    error = serializers.CharField(help_text="Why it was refused; empty if it was not.")
    notes = serializers.ListField(child=serializers.CharField(), help_text="What was tolerated.")
    request_id = serializers.CharField()

    example = {
        "id": ID,
        "at": TIME,
        "method": "POST",
        "path": f"/scim/{ID}/v2/Users",
        "query": "",
        "status": 201,
        "duration_ms": 14.2,
        "address": "192.0.2.7",
        "error": "",
        "notes": [],
        "request_id": ID,
    }


class WholeScimRequestAnswer(ScimRequestAnswer):
    """A request of an identity provider with what was sent and answered. Secrets in it are masked."""

    request_body = serializers.CharField()
    response_body = serializers.CharField()

    example = {**ScimRequestAnswer.example, "request_body": '{"userName": "ada@example.com"}', "response_body": "{}"}


class Activity(OfConnection):
    """What one connection changed."""

    @operation(
        "List changes by a SCIM connection",
        "As the audit log has them, the newest first.",
        asks=TimeQuery,
        lists=AuditEventAnswer,
    )
    def get(self, call: Call, connection: ProvisioningConnection, asked: dict[str, Any]) -> Page:
        among = between(events_of(call), asked)
        events = among.filter(actor_kind=ChangeEvent.ActorKind.CONNECTION, actor_id=str(connection.pk))
        return newest_page(events, asked, among=among)


class Requests(OfConnection):
    """The requests to one connection."""

    @operation("List requests to a SCIM connection", "The newest first.", asks=RequestQuery, lists=ScimRequestAnswer)
    def get(self, call: Call, connection: ProvisioningConnection, asked: dict[str, Any]) -> Page:
        requests = among = between(ScimRequest.objects.filter(connection=connection), asked)
        if method := asked.get("method"):
            requests = requests.filter(method=method)
        if asked.get("result"):
            requests = requests.failed()
        return newest_page(requests.defer("request_body", "response_body"), asked, among=among)


class OneRequest(Endpoint):
    """One request."""

    noun, thing, key = "scim-connections", WholeScimRequestAnswer, "exchange"

    def find(self, call: Call) -> ScimRequestQuerySet:
        return ScimRequest.objects.filter(connection__in=connections_of(call), connection=self.kwargs["connection"])

    @operation("Read a request to a SCIM connection", gives=WholeScimRequestAnswer)
    def get(self, call: Call, exchange: ScimRequest) -> ScimRequest:
        return exchange

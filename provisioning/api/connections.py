"""SCIM connections: list, read, strictness."""

from typing import Any

from rest_framework import serializers

from authentication.models import EnvironmentProvider
from provisioning.actions.connection_settings import set_strict
from provisioning.models import ProvisioningConnection
from provisioning.models.connections import ProvisioningConnectionQuerySet
from workspace.api.core.calls import Call
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.fields import Answer, Flag, Id, Input
from workspace.api.core.operations import operation
from workspace.api.core.paging import Page, PageQuery, page
from workspace.api.core.problems import Problem
from workspace.api.shown_people import ID, TIME

_PROVIDER = "environment_provider__"


class ConnectionQuery(PageQuery):
    """Which SCIM connections."""

    environment = Id(required=False)
    provider = Id(required=False)


class ScimConnectionChange(Input):
    """What is to be different."""

    is_strict = Flag(help_text="Refuse what the RFCs do not allow, instead of tolerating it.")

    example = {"is_strict": True}


class ScimConnectionAnswer(Answer):
    """The SCIM connection of one environment with one identity provider."""

    id = serializers.UUIDField()
    name = serializers.CharField(help_text="The name of the identity provider.")
    environment = serializers.UUIDField(source="environment.pk")
    provider = serializers.UUIDField(source="environment_provider.identity_provider_id")
    base_url = serializers.CharField(help_text="What the identity provider is given, with a token.")
    method = serializers.ChoiceField(
        EnvironmentProvider.Method.choices, source="environment_provider.method", help_text="The provisioning method."
    )
    is_enabled = serializers.BooleanField(help_text="Whether requests are answered: only with the method scim.")
    takes_over_groups = serializers.BooleanField()
    is_strict = serializers.BooleanField()
    only_mapped = serializers.BooleanField(help_text="Whether only members of mapped groups get access.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    example = {
        "id": ID,
        "name": "Okta Dev",
        "environment": ID,
        "provider": ID,
        "base_url": f"https://login.example/scim/{ID}/v2",
        "method": "scim",
        "is_enabled": True,
        "takes_over_groups": True,
        "is_strict": False,
        "only_mapped": False,
        "created_at": TIME,
        "updated_at": TIME,
    }


class Connections(Endpoint):
    """The SCIM connections of the token's environments."""

    noun = "scim-connections"

    @operation(
        "List SCIM connections",
        "There is one wherever the method scim was ever chosen.",
        asks=ConnectionQuery,
        lists=ScimConnectionAnswer,
    )
    def get(self, call: Call, asked: dict[str, Any]) -> Page:
        connections = connections_of(call)
        if environment := asked.get("environment"):
            connections = connections.filter(environment_provider__environment=environment)
        if provider := asked.get("provider"):
            connections = connections.filter(environment_provider__identity_provider=provider)
        return page(connections, asked)


class OfConnection(Endpoint):
    """What is below one SCIM connection."""

    noun, thing, key = "scim-connections", ScimConnectionAnswer, "connection"

    def find(self, call: Call) -> ProvisioningConnectionQuerySet:
        return connections_of(call)


class OneConnection(OfConnection):
    """One SCIM connection."""

    @operation("Read a SCIM connection", gives=ScimConnectionAnswer)
    def get(self, call: Call, connection: ProvisioningConnection) -> ProvisioningConnection:
        return connection

    @operation("Change a SCIM connection", takes=ScimConnectionChange, gives=ScimConnectionAnswer)
    def patch(self, call: Call, connection: ProvisioningConnection, given: dict[str, Any]) -> ProvisioningConnection:
        set_strict(connection=connection, is_strict=given["is_strict"], by=call.by)
        return connection


def connections_of(call: Call) -> ProvisioningConnectionQuerySet:
    """Return the SCIM connections that the token can see."""
    found = ProvisioningConnection.objects.filter(environment_provider__environment__in=call.environments())
    return found.select_related(f"{_PROVIDER}environment__workspace", f"{_PROVIDER}identity_provider")


def refuse_reaching_elsewhere(connection: ProvisioningConnection, call: Call) -> None:
    """Raise Problem where a connection also gives access to environments that the token is not for."""
    if call.places is not None and connection.mappings.exclude(environment__in=call.places).exists():
        detail = "Mappings lead to environments that this token is not for. Use a token for all environments."
        raise Problem(403, "other_environments", detail)

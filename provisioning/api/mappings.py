"""Mappings of SCIM connections: list, add, read, remove."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from provisioning.actions.mappings import add_mapping, remove_mapping
from provisioning.api.connections import OfConnection, connections_of
from provisioning.models import GroupMapping, ProvisioningConnection
from workspace.api.core.calls import Call
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.fields import Answer, Id, Input, Text
from workspace.api.core.operations import operation
from workspace.api.core.paging import Page, PageQuery, page
from workspace.api.shown_people import ID
from workspace.refusals import ActionError


class NewMapping(Input):
    """What the members of a group of the identity provider get."""

    name = Text(max_length=250, help_text="The group's name at the identity provider. It may be pushed later.")
    environment = Id(help_text="What its members may sign in to.")
    group = Id(
        required=False,
        allow_null=True,
        help_text="A group of this environment that they join; else they get access alone.",
    )

    example = {"name": "Engineering", "environment": ID, "group": ID}


class MappingAnswer(Answer):
    """What the members of a group of the identity provider get."""

    id = serializers.UUIDField()
    name = serializers.CharField(help_text="The group's name at the identity provider.")
    environment = serializers.UUIDField(source="environment_id")
    group = serializers.UUIDField(source="group_id", allow_null=True, help_text="Null for access alone.")
    created_at = serializers.DateTimeField()

    example = {"id": ID, "name": "Engineering", "environment": ID, "group": ID, "created_at": "2026-11-27T14:05:09Z"}


class Mappings(OfConnection):
    """The mappings of one connection, as far as they lead to environments of the token."""

    @operation("List mappings of a SCIM connection", asks=PageQuery, lists=MappingAnswer)
    def get(self, call: Call, connection: ProvisioningConnection, asked: dict[str, Any]) -> Page:
        return page(connection.mappings.filter(environment__in=call.environments()), asked)

    @operation(
        "Add a mapping to a SCIM connection",
        "Members of a group that was pushed already get access and membership at once. All owners get a mail.",
        takes=NewMapping,
        gives=MappingAnswer,
        status=201,
    )
    def post(self, call: Call, connection: ProvisioningConnection, given: dict[str, Any]) -> GroupMapping:
        environment = call.environment(given["environment"], "environment")
        group = call.group(given["group"], "group") if given.get("group") else None
        try:
            add_mapping(connection=connection, name=given["name"], environment=environment, group=group, by=call.by)
        except ActionError as refusal:
            # The console chooses both at once.
            refusal.field = "group" if refusal.field == "target" else refusal.field
            raise
        return connection.mappings.filter(environment=environment, group=group).order_by("-pk")[0]


class OneMapping(Endpoint):
    """One mapping."""

    noun, thing, key = "scim-connections", MappingAnswer, "mapping"

    def find(self, call: Call) -> "QuerySet[GroupMapping]":
        found = GroupMapping.objects.filter(connection__in=connections_of(call), environment__in=call.environments())
        found = found.filter(connection=self.kwargs["connection"])
        provider = "connection__environment_provider__"
        return found.select_related(
            "environment__workspace",
            "group__environment",
            f"{provider}environment__workspace",
            f"{provider}identity_provider",
        )

    @operation("Read a mapping of a SCIM connection", gives=MappingAnswer)
    def get(self, call: Call, mapping: GroupMapping) -> GroupMapping:
        return mapping

    @operation(
        "Remove a mapping of a SCIM connection",
        "What it granted ends. All owners get a mail.",
    )
    def delete(self, call: Call, mapping: GroupMapping) -> None:
        remove_mapping(mapping=mapping, by=call.by)

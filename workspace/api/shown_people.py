"""How the API shows end users: with access and groups, and what granted them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from rest_framework import serializers

from workspace.api.core.calls import Call
from workspace.api.core.fields import Answer
from workspace.models import EndUser, EnvironmentAccess, GroupMembership, SourceKind
from workspace.models.sources import Sourced

ID = "019ac4f2-7c1e-7b3a-9d55-2f1f0a6f1c11"
TIME = "2026-11-27T14:05:09.120000Z"
SOURCE = {"kind": "scim", "id": ID, "name": "Okta Dev"}


class SourceAnswer(Answer):
    """What granted an access or a membership, or manages a group."""

    kind = serializers.ChoiceField(SourceKind.choices)
    id = serializers.CharField(help_text="The id of the identity provider or SCIM connection; empty by hand.")
    name = serializers.CharField()

    example = SOURCE


class AccessAnswer(Answer):
    """The right to sign in to an environment, from one or several sources."""

    environment = serializers.UUIDField()
    sources = SourceAnswer(many=True)

    example = {"environment": ID, "sources": [SOURCE]}


class MembershipAnswer(Answer):
    """A group that somebody is in."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    environment = serializers.UUIDField()
    sources = SourceAnswer(many=True)

    example = {"id": ID, "name": "Support", "environment": ID, "sources": [SOURCE]}


class EndUserAnswer(Answer):
    """A person who signs in to the apps of environments."""

    id = serializers.UUIDField()
    full_name = serializers.CharField()
    email = serializers.CharField(help_text="Empty where an identity provider gives none.")
    user_name = serializers.CharField(help_text="What the IdP calls a person without an address; empty for others.")
    status = serializers.ChoiceField(EndUser.Status.choices)
    access = AccessAnswer(many=True)
    groups = MembershipAnswer(many=True, help_text="Without Everyone, which follows from access and status.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    last_sign_in_at = serializers.DateTimeField(allow_null=True)

    example = {
        "id": ID,
        "full_name": "Ada Winter",
        "email": "ada@example.com",
        "user_name": "",
        "status": "active",
        "access": [AccessAnswer.example],
        "groups": [MembershipAnswer.example],
        "created_at": TIME,
        "updated_at": TIME,
        "last_sign_in_at": None,
    }

    @classmethod
    def shown(cls, rows: list[Any], call: Call) -> list[dict[str, Any]]:
        """Add access and groups, by one query each. A token of some environments sees those there."""
        ids = [person.pk for person in rows]
        accesses = EnvironmentAccess.objects.filter(end_user__in=ids).order_by("environment", "pk")
        members = (
            GroupMembership.objects.filter(end_user__in=ids).select_related("group").order_by("group__name_key", "pk")
        )
        if call.places is not None:
            accesses = accesses.filter(environment__in=call.places)
            members = members.filter(group__environment__in=call.places)
        access, groups = _sources(accesses, "environment_id"), _sources(members, "group_id")
        named = {each.group_id: each.group for each in members}
        return [
            {
                **vars(person),
                "access": [{"environment": pk, "sources": found} for pk, found in access[person.pk].items()],
                "groups": [
                    {"id": pk, "name": named[pk].name, "environment": named[pk].environment_id, "sources": found}
                    for pk, found in groups[person.pk].items()
                ],
            }
            for person in rows
        ]


def source_of(row: Sourced) -> dict[str, str]:
    """Return the source of a row as the API shows it."""
    kind, pk, name = row.source.listed()
    return {"kind": kind, "id": pk, "name": name}


def _sources(rows: Iterable[Any], place: str) -> dict[UUID, dict[UUID, list[dict[str, str]]]]:
    """Return the sources by person and place."""
    found: dict[UUID, dict[UUID, list[dict[str, str]]]] = defaultdict(dict)
    for row in rows:
        found[row.end_user_id].setdefault(getattr(row, place), []).append(source_of(row))
    return found

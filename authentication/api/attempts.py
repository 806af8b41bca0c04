"""Attempts of end users to sign in."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from authentication.models import SignInAttempt
from authentication.models.sessions import SignInAttemptQuerySet
from workspace.api.core.calls import Call
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.fields import Answer, Choice, Id, Text
from workspace.api.core.operations import operation
from workspace.api.core.paging import Page, newest_page
from workspace.api.records import TimeQuery, between
from workspace.api.shown_people import ID, TIME


class AttemptQuery(TimeQuery):
    """Which attempts."""

    environment = Id()
    outcome = Choice(SignInAttempt.Outcome.choices, required=False)
    email = Text(max_length=254, required=False, help_text="The whole address, as it was typed.")
    end_user = Id(required=False)
    provider = Id(required=False)


class AttemptAnswer(Answer):
    """An attempt to sign in, or equal refused ones of an hour."""

    id = serializers.UUIDField(help_text="The reference that the person sees.")
    at = serializers.DateTimeField()
    last_at = serializers.DateTimeField(allow_null=True, help_text="The last one of several equal ones.")
    count = serializers.IntegerField()
    environment = serializers.UUIDField(source="environment_id")
    outcome = serializers.ChoiceField(SignInAttempt.Outcome.choices)
    reason = serializers.CharField(help_text="Why it was refused, as a code; empty for a sign-in.")
    end_user = serializers.UUIDField(source="end_user_id", allow_null=True)
    email = serializers.CharField(help_text="As it was typed, or as the identity provider sent it.")
    provider = serializers.UUIDField(source="identity_provider_id", allow_null=True)
    provider_name = serializers.CharField(help_text="Empty for a password.")
    address = serializers.CharField(allow_null=True)
    browser = serializers.CharField()

    example = {
        "id": ID,
        "at": TIME,
        "last_at": None,
        "count": 1,
        "environment": ID,
        "outcome": "refused",
        "reason": "no_access",
        "end_user": ID,
        "email": "ada@example.com",
        "provider": ID,
        "provider_name": "Okta Dev",
        "address": "192.0.2.7",
        "browser": "Firefox on Windows",
    }


class Attempts(Endpoint):
    """The attempts in one environment."""

    noun = "sign-in-attempts"

    @operation("List sign-in attempts", "In one environment, the newest first.", asks=AttemptQuery, lists=AttemptAnswer)
    def get(self, call: Call, asked: dict[str, Any]) -> Page:
        attempts = among = between(_attempts(call).filter(environment=asked["environment"]), asked)
        if email := asked.get("email"):
            attempts = attempts.by_email(email)
        columns = {"outcome": "outcome", "end_user": "end_user", "provider": "identity_provider"}
        attempts = attempts.filter(**{column: asked[name] for name, column in columns.items() if name in asked})
        return newest_page(attempts, asked, among=among)


class OneAttempt(Endpoint):
    """One attempt."""

    noun, thing, key = "sign-in-attempts", AttemptAnswer, "attempt"

    def find(self, call: Call) -> "QuerySet[SignInAttempt]":
        return _attempts(call)

    @operation("Read a sign-in attempt", gives=AttemptAnswer)
    def get(self, call: Call, attempt: SignInAttempt) -> SignInAttempt:
        return attempt


def _attempts(call: Call) -> SignInAttemptQuerySet:
    found = SignInAttempt.objects.of(call.workspace)
    return found if call.places is None else found.filter(environment__in=call.places)

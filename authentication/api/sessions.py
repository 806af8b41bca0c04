"""Sessions of end users."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers

from authentication.actions.sessions import end_session, end_sessions
from authentication.models import EndUserSession
from authentication.models.sessions import EndUserSessionQuerySet
from workspace.api.core.calls import Call
from workspace.api.core.fields import Answer
from workspace.api.core.operations import operation
from workspace.api.core.paging import Page, PageQuery, page
from workspace.api.end_users import OfEndUser
from workspace.api.shown_people import ID, TIME
from workspace.models import EndUser

_REASON = EndUserSession.EndReason.ENDED_BY_ADMINISTRATOR


class SessionAnswer(Answer):
    """A person signed in to one environment in one browser."""

    id = serializers.UUIDField()
    environment = serializers.UUIDField(source="environment_id")
    provider = serializers.UUIDField(source="identity_provider_id", allow_null=True, help_text="Null for a password.")
    address = serializers.CharField(allow_null=True, help_text="The IP address that it began from.")
    browser = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()

    example = {
        "id": ID,
        "environment": ID,
        "provider": ID,
        "address": "192.0.2.7",
        "browser": "Firefox on Windows",
        "created_at": TIME,
        "last_seen_at": TIME,
        "expires_at": TIME,
    }


class Sessions(OfEndUser):
    """The open sessions of one person."""

    @operation("List sessions of an end user", "Those that count now.", asks=PageQuery, lists=SessionAnswer)
    def get(self, call: Call, person: EndUser, asked: dict[str, Any]) -> Page:
        return page(_sessions(call, person).usable(call.now), asked)

    @operation("End all sessions of an end user", "In all environments of the token.")
    def delete(self, call: Call, person: EndUser) -> None:
        if call.places is None:
            end_sessions(end_user=person, reason=_REASON, by=call.by, now=call.now)
            return
        for environment in call.environments():
            end_sessions(end_user=person, environment=environment, reason=_REASON, by=call.by, now=call.now)


class OneSession(OfEndUser):
    """One session."""

    @operation("End a session of an end user")
    def delete(self, call: Call, person: EndUser) -> None:
        sessions = _sessions(call, person).select_related("end_user__workspace", "environment")
        session = get_object_or_404(sessions, pk=self.kwargs["session"])
        end_session(session=session, reason=_REASON, by=call.by, now=call.now)


def _sessions(call: Call, person: EndUser) -> EndUserSessionQuerySet:
    found = EndUserSession.objects.filter(end_user=person)
    return found if call.places is None else found.filter(environment__in=call.places)

"""What is only read: the audit log, and the look of sign-in pages."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers

from workspace.action_names import Action
from workspace.api.core.calls import Call
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.fields import Answer, Choice, Id, Moment, Text
from workspace.api.core.operations import operation
from workspace.api.core.paging import Page, PageQuery, newest_page
from workspace.api.shown_people import ID, TIME
from workspace.branding.look import COLOURS, Look
from workspace.db.keys import first_id_at
from workspace.models import ChangeEvent, ChangeSubject, Environment, LoginExperience
from workspace.models.events import ChangeEventQuerySet


class TimeQuery(PageQuery):
    """Records between two times, the newest first."""

    since = Moment(required=False)
    until = Moment(required=False, help_text="Records before this time.")


class AuditEventQuery(TimeQuery):
    """Which changes."""

    action = Choice(sorted(Action), required=False)
    actor = Text(max_length=36, required=False, help_text="The id of who did it.")
    subject = Id(required=False, help_text="The id of what it is about: a person, a group, a provider, …")
    environment = Id(required=False)


class ActorAnswer(Answer):
    """Who did something, as they were called then."""

    kind = serializers.ChoiceField(ChangeEvent.ActorKind.choices)
    id = serializers.CharField()
    name = serializers.CharField()

    example = {"kind": "administrator", "id": ID, "name": "ada@example.com"}


class SubjectAnswer(Answer):
    """What a change is about, as it was called then."""

    kind = serializers.CharField()
    id = serializers.CharField()
    name = serializers.CharField()

    example = {"kind": "enduser", "id": ID, "name": "Ada Winter <ada@example.com>"}


class AuditEventAnswer(Answer):
    """A change. It is never altered, but names go with the personal data of a person."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    action = serializers.CharField()
    sentence = serializers.CharField()
    actor = ActorAnswer()
    subject = SubjectAnswer()
    environment = serializers.UUIDField(allow_null=True)
    before = serializers.DictField(help_text="What was before, as far as it changed.")
    after = serializers.DictField(help_text="What is since then.")
    address = serializers.CharField(help_text="The IP address of who did it.")
    request_id = serializers.CharField()

    example = {
        "id": ID,
        "at": TIME,
        "action": "end_user.deactivated",
        "sentence": "ada@example.com deactivated Bo Lund <bo@example.com>.",
        "actor": ActorAnswer.example,
        "subject": SubjectAnswer.example,
        "environment": None,
        "before": {"status": "active"},
        "after": {"status": "deactivated"},
        "address": "192.0.2.7",
        "request_id": ID,
    }

    @classmethod
    def shown(cls, rows: list[Any], call: Call) -> list[dict[str, Any]]:
        return [
            vars(event)
            | {
                "actor": {"kind": event.actor_kind, "id": event.actor_id, "name": event.actor_name},
                "subject": {"kind": event.subject_kind, "id": event.subject_id, "name": event.subject_name},
                "environment": event.environment_id,
            }
            for event in rows
        ]


class AuditEvents(Endpoint):
    """The audit log; for a token of some environments, the changes in these."""

    noun = "audit-events"

    @operation("List audit events", "The newest first.", asks=AuditEventQuery, lists=AuditEventAnswer)
    def get(self, call: Call, asked: dict[str, Any]) -> Page:
        events = among = between(events_of(call), asked)
        if subject := asked.get("subject"):
            # For a join SQLite walks all changes of the workspace.
            events = events.filter(pk__in=ChangeSubject.objects.filter(subject_id=subject).values("event"))
        if actor := asked.get("actor"):
            events = events.filter(actor_id=actor)
        if action := asked.get("action"):
            events = events.filter(action=action)
        if environment := asked.get("environment"):
            events = events.filter(environment_id=environment)
        return newest_page(events, asked, among=among)


class OneAuditEvent(Endpoint):
    """One change."""

    noun, thing, key = "audit-events", AuditEventAnswer, "event"

    def find(self, call: Call) -> ChangeEventQuerySet:
        return events_of(call)

    @operation("Read an audit event", gives=AuditEventAnswer)
    def get(self, call: Call, event: ChangeEvent) -> ChangeEvent:
        return event


class BrandingAnswer(Answer):
    """How the sign-in pages of an environment look."""

    environment = serializers.UUIDField()
    is_default = serializers.BooleanField(help_text="Whether nobody has saved another look.")
    app_name = serializers.CharField()
    footer = serializers.CharField(help_text="Markdown.")
    page_background, form_background, brand_color, primary_text_color, secondary_text_color = (
        serializers.CharField(help_text=label) for label, _ in COLOURS.values()
    )
    font = serializers.CharField()
    logo_url = serializers.CharField(allow_null=True)
    favicon_url = serializers.CharField(allow_null=True)
    font_url = serializers.CharField(allow_null=True)

    example = {
        "environment": ID,
        "is_default": True,
        **{name: value for name, value in Look().values.items() if name not in ("logo", "favicon", "font_file")},
        "logo_url": None,
        "favicon_url": None,
        "font_url": None,
    }

    @classmethod
    def shown(cls, rows: list[Any], call: Call) -> list[dict[str, Any]]:
        return [_branding(environment, call) for environment in rows]


class Branding(Endpoint):
    """The look of one environment."""

    noun, thing, key = "branding", BrandingAnswer, "environment"

    def find(self, call: Call) -> "QuerySet[Environment]":
        return call.environments().select_related("login_experience")

    @operation("Read the branding of an environment", gives=BrandingAnswer)
    def get(self, call: Call, environment: Environment) -> Environment:
        return environment


def events_of(call: Call) -> ChangeEventQuerySet:
    """Return the changes that the token can see."""
    events = ChangeEvent.objects.of(call.workspace)
    return events if call.places is None else events.filter(environment_id__in=call.places)


def between(rows: Any, asked: dict[str, Any]) -> Any:
    """Return the rows between two times. Their ids sort by time."""
    if since := asked.get("since"):
        rows = rows.filter(pk__gte=first_id_at(since))
    if until := asked.get("until"):
        rows = rows.filter(pk__lt=first_id_at(until))
    return rows


def _branding(environment: Environment, call: Call) -> dict[str, Any]:
    look = LoginExperience.look_of(environment).values
    files = {f"{name.removesuffix('_file')}_url": look.pop(name) for name in ("logo", "favicon", "font_file")}
    return {
        **look,
        **{name: _url(environment, call, digest) if digest else None for name, digest in files.items()},
        "environment": environment.pk,
        "is_default": LoginExperience.version_of(environment) == 0,
    }


def _url(environment: Environment, call: Call, digest: str) -> str:
    place = {"workspace": call.workspace.slug, "environment": environment.slug}
    return settings.ORIGIN + reverse("end_user:branding-file", kwargs={**place, "digest": digest})

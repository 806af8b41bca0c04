"""Who acts, and the one function that records a change."""

from dataclasses import dataclass
from typing import Any

from django.db import models

from workspace.models import Administrator, ChangeEvent, Environment, User, Workspace

Kind = ChangeEvent.ActorKind


@dataclass(frozen=True)
class Actor:
    """Who changes something, and through which request."""

    kind: str
    id: str
    name: str
    request_id: str = ""

    @classmethod
    def administrator(cls, administrator: Administrator, request_id: str = "") -> "Actor":
        return cls(Kind.ADMINISTRATOR, str(administrator.pk), administrator.user.email, request_id)

    @classmethod
    def operator(cls, user: User, request_id: str = "") -> "Actor":
        return cls(Kind.OPERATOR, str(user.pk), user.email, request_id)


SYSTEM = Actor(Kind.SYSTEM, "", "System")


class ActionError(Exception):
    """A refusal, with a sentence a person can act on; `field` names the input that it is about."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message, self.field = message, field


class ConflictError(ActionError):
    """A refusal because a name, an address or an id is taken."""


def record(
    *,
    by: Actor,
    action: str,
    subject: models.Model,
    sentence: str,
    workspace: Workspace | None = None,
    environment: Environment | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> ChangeEvent:
    """Write the one event of a change; call it inside the change's transaction.

    `action` is `noun.verb_in_past_tense`; `before` and `after` hold only what changed, never a secret.
    """
    workspace_id = environment.workspace_id if environment else workspace.pk if workspace else None
    return ChangeEvent.objects.create(
        workspace_id=workspace_id,
        environment_id=environment.pk if environment else None,
        environment_name=environment.name if environment else "",
        actor_kind=by.kind,
        actor_id=by.id,
        actor_name=by.name,
        action=action,
        subject_kind=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        subject_name=str(subject)[:510],
        sentence=sentence,
        before=before or {},
        after=after or {},
        request_id=by.request_id,
    )

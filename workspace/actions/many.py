"""Changes of many people at once: each is a few statements, however many they are, and one event that names all."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from workspace.action_names import Action
from workspace.actions.access import record_set, touch
from workspace.actions.exact import SetChange
from workspace.actions.members import pairs_of
from workspace.db.changes import Deletion, Insertion
from workspace.db.parameters import Among, Ids
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.models import MANUAL, ChangeEvent, EndUser, Environment, EnvironmentAccess, Workspace
from workspace.words import people_named

Status = EndUser.Status


@atomic
def give_many_access(*, environment: Environment, ids: Collection[UUID], by: Actor) -> ChangeEvent | None:
    """Give people access to the environment by hand."""
    now = timezone.now()
    given = _given(environment.pk, *MANUAL.listed(), now, ids)
    if not given:
        return None
    touch(given, now)
    return record_set(environment, SetChange(environment, pairs_of(given), []), MANUAL, by)


@atomic
def end_many_access(*, environment: Environment, ids: Collection[UUID], by: Actor) -> ChangeEvent | None:
    """End the access to the environment that people got by hand."""
    ended = [pk for (pk,) in _ended(environment.pk, MANUAL.kind, MANUAL.id, ids)]
    return record_set(environment, SetChange(environment, [], pairs_of(ended)), MANUAL, by) if ended else None


@atomic
def deactivate_many(*, workspace: Workspace, ids: Collection[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
    """Deactivate people, see `deactivate_end_user`."""
    return _set_status(workspace, ids, Action.END_USERS_DEACTIVATED, Status.DEACTIVATED, by, now)


@atomic
def reactivate_many(*, workspace: Workspace, ids: Collection[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
    """Reactivate people, see `reactivate_end_user`."""
    return _set_status(workspace, ids, Action.END_USERS_REACTIVATED, Status.ACTIVE, by, now, active_since=now)


def _set_status(
    workspace: Workspace,
    ids: Collection[UUID],
    action: Action,
    status: EndUser.Status,
    by: Actor,
    now: datetime,
    **fresh: datetime,
) -> ChangeEvent | None:
    others = workspace.end_users.exclude(status=status).filter(Among("pk", ids)).order_by("pk")
    changed = list(others.select_for_update(no_key=True).values_list("pk", flat=True))
    if not changed:
        return None
    EndUser.objects.filter(Among("pk", changed)).update(status=status, updated_at=now, **fresh)
    pairs, (before,) = pairs_of(changed), [str(each) for each in Status if each != status]
    return record(
        by=by,
        action=action,
        subject=workspace,
        workspace=workspace,
        sentence=Sentence(_DID[status], by=by, people=people_named(pairs)),
        people=changed,
        before={before: pairs},
        after={str(status): pairs},
    )


_DID = {
    Status.DEACTIVATED: gettext_noop("{by} deactivated {people}."),
    Status.ACTIVE: gettext_noop("{by} reactivated {people}."),
}
_given = Insertion(
    EnvironmentAccess,
    lambda environment, kind, source, name, now, ids: (
        EndUser.objects.filter(Among("pk", ids)).order_by("pk"),
        {
            "environment": environment,
            "end_user": F("pk"),
            "source_kind": kind,
            "source_id": source,
            "source_name": name,
            "created_at": now,
        },
    ),
    (Environment, "id"),
    (EnvironmentAccess, "source_kind"),
    (EnvironmentAccess, "source_id"),
    (EnvironmentAccess, "source_name"),
    (EnvironmentAccess, "created_at"),
    Ids(),
    returning="end_user",
)
_ended = Deletion(
    lambda environment, kind, source, ids: EnvironmentAccess.objects.filter(
        Among("end_user_id", ids), environment=environment, source_kind=kind, source_id=source
    ),
    (Environment, "id"),
    (EnvironmentAccess, "source_kind"),
    (EnvironmentAccess, "source_id"),
    Ids(),
    returning=["end_user"],
)

"""Changes of who may sign in to an environment."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.actions.exact import SetChange, make_exact
from workspace.db.changes import Deletion, Insertion, Update
from workspace.db.parameters import Among, Ids
from workspace.db.prepared import Prepared
from workspace.db.statement import deletion_of, update_of
from workspace.db.together import Write
from workspace.db.transactions import atomic, write_last
from workspace.events import Actor, Change, Sentence, event_of, record
from workspace.models import MANUAL, ChangeEvent, EndUser, Environment, EnvironmentAccess, Source
from workspace.models.people import EndUserQuerySet
from workspace.words import listed_or, people_named

_NO_ENVIRONMENT = gettext_lazy("no environment")


@atomic
def set_manual_access(*, end_user: EndUser, environments: Collection[Environment], by: Actor) -> bool:
    """Give access by hand to exactly these environments, and say whether anything changed."""
    _to_change.first(end_user.pk)
    others = end_user.accesses.of_source(MANUAL).exclude(environment__in=environments)
    removed = list(others.select_related("environment"))
    given = give_access(end_user, environments, MANUAL)
    if not given and not removed:
        return False
    EnvironmentAccess.objects.filter(pk__in=[access.pk for access in removed]).delete()
    touch([end_user.pk], timezone.now())
    record(
        by=by,
        action=Action.END_USER_ACCESS_CHANGED,
        subject=end_user,
        workspace=end_user.workspace,
        sentence=Sentence("{by} changed the environments of {person}.", by=by, person=end_user),
        concerns=[access.environment for access in [*given, *removed]],
        before={"access": [access.state() for access in removed]},
        after={"access": [access.state() for access in given]},
    )
    return True


@atomic
def end_access(*, end_user: EndUser, source: Source, environment: Environment, by: Actor) -> None:
    """End all access that a source granted, and deactivate the person if no access is left. Memberships stay.

    `environment` is where the change came from.
    """
    # A statement that waits for the person would not see access that was given meanwhile.
    _to_change.first(end_user.pk)
    ended = _end(end_user, source, environment)
    before = str(end_user.status)
    end_user.updated_at = timezone.now()
    if _deactivated_without_access(end_user.pk, EndUser.Status.DEACTIVATED, end_user.updated_at):
        end_user.status = EndUser.Status.DEACTIVATED
    elif not end_user.accesses.exists():
        raise _gone()
    record(**_ending(end_user, environment, ended, before, by))


@atomic
def restore_access(
    *, end_user: EndUser, source: Source, environment: Environment, environments: Collection[Environment], by: Actor
) -> None:
    """Give back access that a source had ended, and activate the person.

    `environment` is where the change came from.
    """
    before = str(end_user.status)
    end_user.activate()
    end_user.updated_at = timezone.now()
    write_last((_switched, (end_user.status, end_user.active_since, end_user.updated_at, end_user.pk)))
    given = give_access(end_user, environments, source)
    record(**_restoring(end_user, environment, environments, given, before, by))


def ended_alone(end_user: EndUser, source: Source, environment: Environment, by: Actor, now: datetime) -> list[Write]:
    """Return what `end_access` writes where the only access of the person is that of the source to the environment."""
    access = EnvironmentAccess(environment=environment, end_user=end_user, **source.fields())
    before = str(end_user.status)
    end_user.status, end_user.updated_at = EndUser.Status.DEACTIVATED, now
    event, subjects = event_of(**_ending(end_user, environment, [access], before, by))
    return [
        (_gone_access, (end_user.pk, environment.pk, source.kind, source.id)),
        (_switched, (end_user.status, end_user.active_since, now, end_user.pk)),
        event,
        *subjects,
    ]


def restored_alone(
    end_user: EndUser, source: Source, environment: Environment, by: Actor, now: datetime
) -> list[Write]:
    """Return what `restore_access` writes where the source gives access to the environment alone, and none yet."""
    access = EnvironmentAccess(environment=environment, end_user=end_user, created_at=now, **source.fields())
    before = str(end_user.status)
    end_user.activate()
    end_user.updated_at = now
    event, subjects = event_of(**_restoring(end_user, environment, [environment], [access], before, by))
    return [(_switched, (end_user.status, end_user.active_since, now, end_user.pk)), access, event, *subjects]


@atomic
def set_access_of_source(
    *,
    environment: Environment,
    entitled: EndUserQuerySet,
    among: Collection[UUID] | None = None,
    source: Source,
    by: Actor,
) -> SetChange:
    """Make the access that a source grants exactly that of the entitled people. The caller touches who got access.

    With `among`, access of other people stays as it is.
    """
    rows = environment.accesses.of_source(source)
    if among is not None:
        rows, entitled = rows.filter(end_user__in=among), entitled.filter(pk__in=among)
    change = make_exact(environment, rows, entitled, environment=environment.pk, **source.fields())
    if change:
        record_set(environment, change, source, by)
    return change


def touch(ids: Collection[UUID], now: datetime) -> None:
    """Change the rows of people who get access. Call it in the transaction that gives it.

    Who switches one of them off at this moment waits for it, or sees by it that there is other access now. Several rows
    are locked in one order, so that two changes do not wait for each other in a circle: call it once in a transaction.
    """
    if not ids:
        return
    if len(ids) > 1:
        list(EndUser.objects.filter(Among("pk", ids)).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    _touched(ids, now)


def give_access(end_user: EndUser, environments: Collection[Environment], source: Source) -> list[EnvironmentAccess]:
    """Insert access by a source where it is missing, and return the new rows. The caller records them."""
    if not environments:
        return []
    ids = [environment.pk for environment in environments]
    given = set(_inserted(end_user.pk, source.kind, source.id, source.name, timezone.now(), ids))
    return [
        EnvironmentAccess(environment=environment, end_user=end_user, **source.fields())
        for environment in environments
        if environment.pk in given
    ]


def _end(end_user: EndUser, source: Source, place: Environment) -> list[EnvironmentAccess]:
    """Delete all access that a source granted, and return it. Only other environments than `place` are read."""
    names = dict(_ended(end_user.pk, source.kind, source.id))
    places = [place] if names.keys() == {place.pk} else []
    if names and not places:
        places = list(Environment.objects.filter(pk__in=names))
    return [
        EnvironmentAccess(
            environment=each,
            end_user=end_user,
            source_kind=source.kind,
            source_id=source.id,
            source_name=names[each.pk],
        )
        for each in places
    ]


def _gone() -> DatabaseError:
    """Return what `save` raises: the person was merged a moment ago."""
    return DatabaseError("The update of a status did not affect any rows.")


def _ending(
    end_user: EndUser, environment: Environment, ended: list[EnvironmentAccess], before: str, by: Actor
) -> Change:
    """Return the event of access that ended. `before` is the status that the person had."""
    return {
        "by": by,
        "action": Action.END_USER_ACCESS_ENDED,
        "subject": end_user,
        "environment": environment,
        "sentence": Sentence(
            "{by} ended the access of {person} to {places}.",
            by=by,
            person=end_user,
            places=listed_or([access.environment.name for access in ended], _NO_ENVIRONMENT),
        ),
        "before": {"access": [access.state() for access in ended], "status": before},
        "after": {"access": [], "status": str(end_user.status)},
    }


def _restoring(
    end_user: EndUser,
    environment: Environment,
    environments: Collection[Environment],
    given: list[EnvironmentAccess],
    before: str,
    by: Actor,
) -> Change:
    """Return the event of access that was given back. `before` is the status that the person had."""
    return {
        "by": by,
        "action": Action.END_USER_ACCESS_RESTORED,
        "subject": end_user,
        "environment": environment,
        "sentence": Sentence(
            "{by} restored the access of {person} to {places}.",
            by=by,
            person=end_user,
            places=listed_or([each.name for each in environments], _NO_ENVIRONMENT),
        ),
        "before": {"access": [], "status": before},
        "after": {"access": [access.state() for access in given], "status": str(end_user.status)},
    }


def record_set(environment: Environment, change: SetChange, source: Source, by: Actor) -> ChangeEvent:
    """Write the event of access that many people got or lost."""
    return record(
        by=by,
        action=Action.ENVIRONMENT_ACCESS_SETTLED,
        subject=environment,
        environment=environment,
        sentence=Sentence(
            _SETTLED[bool(change.added), bool(change.removed)],
            by=by,
            added=people_named(change.added),
            removed=people_named(change.removed),
            place=environment,
        ),
        people=change.people,
        before={"ended": change.removed, "source": source.listed()},
        after={"given": change.added, "source": source.listed()},
    )


# By whether somebody got access, and whether somebody lost it.
_SETTLED = {
    (True, False): gettext_noop("{by} gave {added} access to {place}."),
    (False, True): gettext_noop("{by} ended the access of {removed} to {place}."),
    (True, True): gettext_noop("{by} gave {added} access to and ended the access of {removed} to {place}."),
}
_to_change = Prepared(
    lambda pk: EndUser.objects.filter(pk=pk).order_by().select_for_update(no_key=True), (EndUser, "id")
)
_touched = Update(
    lambda ids, now: (EndUser.objects.filter(Among("pk", ids)), {"updated_at": now}), Ids(), (EndUser, "updated_at")
)
_switched = update_of(EndUser, "status", "active_since", "updated_at")
_gone_access = deletion_of(EnvironmentAccess, "end_user", "environment", "source_kind", "source_id")
_deactivated_without_access = Update(
    lambda pk, status, now: (
        EndUser.objects.filter(~Exists(EnvironmentAccess.objects.filter(end_user=OuterRef("pk"))), pk=pk),
        {"status": status, "updated_at": now},
    ),
    (EndUser, "id"),
    (EndUser, "status"),
    (EndUser, "updated_at"),
)
_ended = Deletion(
    lambda end_user, kind, source: EnvironmentAccess.objects.filter(
        end_user=end_user, source_kind=kind, source_id=source
    ),
    (EndUser, "id"),
    (EnvironmentAccess, "source_kind"),
    (EnvironmentAccess, "source_id"),
    returning=["environment", "source_name"],
)
_inserted = Insertion(
    EnvironmentAccess,
    lambda end_user, kind, source, name, now, ids: (
        Environment.objects.filter(Among("pk", ids)).order_by("pk"),
        {
            "environment": F("pk"),
            "end_user": end_user,
            "source_kind": kind,
            "source_id": source,
            "source_name": name,
            "created_at": now,
        },
    ),
    (EndUser, "id"),
    (EnvironmentAccess, "source_kind"),
    (EnvironmentAccess, "source_id"),
    (EnvironmentAccess, "source_name"),
    (EnvironmentAccess, "created_at"),
    Ids(),
    returning="environment",
)

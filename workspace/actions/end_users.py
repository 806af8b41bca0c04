"""Changes of end users. Each function is one transaction with one change event."""

from collections.abc import Collection

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError

from workspace.db.keys import canonical
from workspace.db.prepared import Prepared
from workspace.db.transactions import atomic
from workspace.events import ActionError, Actor, ConflictError, record
from workspace.models import (
    MANUAL,
    ChangeEvent,
    EndUser,
    EndUserGroup,
    Environment,
    EnvironmentAccess,
    GroupMembership,
    Source,
    SourceKind,
    Workspace,
)

_HANDS = {ChangeEvent.ActorKind.ADMINISTRATOR, ChangeEvent.ActorKind.API_TOKEN, ChangeEvent.ActorKind.OPERATOR}


@atomic
def create_end_user(
    *,
    workspace: Workspace,
    full_name: str,
    email: str,
    environments: Collection[Environment] = (),
    groups: Collection[EndUserGroup] = (),
    source: Source = MANUAL,
    by: Actor,
) -> EndUser:
    """Make a person of the workspace, with access to the environments and membership in the groups."""
    end_user = EndUser(workspace=workspace, full_name=checked_name(full_name), email=checked_email(email))
    _insert(end_user)
    _grant(end_user, environments, source)
    GroupMembership.objects.bulk_create(
        GroupMembership(group=group, end_user=end_user, **source.fields()) for group in groups
    )
    names = [environment.name for environment in environments]
    record(
        by=by,
        action="end_user.created",
        subject=end_user,
        workspace=workspace,
        environment=_only(environments),
        sentence=f"{by.name} added {end_user} with access to {_listed(names)}.",
        after=_profile(end_user) | {"access": names, "groups": [group.name for group in groups]},
    )
    return end_user


@atomic
def link_end_user(
    *, end_user: EndUser, full_name: str, environment: Environment, has_access: bool = True, source: Source, by: Actor
) -> None:
    """Let a source take part in a person who exists already: access through it, and the name it gives."""
    before = _profile(end_user)
    end_user.full_name = checked_name(full_name)
    end_user.activate()
    end_user.save()
    given = [environment] if has_access else []
    _grant(end_user, given, source)
    names = [each.name for each in given]
    record(
        by=by,
        action="end_user.linked",
        subject=end_user,
        environment=environment,
        sentence=f"{by.name} linked {end_user}, who was here already, and gave access to {_listed(names)}.",
        before=_changed(before, _profile(end_user)),
        after=_changed(_profile(end_user), before) | {"access": names},
    )


@atomic
def update_profile(
    *, end_user: EndUser, full_name: str, email: str, environment: Environment | None = None, by: Actor
) -> bool:
    """Set name and email; tells whether anything changed. `environment` is where the change came from."""
    before = _profile(end_user)
    end_user.full_name, end_user.email = checked_name(full_name), checked_email(email)
    after = _profile(end_user)
    if before == after:
        return False
    if is_by_hand(by) and (reason := read_only_reason(end_user)):
        raise ActionError(reason)
    _save_unique(end_user)
    record(
        by=by,
        action="end_user.updated",
        subject=end_user,
        workspace=end_user.workspace,
        environment=environment,
        sentence=f"{by.name} changed {_listed(sorted(_changed(after, before)))} of {end_user}.",
        before=_changed(before, after),
        after=_changed(after, before),
    )
    return True


@atomic
def set_manual_access(*, end_user: EndUser, environments: Collection[Environment], by: Actor) -> bool:
    """Make the environments exactly those that the person may enter by hand-given access; tells whether it changed."""
    held = {
        access.environment: access
        for access in end_user.accesses.filter(**MANUAL.fields()).select_related("environment")
    }
    added = [environment for environment in environments if environment not in held]
    removed = [environment for environment in held if environment not in environments]
    if not added and not removed:
        return False
    _grant(end_user, added, MANUAL)
    EnvironmentAccess.objects.filter(pk__in=[held[environment].pk for environment in removed]).delete()
    record(
        by=by,
        action="end_user.access_changed",
        subject=end_user,
        workspace=end_user.workspace,
        sentence=f"{by.name} changed the environments of {end_user}.",
        before={"access": sorted(environment.name for environment in held)},
        after={"access": sorted(environment.name for environment in environments)},
    )
    return True


@atomic
def end_access(*, end_user: EndUser, source: Source, environment: Environment, by: Actor) -> None:
    """End what a source granted anywhere; the person is deactivated when no access is left. Memberships stay.

    `environment` is where the change came from.
    """
    held = _accesses(end_user.pk)
    ended = [access for access in held if (access.source_kind, access.source_id) == (source.kind, source.id)]
    names = [access.environment.name for access in ended]
    EnvironmentAccess.objects.filter(pk__in=[access.pk for access in ended]).delete()
    if len(ended) == len(held):
        end_user.status = EndUser.Status.DEACTIVATED
        end_user.save()
    record(
        by=by,
        action="end_user.access_ended",
        subject=end_user,
        environment=environment,
        sentence=f"{by.name} ended the access of {end_user} to {_listed(names)}.",
        before={"access": names, "status": EndUser.Status.ACTIVE},
        after={"access": [], "status": end_user.status},
    )


@atomic
def restore_access(
    *, end_user: EndUser, source: Source, environment: Environment, environments: Collection[Environment], by: Actor
) -> None:
    """Give access by a source that had ended it; the person is active again. `environment` is where that came from."""
    before, names = end_user.status, [each.name for each in environments]
    end_user.activate()
    end_user.save()
    _grant(end_user, environments, source)
    record(
        by=by,
        action="end_user.access_restored",
        subject=end_user,
        environment=environment,
        sentence=f"{by.name} restored the access of {end_user} to {_listed(names)}.",
        before={"access": [], "status": before},
        after={"access": names, "status": end_user.status},
    )


@atomic
def deactivate_end_user(*, end_user: EndUser, by: Actor) -> None:
    """Keep a person from signing in anywhere; access and memberships stay, so that reactivation restores them."""
    _set_status(end_user, EndUser.Status.DEACTIVATED, "deactivated", by)


@atomic
def reactivate_end_user(*, end_user: EndUser, by: Actor) -> None:
    """Let a deactivated person sign in again, with the access and memberships of before."""
    _set_status(end_user, EndUser.Status.ACTIVE, "reactivated", by)


def read_only_reason(end_user: EndUser) -> str:
    """Why people cannot change name and email here, in a sentence; empty where they can."""
    access = end_user.accesses.filter(source_kind=SourceKind.SCIM).first()
    if access is None:
        return ""
    return f"{access.source_name} manages the name and email address of this person. Change them there."


def is_by_hand(by: Actor) -> bool:
    """Whether a person decides this, in the console, the admin site or through the API: not an IdP."""
    return by.kind in _HANDS


@atomic
def set_password(*, end_user: EndUser, password: str, by: Actor) -> None:
    """Give a person a password for environments where passwords sign in."""
    end_user.password = make_password(password)
    end_user.save()
    record(
        by=by,
        action="end_user.password_set",
        subject=end_user,
        workspace=end_user.workspace,
        sentence=f"{by.name} set the password of {end_user}.",
    )


def _set_status(end_user: EndUser, status: EndUser.Status, verb: str, by: Actor) -> None:
    before = end_user.status
    if before == status:
        return
    if status == EndUser.Status.ACTIVE:
        end_user.activate()
    else:
        end_user.status = status
    end_user.save()
    record(
        by=by,
        action=f"end_user.{verb}",
        subject=end_user,
        workspace=end_user.workspace,
        sentence=f"{by.name} {verb} {end_user}.",
        before={"status": before},
        after={"status": status},
    )


_accesses = Prepared(
    lambda end_user: EnvironmentAccess.objects.filter(end_user=end_user).select_related("environment"), (EndUser, "id")
)


def _grant(end_user: EndUser, environments: Collection[Environment], source: Source) -> None:
    EnvironmentAccess.objects.bulk_create(
        (
            EnvironmentAccess(environment=environment, end_user=end_user, **source.fields())
            for environment in environments
        ),
        ignore_conflicts=True,
    )


def _insert(end_user: EndUser) -> None:
    try:
        end_user.save(force_insert=True)
    except IntegrityError:
        raise _taken(end_user) from None


def _save_unique(end_user: EndUser) -> None:
    try:
        end_user.save()
    except IntegrityError:
        raise _taken(end_user) from None


def _taken(end_user: EndUser) -> ConflictError:
    return ConflictError(
        f"{end_user.email} belongs to another end user of this workspace. Search for it under End users.",
        field="email",
    )


def checked_name(full_name: str) -> str:
    """A full name without superfluous space; refuses one that is empty or too long."""
    name = " ".join(full_name.split())
    if not name:
        raise ActionError("Enter a full name.", field="full_name")
    if len(name) > 250 or len(canonical(name)) > 500:
        raise ActionError("Shorten the full name to at most 250 characters.", field="full_name")
    return name


def checked_email(email: str) -> str:
    """An address that can be one; a domain without a dot, as in `ada@intranet`, is allowed."""
    email = email.strip()
    local, _, domain = email.rpartition("@")
    try:
        validate_email(email if "." in domain else f"{local}@{domain}.example")
    except ValidationError:
        raise ActionError("Enter an email address like ada@example.com.", field="email") from None
    if len(email) > 254 or len(canonical(email)) > 500:
        raise ActionError("Shorten the email address to at most 254 characters.", field="email")
    return email


def _profile(end_user: EndUser) -> dict[str, str]:
    return {"name": end_user.full_name, "email": end_user.email}


def _changed(these: dict[str, str], others: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in these.items() if others.get(key) != value}


def _listed(names: Collection[str]) -> str:
    return ", ".join(names) or "no environment"


def _only(environments: Collection[Environment]) -> Environment | None:
    """The one environment that a change is about, if it is about just one."""
    return next(iter(environments)) if len(environments) == 1 else None

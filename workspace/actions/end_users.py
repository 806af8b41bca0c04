"""Changes of end users: profile, status and password."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict, Unpack

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.actions.access import give_access, set_manual_access
from workspace.actions.read_only import profile_read_only_reason
from workspace.db.together import Write, write_together
from workspace.db.transactions import atomic, naming_conflicts, save_unique
from workspace.events import Actor, Sentence, changed, event_of, is_by_hand, record
from workspace.isolation import isolated
from workspace.models import (
    MANUAL,
    EndUser,
    EndUserGroup,
    Environment,
    EnvironmentAccess,
    GroupMembership,
    Source,
    Workspace,
)
from workspace.profile import Profile, clean_full_name
from workspace.refusals import ActionError, ConflictError, restored_if_refused
from workspace.words import filled, listed_or

_NO_ENVIRONMENT = "no environment"


class Beginning(TypedDict):
    """What a person of the workspace begins with.

    `source` grants access to the environments and membership in the groups. It is MANUAL where it is left out.
    """

    workspace: Workspace
    profile: Profile
    environments: NotRequired[Collection[Environment]]
    groups: NotRequired[Collection[EndUserGroup]]
    is_active: NotRequired[bool]
    source: NotRequired[Source]
    concerns: NotRequired[Collection[Model]]
    by: Actor


@atomic
def create_end_user(**given: Unpack[Beginning]) -> EndUser:
    """Create a person of the workspace."""
    new = new_end_user(timezone.now(), **given)
    insert_end_user(new)
    return new.end_user


@dataclass(frozen=True)
class NewEndUser:
    """A person who is not stored yet, and the other rows that are stored together: access, memberships, the event."""

    end_user: EndUser
    others: list[Write]


def new_end_user(now: datetime, **given: Unpack[Beginning]) -> NewEndUser:
    """Return all rows of a new person. Raises ActionError for a bad name or address."""
    workspace, source, is_active = given["workspace"], given.get("source", MANUAL), given.get("is_active", True)
    environments, groups = given.get("environments", ()), given.get("groups", ())
    end_user = EndUser(workspace=workspace, created_at=now, updated_at=now, active_since=now)
    end_user.status = EndUser.Status.ACTIVE if is_active else EndUser.Status.DEACTIVATED
    set_profile(end_user, given["profile"])
    end_user.set_keys()
    granted = {"end_user": end_user, "created_at": now, **source.fields()}
    accesses = [EnvironmentAccess(environment=environment, **granted) for environment in environments]
    event, subjects = event_of(
        by=given["by"],
        action=Action.END_USER_CREATED,
        subject=end_user,
        workspace=workspace,
        # An event belongs to an environment only if the change is about that one.
        environment=next(iter(environments)) if len(environments) == 1 else None,
        sentence=Sentence(
            "{by} added {person} with access to {places}.",
            by=given["by"],
            person=end_user,
            places=listed_or([each.name for each in environments], _NO_ENVIRONMENT),
        ),
        concerns=[*groups, *given.get("concerns", ())],
        after=profile_state(end_user)
        | {
            "status": str(end_user.status),
            "access": [access.state() for access in accesses],
            "groups": [[str(group.pk), group.name, *source.listed()] for group in groups],
        },
    )
    memberships = [GroupMembership(group=group, **granted) for group in groups]
    return NewEndUser(end_user, [*accesses, *memberships, event, *subjects])


def insert_end_user(new: NewEndUser) -> None:
    """Store the rows of a new person. Raises ConflictError where the address is taken."""
    with naming_conflicts(EndUser, email_taken(new.end_user)):
        write_together([new.end_user, *new.others])


@atomic
def link_end_user(
    *,
    end_user: EndUser,
    profile: Profile,
    environment: Environment,
    has_access: bool = True,
    source: Source,
    concerns: Collection[Model] = (),
    by: Actor,
) -> None:
    """Link a source to an existing person: it sets the name, gives access and activates. The address stays."""
    before = profile_state(end_user) | {"status": str(end_user.status)}
    _set_name(end_user, clean_full_name(profile.full_name, end_user.full_name), profile.source)
    end_user.activate()
    end_user.save()
    given = give_access(end_user, [environment] if has_access else [], source)
    after = profile_state(end_user) | {"status": str(end_user.status)}
    record(
        by=by,
        action=Action.END_USER_LINKED,
        subject=end_user,
        environment=environment,
        sentence=Sentence(
            "{by} linked {person}, who was here already, and gave access to {places}.",
            by=by,
            person=end_user,
            places=environment if has_access else _NO_ENVIRONMENT,
        ),
        concerns=concerns,
        before=changed(before, after),
        after=changed(after, before) | {"access": [access.state() for access in given]},
    )


@atomic
def update_profile(*, end_user: EndUser, profile: Profile, environment: Environment | None = None, by: Actor) -> bool:
    """Set name and address, and say whether anything changed. `environment` is where the change came from."""
    before = profile_state(end_user)
    wanted = profile.cleaned(end_user.full_name)
    if before | {"name": wanted.full_name, "email": wanted.email, "user_name": wanted.user_name} == before:
        return False
    if is_by_hand(by) and (reason := profile_read_only_reason(end_user)):
        raise ActionError("read_only", reason)
    with restored_if_refused(end_user):
        set_profile(end_user, wanted)
        save_unique(end_user, email_taken(end_user))
    after = profile_state(end_user)
    what = _CHANGED[before["email"] != after["email"], before["name"] != after["name"]]
    record(
        by=by,
        action=Action.END_USER_UPDATED,
        subject=end_user,
        workspace=end_user.workspace,
        environment=environment,
        sentence=Sentence(what, by=by, person=end_user),
        before=changed(before, after),
        after=changed(after, before),
    )
    return True


@atomic
def save_end_user(*, end_user: EndUser, profile: Profile, environments: Collection[Environment], by: Actor) -> bool:
    """Set name, address and the access given by hand, and say whether anything changed."""
    is_changed = update_profile(end_user=end_user, profile=profile, by=by)
    return set_manual_access(end_user=end_user, environments=environments, by=by) or is_changed


@atomic
def deactivate_end_user(*, end_user: EndUser, by: Actor) -> None:
    """Stop a person from signing in anywhere. Access and memberships stay, so reactivation restores them."""
    if end_user.is_active:
        _set_status(end_user, EndUser.Status.DEACTIVATED, Action.END_USER_DEACTIVATED, by)


@atomic
def reactivate_end_user(*, end_user: EndUser, by: Actor) -> None:
    """Let a deactivated person sign in again with the same access and memberships."""
    if not end_user.is_active:
        _set_status(end_user, EndUser.Status.ACTIVE, Action.END_USER_REACTIVATED, by)


@atomic
def set_password(*, end_user: EndUser, password: str, by: Actor) -> None:
    """Set the password with which a person signs in where passwords are allowed."""
    end_user.set_password(password)
    end_user.save()
    record(
        by=by,
        action=Action.END_USER_PASSWORD_SET,
        subject=end_user,
        workspace=end_user.workspace,
        sentence=Sentence("{by} set the password of {person}.", by=by, person=end_user),
    )


def set_profile(end_user: EndUser, profile: Profile) -> None:
    """Set the fields of a profile without saving. A value that changes gets the profile's source."""
    wanted = profile.cleaned(end_user.full_name)
    _set_name(end_user, wanted.full_name, wanted.source)
    if (end_user.email, end_user.user_name) != (wanted.email, wanted.user_name):
        end_user.email, end_user.user_name, end_user.email_source = wanted.email, wanted.user_name, wanted.source


def profile_state(end_user: EndUser) -> dict[str, object]:
    """Return name and address with their sources, as events keep them."""
    return {
        "name": end_user.full_name,
        "name_source": end_user.name_source.listed(),
        "email": end_user.email,
        "user_name": end_user.user_name,
        "email_source": end_user.email_source.listed(),
    }


def _set_name(end_user: EndUser, full_name: str, source: Source) -> None:
    if end_user.full_name != full_name:
        end_user.full_name, end_user.name_source = full_name, source


def _set_status(end_user: EndUser, status: EndUser.Status, action: Action, by: Actor) -> None:
    before = str(end_user.status)
    if status == EndUser.Status.ACTIVE:
        end_user.activate()
    else:
        end_user.status = status
    end_user.save()
    record(
        by=by,
        action=action,
        subject=end_user,
        workspace=end_user.workspace,
        sentence=Sentence(_DID[status], by=by, person=end_user),
        before={"status": before},
        after={"status": str(status)},
    )


def email_taken(end_user: EndUser) -> Callable[[str], ConflictError]:
    taken = filled(_EMAIL_TAKEN, {"email": isolated(end_user.email)})
    return lambda error: ConflictError("email_taken", taken, field="email")


# By whether the address is another one, and whether the name is.
_CHANGED = {
    (True, False): gettext_noop("{by} changed email of {person}."),
    (False, True): gettext_noop("{by} changed name of {person}."),
    (True, True): gettext_noop("{by} changed email, name of {person}."),
    (False, False): gettext_noop("{by} changed userName of {person}."),
}
_DID = {
    EndUser.Status.DEACTIVATED: gettext_noop("{by} deactivated {person}."),
    EndUser.Status.ACTIVE: gettext_noop("{by} reactivated {person}."),
}
_EMAIL_TAKEN = gettext_lazy("%(email)s belongs to another end user of this workspace. Search for it under End users.")

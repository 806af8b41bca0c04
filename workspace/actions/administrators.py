"""Changes of console accounts and their roles."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from workspace.action_names import Action
from workspace.actions.roles import (
    Role,
    as_of_now,
    lock_roles,
    refuse_beyond_role,
    refuse_without_owner,
    withdraw_sent_by,
)
from workspace.db.keys import canonical
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.mail import tell_owners
from workspace.models import Administrator, User, Workspace

# How a mail to the owners begins, and where they correct the change.
TOLD = {"subject": _("Access control of %(workspace)s was changed"), "page": _("Access control")}
# The roles to which somebody of a role may invite.
_GIVES = {Role.OWNER: list(Role), Role.ADMIN: [Role.ADMIN, Role.VIEWER], Role.VIEWER: []}
_ROLE = gettext_noop("{by} changed the role of {user} from {before} to {role}.")
_ROLE_AND_INVITATIONS = gettext_noop(
    "{by} changed the role of {user} from {before} to {role} and withdrew {withdrawn}."
)
# By whether they left themselves, and whether invitations ended with that.
_GONE = {
    (True, False): gettext_noop("{by} left {workspace}."),
    (True, True): gettext_noop("{by} left {workspace} and withdrew {withdrawn}."),
    (False, False): gettext_noop("{by} removed {user} from {workspace}."),
    (False, True): gettext_noop("{by} removed {user} from {workspace} and withdrew {withdrawn}."),
}


@atomic
def add_administrator(
    *, workspace: Workspace, email: str, role: Administrator.Role, password: str | None = None, by: Actor
) -> Administrator:
    """Give an account a role in a workspace. An account that does not exist is made, with this password."""
    user = User.objects.filter(email_key=canonical(email)).first()
    user = user or User.objects.create_user(email=email, password=password)
    administrator = Administrator.objects.create(user=user, workspace=workspace, role=role)
    record(
        by=by,
        action=Action.ADMINISTRATOR_ADDED,
        subject=administrator,
        workspace=workspace,
        sentence=Sentence(
            "{by} made {user} {role} of {workspace}.",
            by=by,
            user=user,
            role=Role(role).label,
            workspace=workspace,
        ),
        concerns=[user, workspace],
        after={"email": user.email, "role": str(role)},
    )
    return administrator


@atomic
def change_role(*, administrator: Administrator, role: Administrator.Role, by: Actor, now: datetime) -> bool:
    """Give an administrator another role, and say whether it is another one.

    Their sessions end, because they were opened with other rights. Open invitations to roles that they can no longer
    give are withdrawn.
    """
    workspace = administrator.workspace
    lock_roles(workspace)
    found = as_of_now(administrator)
    refuse_beyond_role(workspace, by, found.role, role)
    if (before := found.role) == role:
        return False
    found.role = role
    found.save()
    if before == Role.OWNER:
        refuse_without_owner(workspace)
    withdrawn = withdraw_sent_by(found, set(Role) - set(_GIVES[role]), now)
    found.user.end_sessions()
    event = record(
        by=by,
        action=Action.ADMINISTRATOR_ROLE_CHANGED,
        subject=found,
        workspace=workspace,
        sentence=Sentence(
            _ROLE_AND_INVITATIONS if withdrawn.invitations else _ROLE,
            by=by,
            user=found.user,
            before=Role(before).label,
            role=Role(role).label,
            withdrawn=withdrawn.number,
        ),
        concerns=[found.user, workspace, *withdrawn.invitations],
        before={"role": str(before)} | withdrawn.state,
        after={"role": str(role)},
    )
    tell_owners(event, workspace, **TOLD)
    return True


@atomic
def remove_administrator(*, administrator: Administrator, by: Actor, now: datetime) -> None:
    """Take the role from an administrator, end their sessions, and withdraw their open invitations.

    The account stays: it may have roles in other workspaces. Everybody may remove themselves.
    """
    workspace = administrator.workspace
    lock_roles(workspace)
    found = as_of_now(administrator)
    is_leaving = by.id == str(found.pk)
    if not is_leaving:
        refuse_beyond_role(workspace, by, found.role)
    withdrawn = withdraw_sent_by(found, list(Role), now)
    event = record(
        by=by,
        action=Action.ADMINISTRATOR_REMOVED,
        subject=found,
        workspace=workspace,
        sentence=Sentence(
            _GONE[is_leaving, bool(withdrawn.invitations)],
            by=by,
            user=found.user,
            workspace=workspace,
            withdrawn=withdrawn.number,
        ),
        concerns=[found.user, workspace, *withdrawn.invitations],
        before={"email": found.user.email, "role": str(found.role)} | withdrawn.state,
    )
    was_owner = found.role == Role.OWNER
    found.user.end_sessions()
    found.delete()
    if was_owner:
        refuse_without_owner(workspace)
    tell_owners(event, workspace, **TOLD)


def close_get_started(*, administrator: Administrator, is_closed: bool) -> None:
    """Close the page Get started for an administrator, or open it again. Nobody else sees that: no event tells it."""
    Administrator.objects.filter(pk=administrator.pk).update(has_closed_get_started=is_closed)

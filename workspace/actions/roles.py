"""Who may give and take roles in a workspace, and the owner who always remains."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from workspace.events import Actor, Kind
from workspace.models import Administrator, AdministratorInvitation, Workspace
from workspace.refusals import ActionError
from workspace.words import Spoken, Text, count

Role = Administrator.Role


def locked_workspace(workspace: Workspace) -> Workspace:
    """Return the workspace as of now. Changes of it and of its roles wait for each other."""
    return Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


def lock_roles(workspace: Workspace) -> None:
    """Let changes of roles in a workspace wait for each other. Call it first, so that what is read then stays true."""
    locked_workspace(workspace)


def refuse_beyond_role(workspace: Workspace, by: Actor, *roles: str) -> None:
    """Raise ActionError where an administrator's own role, as it is now, does not reach for these roles.

    Owners give and take every role, Admins and API tokens every role but Owner. Operators are no administrators of the
    workspace.
    """
    if by.kind == Kind.API_TOKEN and Role.OWNER in roles:
        raise _owners_only(workspace)
    if by.kind != Kind.ADMINISTRATOR:
        return
    own = workspace.administrators.filter(pk=by.id).first()
    if own is None or own.role == Role.VIEWER:
        raise ActionError(
            "not_allowed",
            _("Your role in %(workspace)s has changed: you may not do this any more.") % {"workspace": workspace},
        )
    if Role.OWNER in roles and own.role != Role.OWNER:
        raise _owners_only(workspace)


def _owners_only(workspace: Workspace) -> ActionError:
    sentence = _("Only an owner of %(workspace)s may add, change or remove an owner.") % {"workspace": workspace}
    return ActionError("owners_only", sentence)


def refuse_but_owner(workspace: Workspace, by: Actor, refusal: Text) -> None:
    """Raise ActionError for anybody who is no owner now, but operators. The refusal has %(workspace)s in it."""
    is_bound = by.kind in (Kind.ADMINISTRATOR, Kind.API_TOKEN)
    if is_bound and not workspace.administrators.owners().filter(pk=by.id).exists():
        raise ActionError("owners_only", str(refusal) % {"workspace": workspace})


def refuse_without_owner(workspace: Workspace) -> None:
    """Raise ActionError if no owner is left. Call it after the change, in its transaction."""
    if not workspace.administrators.owners().exists():
        message = _("This is the last owner of %(workspace)s. Make somebody else an owner first.") % {
            "workspace": workspace
        }
        raise ActionError("last_owner", message, field="role")


def as_of_now(administrator: Administrator) -> Administrator:
    """Return the administrator as of now. Raises ActionError if somebody has removed them in the meantime."""
    workspace = administrator.workspace
    found = workspace.administrators.select_related("user").filter(pk=administrator.pk).first()
    if found is None:
        message = _("%(user)s is no administrator of %(workspace)s any more.") % {
            "user": administrator.user,
            "workspace": workspace,
        }
        raise ActionError("no_administrator", message)
    found.workspace = workspace
    return found


@dataclass(frozen=True)
class Withdrawn:
    """Open invitations that ended with the right of who had sent them, for the event of that change."""

    invitations: list[AdministratorInvitation] = field(default_factory=list)

    @property
    def number(self) -> Spoken:
        return count(len(self.invitations), "open invitation", "open invitations")

    @property
    def state(self) -> dict[str, object]:
        """Return what belongs in the event's `before`."""
        pairs = [[str(each.pk), each.email, each.role] for each in self.invitations]
        return {"invitations": pairs} if pairs else {}


def withdraw_sent_by(administrator: Administrator, roles: Collection[str], now: datetime) -> Withdrawn:
    """Withdraw the open invitations to these roles that an administrator has sent. The caller records it."""
    waiting = administrator.workspace.administrator_invitations.open()
    found = list(waiting.sent_by(administrator).filter(role__in=roles))
    ids = [each.pk for each in found]
    AdministratorInvitation.objects.filter(pk__in=ids).update(withdrawn_at=now, updated_at=now)
    return Withdrawn(found)

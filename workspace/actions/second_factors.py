"""The second factor that a workspace requires of all its administrators, and an installation of its operators."""

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.actions.administrators import TOLD
from workspace.actions.roles import locked_workspace, refuse_but_owner
from workspace.db.transactions import atomic
from workspace.events import Actor, Kind, Sentence, record
from workspace.mail import tell_owners
from workspace.models import User, Workspace
from workspace.refusals import ActionError
from workspace.words import together

OWN_FIRST = gettext_lazy(
    "Set up a second factor of your own first. Without it you could no longer open this workspace."
)
_OWNERS_ONLY = gettext_lazy("Only an owner of %(workspace)s may change this.")


@atomic
def require_second_factor(*, workspace: Workspace, is_required: bool, by: Actor) -> bool:
    """Require a second factor of all administrators or leave it to each, and say whether that is a change."""
    found = locked_workspace(workspace)
    refuse_but_owner(found, by, _OWNERS_ONLY)
    if found.requires_second_factor == is_required:
        return False
    if is_required:
        _refuse_to_lock_oneself_out(found, by)
    found.requires_second_factor = is_required
    found.save()
    if is_required:
        action = Action.WORKSPACE_SECOND_FACTOR_REQUIRED
        sentence = gettext_noop("{by} decided that {workspace} requires a second factor of all administrators.")
    else:
        action = Action.WORKSPACE_SECOND_FACTOR_OPTIONAL
        sentence = gettext_noop("{by} decided that {workspace} no longer requires a second factor.")
    event = record(
        by=by,
        action=action,
        subject=found,
        workspace=found,
        sentence=Sentence(sentence, by=by, workspace=found),
        before={"requires_second_factor": not is_required},
        after={"requires_second_factor": is_required},
    )
    tell_owners(event, found, **TOLD)
    return True


def refuse_without_second_factor(user: User, by: Actor) -> None:
    """Raise ActionError if owners have turned off their last second factor though it is required.

    Call it after the change, in its transaction. An operator may turn it off for somebody who has lost it.
    """
    if by.id != str(user.pk) or User.objects.get(pk=user.pk).has_second_factor:
        return
    if what := required_for(user):
        message = _("This is your only second factor. It is required for %(what)s, so add another one first.") % {
            "what": what
        }
        raise ActionError("second_factor_required", message)


def required_for(user: User) -> str:
    """Return in words for what the account needs a second factor; empty if for nothing."""
    roles = user.roles.requiring_second_factor().select_related("workspace")
    operators = [_("the operator pages")] if user.is_staff and not settings.DEBUG else []
    return together([*(role.workspace.name for role in roles), *operators])


def _refuse_to_lock_oneself_out(workspace: Workspace, by: Actor) -> None:
    own = workspace.administrators.filter(pk=by.id).first() if by.kind == Kind.ADMINISTRATOR else None
    if own and not own.user.has_second_factor:
        raise ActionError("no_second_factor", OWN_FIRST)

"""Changes of workspaces and environments."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.actions.administrators import TOLD
from workspace.actions.environments import create_environment
from workspace.actions.roles import locked_workspace, refuse_but_owner
from workspace.db.transactions import atomic
from workspace.events import Actor, Called, Sentence, record
from workspace.mail import tell_owners
from workspace.models import Environment, Workspace
from workspace.names import clean_name
from workspace.refusals import ActionError

MAX_WORKSPACE_NAME = 100
_OWNERS_ONLY = gettext_lazy("Only an owner of %(workspace)s may remove it or take it back.")

Kind = Environment.Kind
Colour = Environment.Colour
_COLOURS = {Kind.DEV: Colour.BLUE, Kind.TEST: Colour.VIOLET, Kind.PROD: Colour.AMBER}


@atomic
def create_workspace(*, name: str, slug: str, kinds: tuple[Kind, ...] = (Kind.PROD,), by: Actor) -> Workspace:
    """Create a workspace with its environments, at least one, each with its group Everyone."""
    workspace = Workspace.objects.create(name=name, slug=slug)
    for position, kind in enumerate(kinds or (Kind.PROD,)):
        create_environment(
            workspace=workspace,
            name=kind.upper(),
            slug=str(kind),
            kind=kind,
            colour=_COLOURS[kind],
            position=position,
        )
    record(
        by=by,
        action=Action.WORKSPACE_CREATED,
        subject=workspace,
        workspace=workspace,
        sentence=Sentence("{by} created the workspace {workspace}.", by=by, workspace=workspace),
        after={"name": name, "environments": [str(kind) for kind in kinds]},
    )
    return workspace


@atomic
def rename_workspace(*, workspace: Workspace, name: str, by: Actor) -> bool:
    """Give a workspace another name, and say whether it is another one. Its URLs stay, because IdPs know them."""
    found = locked_workspace(workspace)
    before = found.name
    found.name = clean_name(
        name, what=_("name"), missing=_("Enter a name for the workspace."), most=MAX_WORKSPACE_NAME, known=before
    )
    if found.name == before:
        return False
    found.save()
    record(
        by=by,
        action=Action.WORKSPACE_RENAMED,
        subject=found,
        workspace=found,
        sentence=Sentence(
            "{by} renamed the workspace {before} to {workspace}.",
            by=by,
            before=Called(found, before),
            workspace=found,
        ),
        before={"name": before},
        after={"name": found.name},
    )
    return True


@atomic
def remove_workspace(*, workspace: Workspace, by: Actor, now: datetime) -> None:
    """Close a workspace at once. An owner can take it back for seven days; then it is deleted for good."""
    found = locked_workspace(workspace)
    refuse_but_owner(found, by, _OWNERS_ONLY)
    if not found.removed_at:
        _set_removed(found, now, Action.WORKSPACE_REMOVED, gettext_noop("{by} removed the workspace {workspace}."), by)


@atomic
def restore_workspace(*, workspace: Workspace, by: Actor, now: datetime) -> None:
    """Open a removed workspace again, as it was."""
    found = locked_workspace(workspace)
    refuse_but_owner(found, by, _OWNERS_ONLY)
    if found.deleted_from and found.deleted_from <= now:
        raise ActionError("too_late", _("The time to take %(workspace)s back is over.") % {"workspace": found})
    if found.removed_at:
        _set_removed(
            found, None, Action.WORKSPACE_RESTORED, gettext_noop("{by} took the workspace {workspace} back."), by
        )


def _set_removed(workspace: Workspace, at: datetime | None, action: Action, template: str, by: Actor) -> None:
    before, workspace.removed_at = workspace.removed_at, at
    workspace.save()
    event = record(
        by=by,
        action=action,
        subject=workspace,
        workspace=workspace,
        sentence=Sentence(template, by=by, workspace=workspace),
        before={"removed_at": before.isoformat() if before else None},
        after={"removed_at": at.isoformat() if at else None},
    )
    tell_owners(event, workspace, **TOLD)

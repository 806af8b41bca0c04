"""Changes of workspaces and environments."""

from workspace.action_names import Action
from workspace.actions.read_only import EVERYONE
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.models import EndUserGroup, Environment, Workspace

Kind = Environment.Kind


@atomic
def create_workspace(*, name: str, slug: str, kinds: tuple[Kind, ...] = (Kind.PROD,), by: Actor) -> Workspace:
    """Create a workspace with its environments, at least one, each with its group Everyone."""
    workspace = Workspace.objects.create(name=name, slug=slug)
    for position, kind in enumerate(kinds or (Kind.PROD,)):
        environment = Environment.objects.create(
            workspace=workspace, name=kind.upper(), slug=str(kind), kind=kind, position=position
        )
        EndUserGroup.objects.create(environment=environment, name=EVERYONE, is_everyone=True)
    record(
        by=by,
        action=Action.WORKSPACE_CREATED,
        subject=workspace,
        workspace=workspace,
        sentence=Sentence("{by} created the workspace {workspace}.", by=by, workspace=workspace),
        after={"name": name, "environments": [str(kind) for kind in kinds]},
    )
    return workspace

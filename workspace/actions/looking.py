"""What operators look at."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from workspace.action_names import Action
from workspace.db.keys import first_id_at
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.models import ChangeEvent, Workspace

# Further looks of the same operator within this time are part of the first one.
_ONE_LOOK = timedelta(hours=1)


@atomic
def note_look(*, workspaces: Collection[UUID], what: str, by: Actor, now: datetime) -> None:
    """Write an event in each workspace at whose data an operator looks, for its owners to see."""
    recent = ChangeEvent.objects.filter(
        workspace_id__in=workspaces, actor_id=by.id, pk__gte=first_id_at(now - _ONE_LOOK)
    )
    noted = recent.filter(action=Action.WORKSPACE_LOOKED_AT).values_list("workspace_id", flat=True)
    if not (new := set(workspaces) - set(noted)):
        return
    for workspace in Workspace.objects.filter(pk__in=new):
        sentence = Sentence("{by} looked at {what} of {workspace}.", by=by, what=what, workspace=workspace)
        record(by=by, action=Action.WORKSPACE_LOOKED_AT, subject=workspace, workspace=workspace, sentence=sentence)

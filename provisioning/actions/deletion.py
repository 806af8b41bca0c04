"""The end of removed workspaces, with all that the three apps keep of them."""

from datetime import datetime

from django.db.models import Model, QuerySet

from authentication.actions.retention import delete_in_batches
from authentication.models import SignInAttempt
from provisioning.models import GroupMapping, ProvisionedGroup, ProvisionedUser, ScimRequest
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import SYSTEM, Sentence, record
from workspace.models import EndUser, EndUserGroup, Workspace


def delete_removed_workspaces(now: datetime) -> int:
    """Delete the workspaces whose time to be taken back is over, and return how many. Call it outside transactions.

    Nobody can take them back any more, so a deletion that is interrupted goes on at the next call.
    The audit log keeps their changes.
    """
    due = Workspace.objects.filter(removed_at__lte=now - Workspace.KEPT_AFTER_REMOVAL)
    for workspace in due:
        for rows in _many(workspace):
            delete_in_batches(rows)
        _delete(workspace)
    return len(due)


def _many(workspace: Workspace) -> list[QuerySet[Model]]:
    """Return what a workspace has many of, in an order in which it can be deleted. The rest goes with the workspace."""
    through = {"connection__environment_provider__environment__workspace": workspace}
    return [
        ScimRequest.objects.filter(workspace_id=workspace.pk),
        SignInAttempt.objects.filter(workspace_id=workspace.pk),
        GroupMapping.objects.filter(**through),
        ProvisionedGroup.objects.filter(**through),
        ProvisionedUser.objects.filter(**through),
        EndUserGroup.objects.filter(environment__workspace=workspace),
        EndUser.objects.filter(workspace=workspace),
    ]


@atomic
def _delete(workspace: Workspace) -> None:
    record(
        by=SYSTEM,
        action=Action.WORKSPACE_DELETED,
        subject=workspace,
        workspace=workspace,
        sentence=Sentence("{by} deleted the removed workspace {workspace} for good.", by=SYSTEM, workspace=workspace),
        before={"name": workspace.name, "slug": workspace.slug},
    )
    workspace.delete()

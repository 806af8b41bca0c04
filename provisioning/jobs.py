"""The jobs of this app."""

from datetime import datetime, timedelta

from provisioning.actions.deletion import delete_removed_workspaces
from provisioning.actions.retention import forget_expired_tokens, forget_requests
from workspace.scheduling import job
from workspace.words import count


@job("Forget old SCIM requests", every=timedelta(hours=1))
def forget_scim_requests(now: datetime) -> str:
    return f"{count(forget_requests(now), 'request', 'requests')} deleted."


@job("Forget expired SCIM tokens", every=timedelta(hours=1))
def forget_scim_tokens(now: datetime) -> str:
    return f"{count(forget_expired_tokens(now), 'sealed copy', 'sealed copies')} deleted."


@job("Delete removed workspaces", every=timedelta(hours=1))
def delete_workspaces(now: datetime) -> str:
    return f"{count(delete_removed_workspaces(now), 'workspace', 'workspaces')} deleted."

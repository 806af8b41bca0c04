"""What becomes of SCIM Users when two people become one: they keep their ids, and mean the one who stays."""

from collections.abc import Iterable

from provisioning.models import ProvisionedUser, ProvisioningConnection
from workspace.isolation import isolated
from workspace.merging import Fact, Merge, Moved, locks_before_merge, moves
from workspace.models import Workspace
from workspace.refusals import ActionError
from workspace.words import together


@locks_before_merge
def wait_for_requests(workspace: Workspace) -> None:
    """Wait for all requests of the workspace's connections that change something, and let later ones wait."""
    connections = ProvisioningConnection.objects.filter(environment_provider__environment__workspace=workspace)
    list(connections.select_for_update(of=("self",)).order_by("pk").values_list("pk"))


@moves("provisioned")
def move_users(merge: Merge) -> Moved:
    """Move the users, each with the id that its IdP knows. Raises ActionError if one connection has users of both."""
    related = ("connection__environment_provider__environment", "connection__environment_provider__identity_provider")
    users = list(merge.goes.provisioned.select_related(*related).defer("document", "folded").order_by("pk"))
    _refuse_two_of_one_connection(merge, users)
    merge.goes.provisioned.update(end_user=merge.stays)
    if not users:
        return Moved([Fact("SCIM users", "None")])
    value = f"{len(users):,} will move: {', '.join(map(_called, users))}"
    fact = Fact("SCIM users", value, "For their IdPs nothing changes: the SCIM ids stay.")
    return Moved([fact], {"scim_users": [str(user.pk) for user in users]}, concerns=[*users])


def _refuse_two_of_one_connection(merge: Merge, users: Iterable[ProvisionedUser]) -> None:
    own = {user.connection_id: user for user in merge.stays.provisioned.all()}
    for user in users:
        if twin := own.get(user.connection_id):
            name = isolated(user.connection.name)
            raise ActionError(
                "two_users",
                f"{name} provisions both to {user.connection.environment}, as {together([str(twin), str(user)])}. "
                f"One connection cannot have two users of one person: delete one of them in {name} first.",
            )


def _called(user: ProvisionedUser) -> str:
    state = "" if user.is_active else ", inactive"
    return f"{user} of {isolated(user.connection.name)} in {user.connection.environment}{state}"

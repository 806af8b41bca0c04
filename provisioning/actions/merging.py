"""What becomes of SCIM Users when two people become one: they keep their ids, and mean the one who stays."""

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisioning.models import ProvisionedUser, ProvisioningConnection
from workspace.isolation import isolated
from workspace.merging import Fact, Merge, Moved, locks_before_merge, moves
from workspace.models import Workspace
from workspace.refusals import ActionError
from workspace.words import grouped, together


@locks_before_merge
def wait_for_requests(workspace: Workspace) -> None:
    """Wait for all requests of the workspace's connections that change something, and let later ones wait."""
    connections = ProvisioningConnection.objects.filter(environment_provider__environment__workspace=workspace)
    list(connections.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    connections.update(updated_at=timezone.now())  # as `lock_exclusive` does


@moves("provisioned")
def move_users(merge: Merge) -> Moved:
    """Move the users, each with the id that its IdP knows. Raises ActionError if one connection has users of both."""
    related = ("connection__environment_provider__environment", "connection__environment_provider__identity_provider")
    users = list(merge.goes.provisioned.select_related(*related).defer("document", "folded").order_by("pk"))
    _refuse_two_of_one_connection(merge, users)
    merge.goes.provisioned.update(end_user=merge.stays)
    if not users:
        return Moved([Fact(_("SCIM users"), _("None"))])
    value = ngettext("%(number)s will move: %(users)s", "%(number)s will move: %(users)s", len(users))
    value %= {"number": grouped(len(users)), "users": ", ".join(map(_called, users))}
    fact = Fact(_("SCIM users"), value, _("For their IdPs nothing changes: the SCIM ids stay."))
    return Moved([fact], {"scim_users": [str(user.pk) for user in users]}, concerns=[*users])


def _refuse_two_of_one_connection(merge: Merge, users: Iterable[ProvisionedUser]) -> None:
    own = {user.connection_id: user for user in merge.stays.provisioned.all()}
    for user in users:
        if twin := own.get(user.connection_id):
            sentence = _(
                "%(provider)s provisions both to %(environment)s, as %(users)s. One connection cannot have two users "
                "of one person: delete one of them in %(provider)s first."
            )
            names = {"provider": isolated(user.connection.name), "environment": user.connection.environment}
            raise ActionError("two_users", sentence % {**names, "users": together([str(twin), str(user)])})


def _called(user: ProvisionedUser) -> str:
    sentence = _("%(user)s of %(provider)s in %(environment)s")
    if not user.is_active:
        sentence = _("%(user)s of %(provider)s in %(environment)s, inactive")
    connection = user.connection
    return sentence % {"user": user, "provider": isolated(connection.name), "environment": connection.environment}

"""Pages of what provisioning's changes name, for links in their sentences."""

from collections.abc import Collection

from provisioning.models import ProvisionedUser, ProvisioningConnection, ScimRequest
from workspace.console.navigation import page_url
from workspace.console.presenters import Pages, pages_of
from workspace.models import Environment


@pages_of("provisioneduser")
def _record_pages(environment: Environment, ids: Collection[str]) -> Pages:
    records = ProvisionedUser.objects.filter(
        connection__environment_provider__environment__workspace=environment.workspace_id, pk__in=ids
    )
    return {
        str(pk): page_url("provisioning:end-user", environment, end_user=end_user)
        for pk, end_user in records.values_list("pk", "end_user")
    }


@pages_of("request")
def request_pages(environment: Environment, ids: Collection[str]) -> Pages:
    """Return the pages of the workspace's requests by their request ids, as far as the log still has them."""
    places = {each.pk: each for each in environment.workspace.environments.select_related("workspace")}
    # Compared here: for a condition SQLite would read every request of the environment instead of the index of ids.
    found = ScimRequest.objects.filter(request_id__in=ids).order_by().values_list("request_id", "pk", "environment_id")
    return {
        request_id: page_url("provisioning:request", places[place], exchange=pk)
        for request_id, pk, place in found
        if place in places
    }


@pages_of("provisioningconnection")
def _connection_pages(environment: Environment, ids: Collection[str]) -> Pages:
    connections = ProvisioningConnection.objects.filter(
        environment_provider__environment__workspace=environment.workspace_id, pk__in=ids
    )
    return {
        str(connection.pk): page_url(
            "provisioning:setup",
            connection.environment,
            provider=connection.environment_provider.identity_provider_id,
        )
        for connection in connections.select_related("environment_provider__environment__workspace")
    }

"""Pages of what provisioning's changes name, for links in their sentences."""

from collections.abc import Collection

from provisioning.models import ProvisionedUser, ProvisioningConnection
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

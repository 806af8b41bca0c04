"""Pages of what provisioning's changes name, for links in their sentences."""

import re
from collections.abc import Collection
from uuid import UUID

from provisioning.models import ProvisionedGroup, ProvisionedUser, ProvisioningConnection, ScimRequest
from workspace.console.finding import Found
from workspace.console.navigation import page_url
from workspace.console.presenters import Pages, find_pages, pages_of
from workspace.db.indexes import Unindexed
from workspace.db.keys import is_id
from workspace.models import ChangeEvent, Environment

_PERSON = "provisioning:end-user"
# The SCIM id in a path.
_ID = re.compile(r"/(?:Users|Groups)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)


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


def subjects_of(exchanges: Collection[ScimRequest], environment: Environment) -> dict[UUID, Found]:
    """Return whom, or which group, each request is about, by the request's id. Look-ups are about nobody yet."""
    by_id = {each.pk: match[1].lower() for each in exchanges if (match := _ID.search(each.path))}
    things = _things(set(by_id.values()), environment)
    found = {pk: things[scim_id] for pk, scim_id in by_id.items() if scim_id in things}
    changed = _changed({each.request_id for each in exchanges if each.pk not in found}, environment)
    return {each.pk: changed[each.request_id] for each in exchanges if each.request_id in changed} | found


def _things(ids: set[str], environment: Environment) -> dict[str, Found]:
    """Return the people and groups with these SCIM ids."""
    users = ProvisionedUser.objects.filter(connection__environment_provider__environment=environment, pk__in=ids)
    groups = ProvisionedGroup.objects.filter(connection__environment_provider__environment=environment, pk__in=ids)
    found = {
        str(each.pk): Found(each.end_user.full_name, page_url(_PERSON, environment, end_user=each.end_user_id))
        for each in users.select_related("end_user")
    }
    for each in groups.select_related("group__environment__workspace"):
        url = page_url("workspace:group", each.group.environment, group=each.group.pk) if each.group else ""
        found[str(each.pk)] = Found(each.display_name, url)
    return found


def _changed(request_ids: set[str], environment: Environment) -> dict[str, Found]:
    """Return what the changes of these requests name first."""
    # By the index of request ids: SQLite would read every change of the workspace.
    events = ChangeEvent.objects.alias(place=Unindexed("workspace_id"))
    events = events.filter(place=environment.workspace_id, request_id__in=request_ids)
    named = {event.request_id: (event.sentence, [link for link in event.links if is_id(link[3])]) for event in events}
    firsts = {request_id: (sentence, *links[0]) for request_id, (sentence, links) in named.items() if links}
    pages = find_pages(environment, [(kind, pk) for _, _, _, kind, pk in firsts.values()])
    return {
        request_id: Found(sentence[start:end], pages.get(pk, ""))
        for request_id, (sentence, start, end, _, pk) in firsts.items()
    }

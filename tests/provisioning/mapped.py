"""What a connection grants by mappings: how it is, and how it has to be."""

from provisioning.actions.mappings import add_mapping, remove_mapping
from provisioning.models import GroupMapping, ProvisioningConnection
from tests import factories
from tests.scim import Scim
from workspace.events import SYSTEM
from workspace.models import EndUserGroup, Environment, EnvironmentAccess, GroupMembership, SourceKind


def client_in(environment: Environment) -> Scim:
    """A client of a new connection in the environment."""
    use = factories.identity_provider(environment)
    token = factories.scim_token(use)
    return Scim(ProvisioningConnection.objects.named().get(environment_provider=use), token)


def fresh(scim) -> ProvisioningConnection:
    return ProvisioningConnection.objects.named().get(pk=scim.connection.pk)


def add(scim, name, target) -> GroupMapping:
    """Map to a group, or to an environment alone."""
    group = target if isinstance(target, EndUserGroup) else None
    environment = group.environment if group else target
    add_mapping(connection=fresh(scim), name=name, environment=environment, group=group, by=SYSTEM)
    return GroupMapping.objects.get(name_key=name.lower(), environment=environment, group=group)


def remove(mapping) -> None:
    remove_mapping(mapping=GroupMapping.objects.get(pk=mapping.pk), by=SYSTEM)


def granted(scim) -> tuple[set, set]:
    """What the connection really grants: access, and memberships by the name of the group."""
    accesses = EnvironmentAccess.objects.filter(source_id=str(scim.connection.pk))
    memberships = GroupMembership.objects.filter(source_kind=SourceKind.SCIM)
    return (
        set(accesses.values_list("environment__slug", "end_user__email")),
        set(memberships.values_list("group__environment__slug", "group__name", "end_user__email")),
    )


def due(scim) -> tuple[set, set]:
    """The same as it has to be, counted from the provider's words and the mappings, one by one."""
    connection = fresh(scim)
    accesses, memberships = set(), set()
    rows = list(connection.mappings.select_related("environment", "group"))
    mapped_people = set()
    for group in connection.groups.select_related("group__environment"):
        own = [row for row in rows if row.name_key == group.display_name_key]
        assert not (own and group.group), "a mapped group has none of its own"
        for membership in group.memberships.select_related("user__end_user"):
            email = membership.user.end_user.email
            targets = [row.group for row in own if row.group] or ([group.group] if group.group and not own else [])
            memberships |= {(target.environment.slug, target.name, email) for target in targets}
            if own:
                mapped_people.add(email)
            if membership.user.is_active:
                accesses |= {(row.environment.slug, email) for row in own if row.environment != connection.environment}
    for user in connection.users.filter(is_active=True).select_related("end_user"):
        if not connection.only_mapped or user.end_user.email in mapped_people:
            accesses.add((connection.environment.slug, user.end_user.email))
    return accesses, memberships

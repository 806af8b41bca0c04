"""Changes of mappings: what each grants and ends is in the same transaction, and comes back for the page."""

from django.db import IntegrityError, transaction

from authentication.mail import tell_owners
from provisioning.actions import grants
from provisioning.actions.groups import attach, detach, fill
from provisioning.actions.people import refresh_profiles
from provisioning.models import GroupMapping, ProvisionedGroup, ProvisioningConnection
from workspace.actions.profiles import Profile
from workspace.db.keys import canonical
from workspace.db.sets import Settled
from workspace.db.transactions import atomic
from workspace.events import ActionError, Actor, ConflictError, record
from workspace.models import EndUserGroup, Environment


@atomic
def add_mapping(
    *,
    connection: ProvisioningConnection,
    name: str,
    environment: Environment,
    group: EndUserGroup | None = None,
    by: Actor,
) -> list[Settled]:
    """Let the members of the IdP group of that name enter an environment and, if one is given, a group of it."""
    mapping = GroupMapping(connection=connection, name=_name(name), environment=environment, group=group)
    row = _pushed(connection, canonical(mapping.name))
    _check_target(mapping, row)
    _save_unique(mapping)
    _record(mapping, "added", by)
    if row is not None:
        return [*detach(row, by), *grants.settle(row, by)]
    return []


@atomic
def remove_mapping(*, mapping: GroupMapping, by: Actor) -> list[Settled]:
    """Undo what a mapping granted; a pushed group without any other becomes a group of its own again."""
    row = _pushed(mapping.connection, mapping.name_key)
    _record(mapping, "removed", by)
    mapping.delete()
    if row is None:
        return []
    changed = grants.settle(row, by, and_of=[mapping])
    attach(row, by)
    return [*changed, *fill(row, by)]


@atomic
def set_only_mapped(*, connection: ProvisioningConnection, only_mapped: bool, by: Actor) -> list[Settled]:
    """Let only members of mapped groups have access, or everybody who is provisioned."""
    grants.have(connection)
    if connection.only_mapped == only_mapped:
        return []
    connection.only_mapped = only_mapped
    connection.save(update_fields=["only_mapped", "updated_at"])
    whom = "only members of mapped groups" if only_mapped else "everybody"
    event = record(
        by=by,
        action="provisioning.only_mapped_set",
        subject=connection,
        environment=connection.environment,
        sentence=f"{by.name} let {whom} of {connection} have access.",
        before={"only_mapped": not only_mapped},
        after={"only_mapped": only_mapped},
    )
    tell_owners(event, connection.environment.workspace)
    return [grants.settle_place(connection, connection.environment, by)]


@atomic
def choose_attributes(
    *, connection: ProvisioningConnection, name_from: str, email_from: str, by: Actor
) -> tuple[list[Profile], list[str]]:
    """Choose which attributes feed name and email; everybody's profile follows at once.

    Returns the profiles that changed, and the addresses that could not be taken.
    """
    grants.have(connection)
    before = {"name_from": connection.name_from, "email_from": connection.email_from}
    after = {"name_from": name_from, "email_from": email_from}
    if before == after:
        return [], []
    connection.name_from, connection.email_from = name_from, email_from
    connection.save(update_fields=["name_from", "email_from", "updated_at"])
    event = record(
        by=by,
        action="provisioning.attributes_chosen",
        subject=connection,
        environment=connection.environment,
        sentence=f"{by.name} chose which attributes feed the name and email address of the end users of {connection}.",
        before={key: value or "automatic" for key, value in before.items() if after[key] != value},
        after={key: value or "automatic" for key, value in after.items() if before[key] != value},
    )
    tell_owners(event, connection.environment.workspace)
    return refresh_profiles(connection=connection, before=before, by=by)


def _pushed(connection: ProvisioningConnection, name_key: str) -> ProvisionedGroup | None:
    """The pushed group of that name, once nobody else changes anything of the connection."""
    grants.have(connection)
    rows = connection.groups.filter(display_name_key=name_key).select_related("group__environment__workspace")
    row = rows.first()
    if row is not None:
        row.connection = connection
    return row


def _check_target(mapping: GroupMapping, row: ProvisionedGroup | None) -> None:
    environment, group = mapping.environment, mapping.group
    if environment.workspace_id != mapping.connection.environment.workspace_id:
        raise ActionError("Choose an environment of this workspace.", field="target")
    if group is None:
        return
    if group.environment_id != environment.pk or group.is_everyone:
        raise ActionError(f"Choose a group of {environment}, or access only.", field="target")
    is_own = row is not None and row.group_id == group.pk
    if group.is_managed and not is_own:
        raise ActionError(
            f"{group.source_name} manages {group} in {environment} and decides its members. "
            "Choose another group, or create one.",
            field="target",
        )


def _save_unique(mapping: GroupMapping) -> None:
    try:
        with transaction.atomic():
            mapping.save()
    except IntegrityError:
        raise ConflictError(f"{mapping} is there already.", field="name") from None


def _record(mapping: GroupMapping, verb: str, by: Actor) -> None:
    connection = mapping.connection
    event = record(
        by=by,
        action=f"group_mapping.{verb}",
        subject=mapping,
        environment=connection.environment,
        sentence=f"{by.name} {verb} the mapping {mapping} of {connection}.",
        before={"mapping": str(mapping)} if verb == "removed" else {},
        after={"mapping": str(mapping)} if verb == "added" else {},
    )
    tell_owners(event, connection.environment.workspace)


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise ActionError("Enter the name that the group has at the identity provider.", field="name")
    if len(name) > 250 or len(canonical(name)) > 500:
        raise ActionError("Shorten the name to at most 250 characters.", field="name")
    return name

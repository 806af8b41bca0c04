"""Changes of mappings: what each grants and ends is in the same transaction, and comes back for the page."""

from django.db import IntegrityError, transaction

from authentication.mail import tell_owners
from provisioning.actions import grants
from provisioning.actions.groups import attach, detach, fill
from provisioning.actions.people import refresh_profiles
from provisioning.models import GroupMapping, ProvisionedGroup, ProvisioningConnection
from workspace.action_names import Action
from workspace.actions.exact import SetChange
from workspace.actions.profiles import ProfileChanges
from workspace.db.keys import canonical
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.models import EndUserGroup, Environment
from workspace.names import clean_name
from workspace.refusals import ActionError, ConflictError


@atomic
def add_mapping(
    *,
    connection: ProvisioningConnection,
    name: str,
    environment: Environment,
    group: EndUserGroup | None = None,
    by: Actor,
) -> list[SetChange]:
    """Let the members of the IdP group of that name enter an environment and, if one is given, a group of it."""
    mapping = GroupMapping(connection=connection, name=_name(name), environment=environment, group=group)
    row = _pushed(connection, canonical(mapping.name))
    _check_target(mapping, row)
    _save_unique(mapping)
    _record(mapping, Action.GROUP_MAPPING_ADDED, by)
    if row is not None:
        return [*detach(row, by), *grants.settle(row, by)]
    return []


@atomic
def remove_mapping(*, mapping: GroupMapping, by: Actor) -> list[SetChange]:
    """Undo what a mapping granted; a pushed group without any other becomes a group of its own again."""
    row = _pushed(mapping.connection, mapping.name_key)
    _record(mapping, Action.GROUP_MAPPING_REMOVED, by)
    mapping.delete()
    if row is None:
        return []
    changed = grants.settle(row, by, and_of=[mapping])
    attach(row, by)
    return [*changed, *fill(row, by)]


@atomic
def set_only_mapped(*, connection: ProvisioningConnection, only_mapped: bool, by: Actor) -> list[SetChange]:
    """Let only members of mapped groups have access, or everybody who is provisioned."""
    grants.have(connection)
    if connection.only_mapped == only_mapped:
        return []
    connection.only_mapped = only_mapped
    connection.save(update_fields=["only_mapped", "updated_at"])
    whom = "only members of mapped groups" if only_mapped else "everybody"
    event = record(
        by=by,
        action=Action.PROVISIONING_ONLY_MAPPED_SET,
        subject=connection,
        environment=connection.environment,
        sentence=Sentence("{by} let {whom} of {connection} have access.", by=by, whom=whom, connection=connection),
        before={"only_mapped": not only_mapped},
        after={"only_mapped": only_mapped},
    )
    tell_owners(event, connection.environment.workspace)
    return [grants.settle_place(connection, connection.environment, by)]


@atomic
def choose_attributes(
    *, connection: ProvisioningConnection, name_from: str, email_from: str, by: Actor
) -> ProfileChanges:
    """Choose which attributes feed name and email; everybody's profile follows at once.

    Returns what came of it.
    """
    grants.have(connection)
    before = {"name_from": connection.name_from, "email_from": connection.email_from}
    after = {"name_from": name_from, "email_from": email_from}
    if before == after:
        return ProfileChanges()
    connection.name_from, connection.email_from = name_from, email_from
    connection.save(update_fields=["name_from", "email_from", "updated_at"])
    event = record(
        by=by,
        action=Action.PROVISIONING_ATTRIBUTES_CHOSEN,
        subject=connection,
        environment=connection.environment,
        sentence=Sentence(
            "{by} chose which attributes feed the name and email address of the end users of {connection}.",
            by=by,
            connection=connection,
        ),
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
        raise ActionError("invalid_target", "Choose an environment of this workspace.", field="target")
    if group is None:
        return
    if group.environment_id != environment.pk or group.is_everyone:
        raise ActionError("invalid_target", f"Choose a group of {environment}, or access only.", field="target")
    is_own = row is not None and row.group_id == group.pk
    if group.is_managed and not is_own:
        raise ActionError(
            "group_managed",
            f"{group.source_name} manages {group} in {environment} and decides its members. "
            "Choose another group, or create one.",
            field="target",
        )


def _save_unique(mapping: GroupMapping) -> None:
    try:
        with transaction.atomic():
            mapping.save()
    except IntegrityError:
        raise ConflictError("mapping_taken", f"{mapping} is there already.", field="name") from None


def _record(mapping: GroupMapping, action: Action, by: Actor) -> None:
    connection, state = mapping.connection, mapping.state()
    event = record(
        by=by,
        action=action,
        subject=mapping,
        environment=connection.environment,
        sentence=Sentence(
            "{by} {did} the mapping {mapping} of {connection}.",
            by=by,
            did=action.partition(".")[2],
            mapping=mapping,
            connection=connection,
        ),
        concerns=[connection, mapping.environment, *([mapping.group] if mapping.group else [])],
        before=state if action == Action.GROUP_MAPPING_REMOVED else {},
        after=state if action == Action.GROUP_MAPPING_ADDED else {},
    )
    tell_owners(event, connection.environment.workspace)


def _name(name: str) -> str:
    return clean_name(name, what="name", missing="Enter the name that the group has at the identity provider.")

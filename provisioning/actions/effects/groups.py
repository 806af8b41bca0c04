"""What follows for end-user groups from what an identity provider says of its groups.

A pushed group fills a group of its own, or, once it is mapped, what its mappings say; never both.
"""

from collections.abc import Mapping
from uuid import UUID

from django.utils.translation import gettext as _

from provisioning.actions import grants
from provisioning.actions.locks import lock_for_effects
from provisioning.actions.mapping_names import rename_mappings
from provisioning.actions.uniqueness import save_unique
from provisioning.models import GroupMapping, ProvisionedGroup, ProvisioningConnection
from workspace.actions.exact import SetChange
from workspace.actions.groups import create_group, delete_group, release_group, rename_group, take_over_group
from workspace.actions.members import change_members, set_members_of_source
from workspace.db.keys import name_key
from workspace.events import Actor
from workspace.isolation import isolated, without_controls
from workspace.models import EndUser, EndUserGroup
from workspace.refusals import ConflictError


def read_group(record: ProvisionedGroup) -> None:
    """Read the end-user group of a locked record anew, if it is another one than was joined.

    After waiting for a lock, PostgreSQL has the row as it is now, but what was joined to it as it was before.
    """
    joined = record.group.pk if record.group else None
    if record.group_id != joined:
        found = EndUserGroup.objects.select_related("environment")
        record.group = found.get(pk=record.group_id) if record.group_id else None


def give_own_group(record: ProvisionedGroup, by: Actor) -> None:
    """Give a record that is not mapped the end-user group that it fills, still without its members."""
    if grants.is_mapped(record):
        return
    record.group = _own_group(record, by)
    record.save(update_fields=["group", "is_taken_over"])


def take_own_group(record: ProvisionedGroup, by: Actor) -> list[SetChange]:
    """Take the group of its own from a record that is mapped now.

    A group that was there before the push becomes manual without the record's members; another one is deleted.
    """
    group, record.group = record.group, None
    if group is None:
        return []
    record.save(update_fields=["group"])
    release_group(group=group, by=by)
    if grants.fills(record, group):
        return []
    if record.is_taken_over:
        return [set_members_of_source(group=group, members=EndUser.objects.none(), source=record.source, by=by)]
    gone = SetChange(group, added=[], removed=group.end_users.pairs())
    delete_group(group=group, by=by)
    return [gone]


def fill_own_group(record: ProvisionedGroup, by: Actor) -> list[SetChange]:
    """Put the record's members into the group of its own, if it has one."""
    if record.group is None:
        return []
    members = grants.members_of(record)
    return [set_members_of_source(group=record.group, members=members, source=record.source, by=by)]


def follow_members(record: ProvisionedGroup, come: Mapping[UUID, str], gone: Mapping[UUID, str], by: Actor) -> None:
    """Let the groups that a record fills, and access, follow people who came into it or left it.

    People are given by id, with their names.
    """
    names = {**come, **gone}
    if record.group is not None:
        change_members(group=record.group, add=come, remove=gone, names=names, source=record.source, by=by)
        return
    lock_for_effects(record.connection)
    mappings = grants.mappings_of(record)
    for group in grants.mapped_groups(mappings):
        change_members(group=group, add=come, remove=gone, names=names, source=record.source, by=by)
    if mappings:
        places = {each.environment for each in mappings}
        grants.make_access_exact(record.connection, places, by, among=names.keys())


def follow_name(record: ProvisionedGroup, old_key: str, by: Actor) -> bool:
    """Let mappings, or the group of its own, follow a record's new name; say whether an event of a group tells of it.

    A record that filled nothing until now gets a group and its members.
    """
    rename_mappings(record, old_key, by)
    if grants.is_mapped(record):
        save_unique(record)
        take_own_group(record, by)
        grants.make_exact(record, by)
        return False
    if record.group is not None:
        return rename_group(group=record.group, name=record.display_name, by=by)
    give_own_group(record, by)
    fill_own_group(record, by)
    return record.group is not None


def _own_group(record: ProvisionedGroup, by: Actor) -> EndUserGroup | None:
    """Return a new group or, where the connection may take it over, the manual one of the record's name.

    Everyone is computed from access, so a record of that name fills nothing.
    """
    environment, source = record.connection.environment, record.connection.source
    name = " ".join(without_controls(record.display_name).split())
    known = environment.groups.filter(name_key=name_key(name)).first()
    record.is_taken_over = known is not None and not known.is_everyone
    if known is None:
        return create_group(environment=environment, name=name, source=source, concerns=[record], by=by)
    if known.is_everyone:
        return None
    _refuse_taken(record.connection, known)
    known.environment = environment
    take_over_group(group=known, source=source, concerns=[record], by=by)
    return known


def _refuse_taken(connection: ProvisioningConnection, known: EndUserGroup) -> None:
    """Refuse a group that is filled already, or that the connection may not take over.

    IdPs read the refusal in English, and administrators who remove a mapping in their language.
    """
    if known.source == connection.source:
        message = _("This connection already has a group with this displayName. Look it up, then update it.")
        raise ConflictError("resource_taken", message)
    names = {"environment": connection.environment, "group": known, "provider": isolated(known.source_name)}
    if known.is_managed:
        message = _(
            "%(environment)s already has a group named %(group)s, managed by %(provider)s. "
            "Push it under another name, or remove it there first."
        )
        raise ConflictError("group_managed", message % names)
    if GroupMapping.objects.filter(group=known).exists():
        message = _(
            "%(environment)s already has a group named %(group)s, which mappings fill. "
            "Push it under another name, or say under Mappings where its members come."
        )
        raise ConflictError("group_mapped", message % names)
    if not connection.takes_over_groups:
        message = _(
            "%(environment)s already has a group named %(group)s, and this connection does not take over existing "
            "groups. Push it under another name, or allow it in the provisioning settings."
        )
        raise ConflictError("takeover_off", message % names)

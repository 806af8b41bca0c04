"""What an identity provider says of groups: its records (SCIM Groups), and through `effects` what follows from them."""

from collections.abc import Collection

from django.utils import timezone
from django.utils.translation import gettext_noop

from provisioning.actions.effects.groups import follow_name, give_own_group
from provisioning.actions.locks import lock_shared
from provisioning.actions.records.members import change_record_members
from provisioning.actions.uniqueness import save_unique
from provisioning.models import ProvisionedGroup, ProvisioningConnection
from provisioning.payload.documents import folded
from provisioning.payload.member_changes import MemberChange
from provisioning.payload.resources import Document, Group
from workspace.action_names import Action
from workspace.actions.groups import delete_group, release_group
from workspace.db.keys import kept_key
from workspace.db.statement import update_of
from workspace.db.transactions import atomic, write_last
from workspace.events import Actor, Sentence, changed, record
from workspace.refusals import restored_if_refused


@atomic
def create_group_record(
    *, connection: ProvisioningConnection, document: Document, members: Collection[str] = (), by: Actor
) -> ProvisionedGroup:
    """Record a SCIM Group and, unless it is mapped, make or take over the end-user group of its name."""
    lock_shared(connection)
    group = ProvisionedGroup(connection=connection)
    _fill(group, document)
    save_unique(group)
    give_own_group(group, by)
    if group.group is None:
        _record(group, Action.PROVISIONED_GROUP_CREATED, {}, document, by)
    change_record_members(group, MemberChange(replace=list(members), named=list(members)), by)
    return group


@atomic
def update_group_record(
    *, group: ProvisionedGroup, document: Document, change: MemberChange | None = None, by: Actor
) -> bool:
    """Let the record and what it fills follow a changed document and changed members; say whether anything changed."""
    is_changed = has_new_document = document != group.document
    with restored_if_refused(group):
        if has_new_document:
            _follow(group, document, by)
        if change:
            is_changed = change_record_members(group, change, by) or is_changed
        if is_changed:
            group.version += 1
            _save(group, has_new_document=has_new_document)
    return is_changed


@atomic
def delete_group_record(*, group: ProvisionedGroup, by: Actor) -> None:
    """Forget the record: the end-user group goes with it, unless it was there before; then it is manual again."""
    if group.group is None:
        change_record_members(group, MemberChange(replace=[]), by)
        _record(group, Action.PROVISIONED_GROUP_DELETED, group.document, {}, by)
    elif group.is_taken_over:
        release_group(group=group.group, members_of=group.source, concerns=[group], before=_gone(group), by=by)
    else:
        delete_group(group=group.group, concerns=[group], before=_gone(group), by=by)
    group.delete()


def _fill(group: ProvisionedGroup, document: Document) -> None:
    group.display_name = document["displayName"]
    group.display_name_key = kept_key(group.display_name, group.display_name_key)
    group.external_id = document.get("externalId", "")
    group.document, group.folded = document, folded(document, Group)


def _save(group: ProvisionedGroup, *, has_new_document: bool) -> None:
    """Store the record. Of one that only got or lost members, store the version."""
    if has_new_document:
        save_unique(group)
    else:
        group.updated_at = timezone.now()
        write_last((_counted, (group.version, group.updated_at, group.pk)))


def _follow(group: ProvisionedGroup, document: Document, by: Actor) -> None:
    """Take the new document, and the new name if it has one."""
    before, old_name, old_key = group.document, group.display_name, group.display_name_key
    _fill(group, document)
    is_told = group.display_name != old_name and follow_name(group, old_key, by)
    if not is_told:
        _record(group, Action.PROVISIONED_GROUP_UPDATED, before, document, by)


def _gone(group: ProvisionedGroup) -> dict[str, object]:
    """Return the record as the event of its end-user group keeps it."""
    return {"record": {"id": str(group.pk), "document": group.document}}


def _record(group: ProvisionedGroup, action: Action, before: Document, after: Document, by: Actor) -> None:
    """Write the event of a record that changes no end-user group."""
    record(
        by=by,
        action=action,
        subject=group,
        environment=group.connection.environment,
        sentence=Sentence(_SENTENCES[action], by=by, group=group),
        concerns=[group.connection, *([group.group] if group.group else [])],
        before=changed(before, after),
        after=changed(after, before),
    )


_SENTENCES = {
    Action.PROVISIONED_GROUP_CREATED: gettext_noop("{by} created its record of the group {group}."),
    Action.PROVISIONED_GROUP_DELETED: gettext_noop("{by} deleted its record of the group {group}."),
    Action.PROVISIONED_GROUP_UPDATED: gettext_noop("{by} updated its record of the group {group}."),
}
_counted = update_of(ProvisionedGroup, "version", "updated_at")

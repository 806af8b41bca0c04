"""Changes of mappings: what each grants and ends is in the same transaction, and comes back for the page."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from provisioning.actions.effects.groups import fill_own_group, give_own_group, take_own_group
from provisioning.actions.grants import make_exact
from provisioning.actions.locks import lock_exclusive
from provisioning.models import GroupMapping, ProvisionedGroup, ProvisioningConnection
from workspace.action_names import Action
from workspace.actions.exact import SetChange
from workspace.db.keys import name_key
from workspace.db.transactions import atomic, save_unique
from workspace.events import Actor, Sentence, record
from workspace.isolation import isolated
from workspace.mail import tell_owners
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
    missing = _("Enter the name that the group has at the identity provider.")
    clean = clean_name(name, what=_("name"), missing=missing)
    mapping = GroupMapping(connection=connection, name=clean, environment=environment, group=group)
    pushed = _pushed(connection, name_key(clean))
    _check_target(mapping, pushed)
    save_unique(mapping, lambda constraint: _taken(mapping))
    _record(mapping, Action.GROUP_MAPPING_ADDED, by)
    if pushed is None:
        return []
    return [*take_own_group(pushed, by), *make_exact(pushed, by)]


@atomic
def remove_mapping(*, mapping: GroupMapping, by: Actor) -> list[SetChange]:
    """Undo what a mapping granted; a pushed group without any other becomes a group of its own again."""
    pushed = _pushed(mapping.connection, mapping.name_key)
    _record(mapping, Action.GROUP_MAPPING_REMOVED, by)
    mapping.delete()
    if pushed is None:
        return []
    changed = make_exact(pushed, by, ended=[mapping])
    give_own_group(pushed, by)
    return [*changed, *fill_own_group(pushed, by)]


_SENTENCES = {
    Action.GROUP_MAPPING_ADDED: gettext_noop("{by} added the mapping {mapping} of {connection}."),
    Action.GROUP_MAPPING_REMOVED: gettext_noop("{by} removed the mapping {mapping} of {connection}."),
}


def _pushed(connection: ProvisioningConnection, name_key: str) -> ProvisionedGroup | None:
    """Return the pushed group of that name, once nobody else changes anything of the connection."""
    lock_exclusive(connection)
    groups = connection.groups.filter(display_name_key=name_key).select_related("group__environment__workspace")
    pushed = groups.first()
    if pushed is not None:
        pushed.connection = connection
    return pushed


def _check_target(mapping: GroupMapping, pushed: ProvisionedGroup | None) -> None:
    environment, group = mapping.environment, mapping.group
    if environment.workspace_id != mapping.connection.environment.workspace_id:
        raise ActionError("invalid_target", _("Choose an environment of this workspace."), field="target")
    if group is None:
        return
    if group.environment_id != environment.pk or group.is_everyone:
        sentence = _("Choose a group of %(environment)s, or access only.") % {"environment": environment}
        raise ActionError("invalid_target", sentence, field="target")
    is_own = pushed is not None and pushed.group_id == group.pk
    if group.is_managed and not is_own:
        sentence = _(
            "%(provider)s manages %(group)s in %(environment)s and decides its members. "
            "Choose another group, or create one."
        )
        names = {"provider": isolated(group.source_name), "group": group, "environment": environment}
        raise ActionError("group_managed", sentence % names, field="target")


def _taken(mapping: GroupMapping) -> ConflictError:
    sentence = _("%(mapping)s is there already.") % {"mapping": mapping.in_words}
    return ConflictError("mapping_taken", sentence, field="name")


def _record(mapping: GroupMapping, action: Action, by: Actor) -> None:
    connection, state = mapping.connection, mapping.state()
    event = record(
        by=by,
        action=action,
        subject=mapping,
        environment=connection.environment,
        sentence=Sentence(_SENTENCES[action], by=by, mapping=mapping, connection=connection),
        concerns=[connection, mapping.environment, *([mapping.group] if mapping.group else [])],
        before=state if action == Action.GROUP_MAPPING_REMOVED else {},
        after=state if action == Action.GROUP_MAPPING_ADDED else {},
    )
    tell_owners(event, connection.environment.workspace)

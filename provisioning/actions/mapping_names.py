"""Mappings name the identity provider's group, and follow it when the provider renames it."""

from provisioning.actions.grants import mappings_of
from provisioning.actions.locks import lock_for_effects
from provisioning.models import ProvisionedGroup
from workspace.action_names import Action
from workspace.events import Actor, Sentence, record


def rename_mappings(pushed: ProvisionedGroup, old_key: str, by: Actor) -> None:
    """Let mappings go on to mean the group that they meant, under its new name.

    One that says the same as a mapping of the new name is deleted.
    """
    if old_key == pushed.display_name_key:
        return
    named = pushed.connection.mappings.filter(name_key=old_key).select_related("environment", "group")
    mappings = list(named)
    if not mappings:
        return
    lock_for_effects(pushed.connection)
    there = {(each.environment_id, each.group_id) for each in mappings_of(pushed)}
    old_name, before = mappings[0].name, [each.state() for each in mappings]
    renamed = [each for each in mappings if (each.environment_id, each.group_id) not in there]
    named.exclude(pk__in=[each.pk for each in renamed]).delete()
    for mapping in renamed:
        mapping.name = pushed.display_name
        mapping.save()
    record(
        by=by,
        action=Action.GROUP_MAPPING_RENAMED,
        subject=pushed,
        environment=pushed.connection.environment,
        sentence=Sentence(
            "{by} gave the mapped group {group} another name; its mappings follow.", by=by, group=old_name
        ),
        concerns=[pushed.connection, *mappings],
        before={"mappings": before},
        after={"mappings": [each.state() for each in renamed]},
    )

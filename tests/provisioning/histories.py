"""The rows of a workspace as a state, and the event of a change taken back in it: from the event alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from authentication.models import EnvironmentProvider
from provisioning.models import GroupMapping, ProvisioningConnection
from workspace.models import ChangeEvent, EndUser, EndUserGroup, EnvironmentAccess, GroupMembership, Workspace

Row = tuple[str, ...]


@dataclass
class State:
    """People, groups, mappings and settings by their ids; access and memberships as (person, place, kind, source)."""

    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    access: set[Row] = field(default_factory=set)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    memberships: set[Row] = field(default_factory=set)
    mappings: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)


def state_of(workspace: Workspace) -> State:
    """Return the rows as they are."""
    connections = ProvisioningConnection.objects.filter(environment_provider__environment__workspace=workspace)
    providers = EnvironmentProvider.objects.filter(environment__workspace=workspace)
    return State(
        people={
            str(each.pk): {
                "status": each.status,
                "name": each.full_name,
                "name_source": _source(each.name_source.listed()),
                "email": each.email,
                "user_name": each.user_name,
                "email_source": _source(each.email_source.listed()),
            }
            for each in EndUser.objects.filter(workspace=workspace)
        },
        access=_rows(EnvironmentAccess.objects.filter(environment__workspace=workspace), "environment"),
        groups={
            str(each.pk): {
                "environment": str(each.environment_id),
                "name": each.name,
                "source": _source(each.source.listed()),
            }
            for each in EndUserGroup.objects.filter(environment__workspace=workspace)
        },
        memberships=_rows(GroupMembership.objects.filter(group__environment__workspace=workspace), "group"),
        mappings={
            str(each.pk): _mapping(each.state()) for each in GroupMapping.objects.filter(connection__in=connections)
        },
        settings={
            str(each.pk): {name: getattr(each, name) for name in ProvisioningConnection.SETTINGS}
            for each in connections
        }
        | {
            f"{each.identity_provider_id} {each.environment_id}": {
                "method": each.method,
                "is_method_chosen": each.is_method_chosen,
                "syncs_groups": each.syncs_groups,
            }
            for each in providers
        },
    )


def take_back(event: ChangeEvent, state: State) -> None:
    """Undo a change; nothing is read but the event and its subjects."""
    if undo := _UNDO.get(event.action):
        undo(event, state)


def _rows(rows: Any, place: str) -> set[Row]:
    return {(str(a), str(b), *rest) for a, b, *rest in rows.values_list("end_user", place, "source_kind", "source_id")}


def _source(listed: list[str]) -> tuple[str, str]:
    """Kind and id of a source; its name may change."""
    return listed[0], listed[1]


def _mapping(state: dict[str, Any]) -> dict[str, Any]:
    return {name: state[name] for name in ("connection", "name", "environment", "group")}


# People. --------------------------------------------------------------------------------------------------------------


def _created(event: ChangeEvent, state: State) -> None:
    del state.people[event.subject_id]
    _accesses(event, state)
    for group, _, *source in event.after["groups"]:
        state.memberships.remove((event.subject_id, group, *_source(source)))


def _profile(event: ChangeEvent, state: State) -> None:
    """Of one person: name, address, status, and access."""
    state.people[event.subject_id] |= _of_person(event.before)
    _accesses(event, state)


def _merged(event: ChangeEvent, state: State) -> None:
    """Of two people: who was there, name, address and status of the one who stayed, access and memberships."""
    pk, was = event.before["merged"]
    state.people[pk] = _of_person(was)
    state.people[event.subject_id] |= _of_person(event.before)
    _granted(event, state)


def _of_person(said: dict[str, Any]) -> dict[str, Any]:
    texts = {name: said[name] for name in ("status", "name", "email", "user_name") if name in said}
    return texts | {name: _source(said[name]) for name in ("name_source", "email_source") if name in said}


def _granted(event: ChangeEvent, state: State) -> None:
    for name, rows in (("access", state.access), ("memberships", state.memberships)):
        for pk, _, place, *source in event.after.get(name, []):
            rows.remove((pk, place, *_source(source)))
        for pk, _, place, *source in event.before.get(name, []):
            _put(rows, (pk, place, *_source(source)))


def _accesses(event: ChangeEvent, state: State) -> None:
    for environment, _, *source in event.after.get("access", []):
        state.access.remove((event.subject_id, environment, *_source(source)))
    for environment, _, *source in event.before.get("access", []):
        _put(state.access, (event.subject_id, environment, *_source(source)))


def _profiles(event: ChangeEvent, state: State) -> None:
    for pk, name, email, name_source, email_source, user_name in event.before["profiles"]:
        state.people[pk] |= {
            "name": name,
            "email": email,
            "user_name": user_name,
            "name_source": _source(name_source),
            "email_source": _source(email_source),
        }


def _access_of_source(event: ChangeEvent, state: State) -> None:
    for pk, _ in event.after["given"]:
        state.access.remove((pk, event.subject_id, *_source(event.after["source"])))
    for pk, _ in event.before["ended"]:
        _put(state.access, (pk, event.subject_id, *_source(event.before["source"])))


# Groups. --------------------------------------------------------------------------------------------------------------


def _group_created(event: ChangeEvent, state: State) -> None:
    del state.groups[event.subject_id]
    for pk, _ in event.after.get("members", []):
        state.memberships.remove((pk, event.subject_id, *_source(event.after["source"])))


def _group_deleted(event: ChangeEvent, state: State) -> None:
    state.groups[event.subject_id] = {
        "environment": str(event.environment_id),
        "name": event.before["name"],
        "source": _source(event.before["source"]),
    }
    _members(event, state)


def _group_renamed(event: ChangeEvent, state: State) -> None:
    state.groups[event.subject_id]["name"] = event.before["name"]


def _group_managed(event: ChangeEvent, state: State) -> None:
    state.groups[event.subject_id]["source"] = _source(event.before["source"])
    _members(event, state)


def _members(event: ChangeEvent, state: State) -> None:
    for pk, _, *source in event.after.get("members", []):
        state.memberships.remove((pk, event.subject_id, *_source(source)))
    for pk, _, *source in event.before["members"]:
        _put(state.memberships, (pk, event.subject_id, *_source(source)))


def _members_changed(event: ChangeEvent, state: State) -> None:
    for pk, _ in event.after["added"]:
        state.memberships.remove((pk, event.subject_id, *_source(event.after["source"])))
    for pk, _ in event.before["removed"]:
        _put(state.memberships, (pk, event.subject_id, *_source(event.before["source"])))


# Mappings and settings. -----------------------------------------------------------------------------------------------


def _mapping_added(event: ChangeEvent, state: State) -> None:
    assert state.mappings.pop(event.subject_id) == _mapping(event.after)


def _mapping_removed(event: ChangeEvent, state: State) -> None:
    state.mappings[event.subject_id] = _mapping(event.before)


def _mappings_renamed(event: ChangeEvent, state: State) -> None:
    for each in event.after["mappings"]:
        assert state.mappings.pop(each["id"]) == _mapping(each)
    for each in event.before["mappings"]:
        state.mappings[each["id"]] = _mapping(each)


def _settings(event: ChangeEvent, state: State) -> None:
    state.settings[event.subject_id] |= event.before


def _method_chosen(event: ChangeEvent, state: State) -> None:
    method = state.settings[f"{event.subject_id} {event.environment_id}"]
    method |= {name: event.before[name] for name in method.keys() & event.before.keys()}
    for subject in event.subjects.filter(kind="provisioningconnection"):
        settings = state.settings[str(subject.subject_id)]
        settings |= {name: event.before[name] for name in settings.keys() & event.before.keys()}
    _granted(event, state)
    for pk, _, *source in event.before.get("groups", []):
        state.groups[pk]["source"] = _source(source)
    for pk, _ in event.before.get("deactivated", []):
        state.people[pk]["status"] = EndUser.Status.ACTIVE


def _provider_removed(event: ChangeEvent, state: State) -> None:
    rows = event.before["rows"]
    for row in rows.get("groupmapping", []):
        state.mappings[row["id"]] = {
            "connection": row["connection_id"],
            "name": row["name"],
            "environment": row["environment_id"],
            "group": row["group_id"],
        }
    for row in rows["provisioningconnection"]:
        state.settings[row["id"]] = {name: row[name] for name in ProvisioningConnection.SETTINGS}
    [row] = rows["environmentprovider"]
    state.settings[f"{row['identity_provider_id']} {row['environment_id']}"] = {
        name: row[name] for name in ("method", "is_method_chosen", "syncs_groups")
    }


def _put(rows: set[Row], row: Row) -> None:
    assert row not in rows, f"an event ended what there was none of: {row}"
    rows.add(row)


_UNDO: dict[str, Callable[[ChangeEvent, State], None]] = {
    "end_user.created": _created,
    "end_user.linked": _profile,
    "end_user.updated": _profile,
    "end_user.deactivated": _profile,
    "end_user.reactivated": _profile,
    "end_user.merged": _merged,
    "end_user.access_changed": _profile,
    "end_user.access_ended": _profile,
    "end_user.access_restored": _profile,
    "environment.profiles_updated": _profiles,
    "environment.access_settled": _access_of_source,
    "group.created": _group_created,
    "group.deleted": _group_deleted,
    "group.renamed": _group_renamed,
    "group.taken_over": _group_managed,
    "group.released": _group_managed,
    "group.members_changed": _members_changed,
    "group_mapping.added": _mapping_added,
    "group_mapping.removed": _mapping_removed,
    "group_mapping.renamed": _mappings_renamed,
    "provisioning.method_chosen": _method_chosen,
    "identity_provider.removed": _provider_removed,
    "provisioning.strict_set": _settings,
    "provisioning.only_mapped_set": _settings,
    "provisioning.attributes_chosen": _settings,
}

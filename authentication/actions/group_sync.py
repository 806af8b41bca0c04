"""Group sync: the memberships that a provider gives follow each assertion."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from authentication.models import EnvironmentProvider
from authentication.provenance import actor_of, source_of
from authentication.reasons import Reason, Refused
from workspace.actions.groups import create_group
from workspace.actions.members import change_members
from workspace.db.keys import name_key
from workspace.db.prepared import Prepared
from workspace.events import Actor
from workspace.isolation import isolated, without_controls
from workspace.models import EndUser, EndUserGroup, Environment, GroupMembership, Source
from workspace.refusals import ActionError, ConflictError
from workspace.visits import Visit

# Nobody is in so many groups. Each is a change of its own in one transaction.
MAX_GROUPS = 1000
# Why a group is not filled.
HAS_EVERYBODY = _("its members are all who have access.")
MANAGED = _("%(source)s manages it.")


@dataclass(frozen=True)
class GroupChanges:
    """What a sign-in did with the groups that its assertion names, by their names; all empty if it names no groups.

    ignored has pairs of a name and why nobody was added, as a sentence.
    """

    created: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    ignored: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Member:
    """The person of a sign-in, with the environment, the source of its memberships and the actor of its changes."""

    end_user: EndUser
    environment: Environment
    source: Source
    by: Actor


def sync_groups(
    environment_provider: EnvironmentProvider, end_user: EndUser, names: tuple[str, ...] | None, visit: Visit
) -> GroupChanges:
    """Make the memberships by this provider match the assertion. Without a group attribute nothing changes.

    Groups that do not exist are created. Everyone, groups that another provider manages, and memberships that
    somebody else gave stay as they are.
    """
    if names is None or not environment_provider.follows_groups:
        return GroupChanges()
    if len(names) > MAX_GROUPS:
        raise Refused(Reason.TOO_MANY_GROUPS, end_user)
    source, environment = source_of(environment_provider), environment_provider.environment
    member = _Member(end_user, environment, source, actor_of(environment_provider, visit))
    # What turns text round tells no two groups apart, so it refuses none.
    wanted, held = {name_key(name): name for name in map(without_controls, names)}, _held(member)
    there = {group.name_key: group for group in _named(environment, wanted.keys() - held.keys())}
    missing = [name for key, name in wanted.items() if key not in held and key not in there]
    joined = {group.name: _join(group, member) for group in there.values()}
    left = [_leave(group, member) for key, group in held.items() if key not in wanted]
    created = {name: _create(name, member) for name in missing}
    ignored = [(name, why) for name, why in {**joined, **created}.items() if why]
    return GroupChanges(_done(created), _done(joined), tuple(sorted(left)), tuple(sorted(ignored)))


def _join(group: EndUserGroup, member: _Member) -> str:
    """Add the person to a group if the provider may fill it, else return why it may not."""
    if group.is_everyone:
        return HAS_EVERYBODY
    if group.is_managed and group.source != member.source:
        return MANAGED % {"source": isolated(group.source.name)}
    change_members(group=group, add=[member.end_user.pk], source=member.source, by=member.by)
    return ""


def _leave(group: EndUserGroup, member: _Member) -> str:
    """Remove the person from a group, and return its name."""
    change_members(group=group, remove=[member.end_user.pk], source=member.source, by=member.by)
    return group.name


def _create(name: str, member: _Member) -> str:
    """Create a group with the person in it, or return why they are not in it, as where no group can have the name."""
    ids = [member.end_user.pk]
    try:
        create_group(environment=member.environment, name=name, members=ids, source=member.source, by=member.by)
    except ConflictError:
        # Somebody else's sign-in created it a moment ago.
        return _join(member.environment.groups.select_related("environment").get(name_key=name_key(name)), member)
    except ActionError as error:
        return error.message
    return ""


def _named(environment: Environment, keys: Set[str]) -> list[EndUserGroup]:
    """Return the environment's groups with these keys."""
    return list(environment.groups.filter(name_key__in=keys).select_related("environment")) if keys else []


def _held(member: _Member) -> dict[str, EndUserGroup]:
    """Return the groups that this provider put the person into, by their keys."""
    groups = _given(member.environment.pk, member.end_user.pk, member.source.kind, member.source.id)
    for group in groups:
        group.environment = member.environment
    return {group.name_key: group for group in groups}


_given = Prepared(
    lambda environment, end_user, kind, source: EndUserGroup.objects.filter(
        environment=environment,
        memberships__end_user=end_user,
        memberships__source_kind=kind,
        memberships__source_id=source,
    ).order_by(),
    (Environment, "id"),
    (EndUser, "id"),
    (GroupMembership, "source_kind"),
    (GroupMembership, "source_id"),
)


def _done(obstacles: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the groups in whose way nothing stood."""
    return tuple(sorted(name for name, obstacle in obstacles.items() if not obstacle))

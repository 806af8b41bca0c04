"""Just-in-time provisioning and group sync: what a sign-in through an identity provider changes of people."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from authentication.actions.sign_in import why_not
from authentication.models import EnvironmentProvider
from authentication.reasons import Reason, Refused
from authentication.saml.attributes import AssertedProfile
from workspace.actions.end_users import create_end_user, link_end_user
from workspace.actions.groups import create_group
from workspace.actions.members import change_members
from workspace.db.keys import canonical
from workspace.db.prepared import Prepared
from workspace.events import Actor, Kind
from workspace.models import EndUser, EndUserGroup, Environment, GroupMembership, Source, SourceKind
from workspace.profile import Profile
from workspace.refusals import ActionError, ConflictError
from workspace.visits import Visit

Method = EnvironmentProvider.Method
# Nobody is in so many groups. Each is a change of its own in one transaction.
MAX_GROUPS = 1000


@dataclass(frozen=True)
class Welcomed:
    """Somebody whom the provisioning method lets in, and whether the sign-in created them or gave them access."""

    end_user: EndUser
    is_new: bool = False
    is_let_in: bool = False


@dataclass(frozen=True)
class GroupChanges:
    """What a sign-in did with the groups that its assertion names, by their names; all empty if it names no groups."""

    created: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def welcome(
    environment_provider: EnvironmentProvider, known: EndUser | None, profile: AssertedProfile, visit: Visit
) -> Welcomed:
    """Let the person in. Under JIT, create them or give them access if need be. Raises Refused."""
    if known is None:
        if environment_provider.method != Method.JIT:
            raise Refused(Reason.NOT_PROVISIONED)
        return _create(environment_provider, profile, visit)
    reason = why_not(known, environment_provider.environment)
    if reason == Reason.NO_ACCESS and environment_provider.method == Method.JIT:
        return _let_in(environment_provider, known, visit)
    if reason:
        raise Refused(reason, known)
    return Welcomed(known)


def sync_groups(
    environment_provider: EnvironmentProvider, end_user: EndUser, names: tuple[str, ...] | None, visit: Visit
) -> GroupChanges:
    """Make the memberships by this provider match the assertion. Without a group attribute nothing changes.

    Groups that do not exist are made. Those that another provider manages, and Everyone, are left alone, and so is
    every membership that somebody else gave.
    """
    if names is None or environment_provider.method != Method.JIT or not environment_provider.syncs_groups:
        return GroupChanges()
    if len(names) > MAX_GROUPS:
        raise Refused(Reason.TOO_MANY_GROUPS, end_user)
    source, by = _source(environment_provider), _actor(environment_provider, visit)
    held = _held(environment_provider, end_user, source)
    wanted = {_key(name): name for name in names}
    there = {group.name_key: group for group in _named(environment_provider, wanted.keys() - held.keys())}
    joined = [group for group in there.values() if _may_fill(group, source)]
    left = [group for key, group in held.items() if key not in wanted]
    for group in joined:
        change_members(group=group, add=[end_user.pk], source=source, by=by)
    for group in left:
        change_members(group=group, remove=[end_user.pk], source=source, by=by)
    missing = [name for key, name in wanted.items() if key not in held and key not in there]
    created = {name for name in missing if _make(environment_provider, name, end_user, source, by)}
    ignored = [group.name for group in there.values() if group not in joined]
    return GroupChanges(
        created=_sorted(created),
        joined=_sorted(group.name for group in joined),
        left=_sorted(group.name for group in left),
        ignored=_sorted([*ignored, *(name for name in missing if name not in created)]),
    )


def _create(environment_provider: EnvironmentProvider, profile: AssertedProfile, visit: Visit) -> Welcomed:
    environment = environment_provider.environment
    try:
        end_user = create_end_user(
            workspace=environment.workspace,
            profile=Profile(profile.name or profile.email, profile.email, _source(environment_provider)),
            environments=[environment],
            source=_source(environment_provider),
            by=_actor(environment_provider, visit),
        )
    except ConflictError:
        # SCIM or another tab created the same person a moment ago.
        known = EndUser.with_email(environment.workspace, profile.email)
        if known is None:
            raise
        return welcome(environment_provider, known, profile, visit)
    except ActionError:
        raise Refused(Reason.UNUSABLE_PROFILE) from None
    return Welcomed(end_user, is_new=True)


def _let_in(environment_provider: EnvironmentProvider, known: EndUser, visit: Visit) -> Welcomed:
    """Give access to a person of the workspace who has none here. The profile stays as it is."""
    link_end_user(
        end_user=known,
        profile=Profile(known.full_name, known.email, _source(environment_provider)),
        environment=environment_provider.environment,
        source=_source(environment_provider),
        by=_actor(environment_provider, visit),
    )
    return Welcomed(known, is_let_in=True)


def _named(environment_provider: EnvironmentProvider, keys: Set[str]) -> list[EndUserGroup]:
    """Return the environment's groups with these keys."""
    return (
        list(environment_provider.environment.groups.filter(name_key__in=keys).select_related("environment"))
        if keys
        else []
    )


def _may_fill(group: EndUserGroup, source: Source) -> bool:
    return not group.is_everyone and (not group.is_managed or group.source == source)


def _make(environment_provider: EnvironmentProvider, name: str, end_user: EndUser, source: Source, by: Actor) -> bool:
    """Create a group with the person in it; say whether they are in it. A name that no group can have is skipped."""
    try:
        create_group(
            environment=environment_provider.environment, name=name, members=[end_user.pk], source=source, by=by
        )
    except ConflictError:
        # Somebody else's sign-in created it a moment ago.
        group = environment_provider.environment.groups.select_related("environment").get(name_key=_key(name))
        if not _may_fill(group, source):
            return False
        change_members(group=group, add=[end_user.pk], source=source, by=by)
    except ActionError:
        return False
    return True


def _held(environment_provider: EnvironmentProvider, end_user: EndUser, source: Source) -> dict[str, EndUserGroup]:
    """Return the groups that this provider put the person into, by their keys."""
    groups = _given(environment_provider.environment_id, end_user.pk, source.kind, source.id)
    for group in groups:
        group.environment = environment_provider.environment
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


def _key(name: str) -> str:
    """Return the `name_key` of a group of that name."""
    return canonical(" ".join(name.split()))


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _source(environment_provider: EnvironmentProvider) -> Source:
    return Source(SourceKind.JIT, str(environment_provider.pk), environment_provider.identity_provider.name)


def _actor(environment_provider: EnvironmentProvider, visit: Visit) -> Actor:
    return Actor(
        Kind.CONNECTION, str(environment_provider.pk), environment_provider.identity_provider.name, visit.request_id
    )

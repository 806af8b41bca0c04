"""What a sign-in through an identity provider may change of people: just-in-time provisioning and group sync."""

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
# More than anybody is in; each of them is a change of its own, in one transaction.
MAX_GROUPS = 1000


@dataclass(frozen=True)
class Welcomed:
    """Somebody who may come in as far as the provisioning method goes, and whether they were made or let in for it."""

    end_user: EndUser
    is_new: bool = False
    is_let_in: bool = False


@dataclass(frozen=True)
class GroupChanges:
    """What became of the groups that an assertion names, by their names; nothing where it says nothing of groups."""

    created: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def welcome(
    environment_provider: EnvironmentProvider, known: EndUser | None, profile: AssertedProfile, visit: Visit
) -> Welcomed:
    """The person, who may come in; under JIT made or let into the environment for it. Raise Refused."""
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
    """Let the memberships that this provider gave follow the assertion; no group attribute says nothing of groups.

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
        # SCIM or another tab made the same person a moment ago.
        known = EndUser.with_email(environment.workspace, profile.email)
        if known is None:
            raise
        return welcome(environment_provider, known, profile, visit)
    except ActionError:
        raise Refused(Reason.UNUSABLE_PROFILE) from None
    return Welcomed(end_user, is_new=True)


def _let_in(environment_provider: EnvironmentProvider, known: EndUser, visit: Visit) -> Welcomed:
    """Give access to a person of the workspace who has none here; the profile stays as it is."""
    link_end_user(
        end_user=known,
        profile=Profile(known.full_name, known.email, _source(environment_provider)),
        environment=environment_provider.environment,
        source=_source(environment_provider),
        by=_actor(environment_provider, visit),
    )
    return Welcomed(known, is_let_in=True)


def _named(environment_provider: EnvironmentProvider, keys: Set[str]) -> list[EndUserGroup]:
    """The groups that the environment has by these keys."""
    return (
        list(environment_provider.environment.groups.filter(name_key__in=keys).select_related("environment"))
        if keys
        else []
    )


def _may_fill(group: EndUserGroup, source: Source) -> bool:
    return not group.is_everyone and (not group.is_managed or group.source == source)


def _make(environment_provider: EnvironmentProvider, name: str, end_user: EndUser, source: Source, by: Actor) -> bool:
    """Make a group with the person in it; tells whether they are. A name that no group can have is passed over."""
    try:
        create_group(
            environment=environment_provider.environment, name=name, members=[end_user.pk], source=source, by=by
        )
    except ConflictError:
        # Somebody else's sign-in made it a moment ago.
        group = environment_provider.environment.groups.select_related("environment").get(name_key=_key(name))
        if not _may_fill(group, source):
            return False
        change_members(group=group, add=[end_user.pk], source=source, by=by)
    except ActionError:
        return False
    return True


def _held(environment_provider: EnvironmentProvider, end_user: EndUser, source: Source) -> dict[str, EndUserGroup]:
    """The groups that the person is in by this provider's word."""
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
    """The `name_key` of a group of that name."""
    return canonical(" ".join(name.split()))


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _source(environment_provider: EnvironmentProvider) -> Source:
    return Source(SourceKind.JIT, str(environment_provider.pk), environment_provider.identity_provider.name)


def _actor(environment_provider: EnvironmentProvider, visit: Visit) -> Actor:
    return Actor(
        Kind.CONNECTION, str(environment_provider.pk), environment_provider.identity_provider.name, visit.request_id
    )

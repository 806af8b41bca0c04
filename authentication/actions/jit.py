"""What a sign-in through an identity provider may change of people: just-in-time provisioning and group sync."""

from collections.abc import Iterable
from uuid import UUID

from authentication.models import EnvironmentProvider, Visit
from authentication.reasons import Reason
from authentication.saml.attributes import Profile
from workspace.actions.end_users import create_end_user, link_end_user
from workspace.actions.groups import change_members, create_group
from workspace.events import ActionError, Actor, Kind
from workspace.keys import canonical
from workspace.models import EndUser, EndUserGroup, Source, SourceKind

Method = EnvironmentProvider.Method


class Refused(Exception):
    """A refusal: the code is for the administrator; the person is told the same whatever it is."""

    def __init__(self, reason: str, use: EnvironmentProvider | None = None) -> None:
        super().__init__(reason)
        self.reason, self.use = str(reason), use
        self.email = ""
        self.end_user: EndUser | None = None


def welcome(use: EnvironmentProvider, known: EndUser | None, profile: Profile, visit: Visit) -> EndUser:
    """The person, as far as the provisioning method lets one in: JIT makes people, and gives them access."""
    if use.method != Method.JIT:
        if known is None:
            raise Refused(Reason.NOT_PROVISIONED)
        return known
    if known is None:
        return _create(use, profile, visit)
    if known.is_active and not use.environment.accesses.filter(end_user=known).exists():
        link_end_user(
            end_user=known,
            full_name=known.full_name,
            environment=use.environment,
            source=_source(use),
            by=_actor(use, visit),
        )
    return known


def sync_groups(use: EnvironmentProvider, end_user: EndUser, names: tuple[str, ...] | None, visit: Visit) -> None:
    """Let the memberships that this provider gave follow the assertion; no group attribute says nothing of groups.

    Groups that do not exist are made. Those that another provider manages, and Everyone, are left alone, and so is
    every membership that somebody else gave.
    """
    if names is None or use.method != Method.JIT or not use.syncs_groups:
        return
    source, by = _source(use), _actor(use, visit)
    wanted = {group.pk: group for group in _groups(use, names, source, by)}
    held = _held(use, end_user, source)
    for pk in wanted.keys() - held.keys():
        change_members(group=wanted[pk], add=[end_user.pk], source=source, by=by)
    for pk in held.keys() - wanted.keys():
        change_members(group=held[pk], remove=[end_user.pk], source=source, by=by)


def _create(use: EnvironmentProvider, profile: Profile, visit: Visit) -> EndUser:
    try:
        return create_end_user(
            workspace=use.environment.workspace,
            full_name=profile.name or profile.email,
            email=profile.email,
            environments=[use.environment],
            source=_source(use),
            by=_actor(use, visit),
        )
    except ActionError:
        raise Refused(Reason.UNUSABLE_PROFILE) from None


def _groups(use: EnvironmentProvider, names: Iterable[str], source: Source, by: Actor) -> list[EndUserGroup]:
    """The environment's groups of these names that the provider may fill, made where they are missing."""
    keys = {canonical(" ".join(name.split())): name for name in names}
    found = {group.name_key: group for group in use.environment.groups.filter(name_key__in=keys)}
    made = [
        create_group(environment=use.environment, name=name, source=source, by=by)
        for key, name in keys.items()
        if key not in found and len(key) <= 250
    ]
    return made + [group for group in found.values() if _may_fill(group, source)]


def _may_fill(group: EndUserGroup, source: Source) -> bool:
    return not group.is_everyone and (not group.is_managed or group.source == source)


def _held(use: EnvironmentProvider, end_user: EndUser, source: Source) -> dict[UUID, EndUserGroup]:
    """The groups that the person is in by this provider's word."""
    given = end_user.memberships.filter(source_kind=source.kind, source_id=source.id)
    groups = use.environment.groups.filter(memberships__in=given).select_related("environment")
    return {group.pk: group for group in groups}


def _source(use: EnvironmentProvider) -> Source:
    return Source(SourceKind.JIT, str(use.pk), use.identity_provider.name)


def _actor(use: EnvironmentProvider, visit: Visit) -> Actor:
    return Actor(Kind.CONNECTION, str(use.pk), use.identity_provider.name, visit.request_id)

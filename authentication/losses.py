"""Who loses a way to sign in by a change: the numbers and names of its confirmation page.

The database counts people by what their ways depend on; the policy then decides for each kind. So the number of people
costs no memory, and a page asks as many queries for many as for few.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.lookups import In

from authentication.domains import Domain
from authentication.models import EnvironmentPolicy, EnvironmentProvider
from authentication.policy import SignInPolicy
from authentication.records import known_by_name_id
from workspace.db.foreseen import foreseen
from workspace.models import EndUser, Environment
from workspace.models.people import EndUserQuerySet, count_active

PASSWORD = "password"
# Instead of a domain: of no provider's own domains, and without an address. No domain has an @.
OTHER, NO_ADDRESS = "", "@"
_WHAT_MATTERS = ("domain", "has_password", "may_bypass")


@dataclass(frozen=True)
class Kind:
    """What somebody's ways depend on; equal people have equal ways."""

    domain: str
    # The providers that can sign in somebody without an address.
    known_to: frozenset[str]
    has_password: bool
    may_bypass: bool


@dataclass(frozen=True)
class Some:
    """Some people of an environment in the order of names, and how many they are."""

    number: int
    people: EndUserQuerySet


@dataclass(frozen=True)
class Loss:
    """The end users who lose a way to sign in, and those among them who have no other."""

    losing: Some
    locked_out: Some


class Crowd:
    """Those with access to an environment, by the kinds that make a difference to some policies."""

    def __init__(self, environment: Environment, now: datetime, *policies: SignInPolicy) -> None:
        # A provider may have other domains in each policy, but knows the same people.
        providers = {str(each.pk): each for policy in policies for each in policy.providers}
        self._known = {f"known_{number}": pk for number, pk in enumerate(providers)}
        self._people = _people(environment).annotate(
            has_password=~Q(password=""),
            may_bypass=Exists(environment.sso_bypasses.open(now).filter(end_user=OuterRef("pk"))),
            domain=_domain(_domains(*policies)),
            **{name: known_by_name_id(providers[pk]) for name, pk in self._known.items()},
        )
        self.numbers = {self._kind(row): row["number"] for row in self._rows()}

    def some(self, chosen: Callable[[Kind], bool]) -> Some:
        """Return the people of the chosen kinds."""
        kinds = [kind for kind in self.numbers if chosen(kind)]
        people = self._people.filter(self._of(kinds)) if kinds else self._people.none()
        return Some(sum(self.numbers[kind] for kind in kinds), people.order_by("name_key", "id"))

    def _rows(self) -> "QuerySet[EndUser, dict[str, Any]]":
        return self._people.order_by().values(*_WHAT_MATTERS, *self._known).annotate(number=Count("pk"))

    def _kind(self, row: dict[str, Any]) -> Kind:
        known_to = frozenset(pk for name, pk in self._known.items() if row[name])
        return Kind(row["domain"], known_to, row["has_password"], row["may_bypass"])

    def _of(self, kinds: Iterable[Kind]) -> Q:
        """Return the condition that somebody is of one of the kinds. All domains of one pattern are one condition."""
        domains: dict[tuple[frozenset[str], bool, bool], list[str]] = {}
        for kind in kinds:
            domains.setdefault((kind.known_to, kind.has_password, kind.may_bypass), []).append(kind.domain)
        return reduce(
            or_,
            (
                Q(
                    domain__in=among,
                    has_password=has_password,
                    may_bypass=may_bypass,
                    **{name: pk in known_to for name, pk in self._known.items()},
                )
                for (known_to, has_password, may_bypass), among in domains.items()
            ),
        )


def loss_by(change: Callable[[], object], environment: Environment, now: datetime) -> Loss:
    """Return what people of an environment would lose by a change. A refusal of the change is raised."""

    def policy_after() -> SignInPolicy:
        change()
        return SignInPolicy.of(environment)

    before = SignInPolicy.of(environment)
    return loss_between(environment, before, foreseen(policy_after), now)


def loss_between(environment: Environment, before: SignInPolicy, after: SignInPolicy, now: datetime) -> Loss:
    """Return what people of an environment lose from one policy to another."""
    crowd = Crowd(environment, now, before, after)

    def loses(kind: Kind) -> bool:
        return not _ways(before, kind) <= _ways(after, kind)

    return Loss(crowd.some(loses), crowd.some(lambda kind: loses(kind) and not _ways(after, kind)))


def depending_on(wished: EnvironmentProvider, environment: Environment, now: datetime) -> Some:
    """Return who could sign in through a provider alone, with the enforcement that the row has. Nothing is saved.

    The provider counts as turned on, and SAML-based SSO authentication as on.
    """
    others = [each for each in environment.providers.usable().listed() if each.pk != wished.pk]
    policy = SignInPolicy(EnvironmentPolicy.objects.of(environment).is_password_enabled, [*others, wished])
    return Crowd(environment, now, policy).some(lambda kind: _ways(policy, kind) == {str(wished.pk)})


def count_of_those_through(environment_provider: EnvironmentProvider) -> int:
    """Return how many people may sign in to the environment through one of its providers."""
    environment, pk = environment_provider.environment, str(environment_provider.pk)
    policy, people = SignInPolicy.of(environment), _people(environment).order_by()
    if environment_provider not in policy.providers:
        return 0
    domains = _domains(policy)
    allowed = [domain for domain in domains if pk in _ways_of_address(policy, domain)]
    if len(allowed) == len(domains):
        addressed = count_active(environment) - people.filter(email_key=None).count()
    else:
        addressed = people.annotate(domain=_domain(domains)).filter(domain__in=allowed).count()
    return addressed + people.filter(known_by_name_id(environment_provider)).count()


def can_anybody_use_a_password(environment: Environment, policy: SignInPolicy, now: datetime) -> bool:
    """Say whether enforcement leaves somebody with access who may use a password; without people, anybody at all."""
    addressed = _people(environment).exclude(email_key=None).order_by()
    bypassing = environment.sso_bypasses.open(now).filter(Exists(addressed.filter(pk=OuterRef("end_user"))))
    if policy.is_password_enabled and bypassing.exists():
        return True
    domains = _domains(policy)
    allowed = [domain for domain in domains if PASSWORD in _ways_of_address(policy, domain)]
    if len(allowed) in (0, len(domains)):
        return bool(allowed)
    people = _people(environment).exclude(email_key=None).order_by()
    in_allowed = people.annotate(domain=_domain(domains)).filter(domain__in=allowed)
    return in_allowed.exists() or (OTHER in allowed and not people.exists())


def _ways(policy: SignInPolicy, kind: Kind) -> frozenset[str]:
    """Return the ways of somebody, without the password if that is missing."""
    if kind.domain == NO_ADDRESS:
        return kind.known_to & {str(each.pk) for each in policy.providers}
    ways = _ways_of_address(policy, kind.domain)
    if kind.may_bypass and policy.is_password_enabled:
        ways |= {PASSWORD}
    return ways - (frozenset() if kind.has_password else {PASSWORD})


def _ways_of_address(policy: SignInPolicy, domain: str) -> frozenset[str]:
    """Return the ways of all addresses of a domain: the password, and the providers that may speak for it."""
    email = f"somebody@{domain}" if domain else ""
    ways = policy.ways(email)
    providers = {str(each.pk) for each in ways.providers if policy.may_assert(each, email)}
    return frozenset(providers | ({PASSWORD} if ways.has_password else set()))


def _people(environment: Environment) -> EndUserQuerySet:
    return environment.workspace.end_users.with_access_to(environment)


def _domains(*policies: SignInPolicy) -> list[str]:
    """Return the domains that make a difference: the providers' own, and one for all others."""
    return [OTHER, *sorted({key for policy in policies for each in policy.providers for key in each.domain_keys})]


def _domain(own: list[str]) -> Case:
    """Return the domain of an address, if it is one of the providers' own; all others have the same ways."""
    return Case(
        When(email_key=None, then=Value(NO_ADDRESS)),
        When(In(Domain("email_key"), own), then=Domain("email_key")),
        default=Value(OTHER),
        output_field=TextField(),
    )

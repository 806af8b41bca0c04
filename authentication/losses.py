"""Who loses a way to sign in by a change: the numbers and names of its confirmation page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from authentication.models import EnvironmentPolicy, EnvironmentProvider
from authentication.policy import SignInPolicy
from authentication.records import known_by_name_id
from workspace.db.foreseen import foreseen
from workspace.models import Environment
from workspace.models.people import EndUserQuerySet

PASSWORD = "password"
# Whose ways are asked for: the domain of an address or, without an address, the id of a person.
Who = str | UUID


@dataclass(frozen=True)
class Loss:
    """Names of the end users who lose a way to sign in, and of those among them who have no other."""

    losing: list[str]
    locked_out: list[str]


def loss_by(change: Callable[[], object], environment: Environment) -> Loss:
    """Return what people of an environment would lose by a change. A refusal of the change is raised."""

    def policy_after() -> SignInPolicy:
        change()
        return SignInPolicy.of(environment)

    before = SignInPolicy.of(environment)
    return _loss(environment, before, foreseen(policy_after))


def depending_on(wished: EnvironmentProvider, environment: Environment) -> list[str]:
    """Return who could sign in through a provider alone, with the enforcement that the row has. Nothing is saved.

    The provider counts as turned on, and SAML-based SSO authentication as on.
    """
    others = [each for each in environment.providers.usable().listed() if each.pk != wished.pk]
    policy = SignInPolicy(EnvironmentPolicy.objects.of(environment).is_password_enabled, [*others, wished])
    has, only = _ways_by(policy), frozenset({str(wished.pk)})
    return [name for name, who, missing in _rows(environment) if has(who) - missing == only]


def count_of_those_through(environment_provider: EnvironmentProvider) -> int:
    """Return how many people may sign in to the environment through one of its providers."""
    environment = environment_provider.environment
    policy, pk = SignInPolicy.of(environment), str(environment_provider.pk)
    has = _ways_by(policy)
    return sum(pk in has(who) for _, who, _ in _rows(environment))


def can_anybody_use_a_password(environment: Environment, policy: SignInPolicy) -> bool:
    """Say whether enforcement leaves somebody with access who may use a password; without people, anybody at all."""
    ways = _ways_by(policy)
    keys = _people(environment).exclude(email_key=None).values_list("email_key", flat=True)
    domains = (_domain(key or "") for key in keys.iterator())
    first = next(domains, None)
    return PASSWORD in ways(first or "") or any(PASSWORD in ways(domain) for domain in domains)


def _loss(environment: Environment, before: SignInPolicy, after: SignInPolicy) -> Loss:
    had, has = _ways_by(before), _ways_by(after)
    losing, locked_out = [], []
    for name, who, missing in _rows(environment):
        if had(who) - missing <= has(who):
            continue
        losing.append(name)
        if not has(who) - missing:
            locked_out.append(name)
    return Loss(losing, locked_out)


def _ways_by(policy: SignInPolicy) -> Callable[[Who], frozenset[str]]:
    """Return a function that returns the ways of somebody: the password, and providers."""
    known = cache(known_by_name_id)

    @cache
    def ways(who: Who) -> frozenset[str]:
        if isinstance(who, UUID):
            return frozenset(str(each.pk) for each in policy.providers if who in known(each))
        return _ways(policy, who)

    return ways


def _ways(policy: SignInPolicy, domain: str) -> frozenset[str]:
    """Return the ways of all addresses of a domain: the password, and the providers that may speak for it."""
    email = f"somebody@{domain}" if domain else ""
    ways = policy.ways(email)
    providers = {str(each.pk) for each in ways.providers if policy.may_assert(each, email)}
    return frozenset(providers | ({PASSWORD} if ways.has_password else set()))


def _rows(environment: Environment) -> Iterator[tuple[str, Who, frozenset[str]]]:
    """Yield everybody with access by name, whose ways to ask for, and the way that is missing: a password."""
    people = _people(environment).order_by("name_key", "id").values_list("full_name", "pk", "email_key", "password")
    for name, pk, email_key, password in people.iterator():
        yield name, _domain(email_key) if email_key else pk, frozenset() if password else frozenset({PASSWORD})


def _people(environment: Environment) -> EndUserQuerySet:
    return environment.workspace.end_users.with_access_to(environment)


def _domain(email_key: str) -> str:
    return email_key.rpartition("@")[2]

"""Who loses a way to sign in by a change: the numbers and names of its confirmation page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from authentication.models import EnvironmentPolicy, EnvironmentProvider
from authentication.policy import SignInPolicy
from workspace.db.foreseen import foreseen
from workspace.models import Environment
from workspace.models.people import EndUserQuerySet

PASSWORD = "password"


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
    has, only = cache(lambda domain: _ways(policy, domain)), frozenset({str(wished.pk)})
    return [name for name, domain, missing in _rows(environment) if has(domain) - missing == only]


def count_of_those_through(environment_provider: EnvironmentProvider) -> int:
    """Return how many people may sign in to the environment through one of its providers."""
    environment = environment_provider.environment
    policy, pk = SignInPolicy.of(environment), str(environment_provider.pk)
    has = cache(lambda domain: pk in _ways(policy, domain))
    return sum(has(domain) for _, domain, _ in _rows(environment))


def can_anybody_use_a_password(environment: Environment, policy: SignInPolicy) -> bool:
    """Say whether enforcement leaves somebody with access who may use a password; without people, anybody at all."""
    ways = cache(lambda domain: _ways(policy, domain))
    domains = (_domain(key or "") for key in _people(environment).values_list("email_key", flat=True).iterator())
    first = next(domains, None)
    return PASSWORD in ways(first or "") or any(PASSWORD in ways(domain) for domain in domains)


def _loss(environment: Environment, before: SignInPolicy, after: SignInPolicy) -> Loss:
    had, has = cache(lambda domain: _ways(before, domain)), cache(lambda domain: _ways(after, domain))
    losing, locked_out = [], []
    for name, domain, missing in _rows(environment):
        if had(domain) - missing <= has(domain):
            continue
        losing.append(name)
        if not has(domain) - missing:
            locked_out.append(name)
    return Loss(losing, locked_out)


def _ways(policy: SignInPolicy, domain: str) -> frozenset[str]:
    """Return the ways of all addresses of a domain: the password, and the providers that may speak for it."""
    email = f"somebody@{domain}" if domain else ""
    ways = policy.ways(email)
    providers = {str(each.pk) for each in ways.providers if policy.may_assert(each, email)}
    return frozenset(providers | ({PASSWORD} if ways.has_password else set()))


def _rows(environment: Environment) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield name and domain of everybody with access, with the way that the person lacks: a password of their own."""
    people = _people(environment).order_by("name_key", "id").values_list("full_name", "email_key", "password")
    for name, email_key, password in people.iterator():
        yield name, _domain(email_key or ""), frozenset() if password else frozenset({PASSWORD})


def _people(environment: Environment) -> EndUserQuerySet:
    return environment.workspace.end_users.with_access_to(environment)


def _domain(email_key: str) -> str:
    return email_key.rpartition("@")[2]

"""Which ways of signing in an environment offers, and to whom."""

from dataclasses import dataclass

import idna

from authentication.models import EnvironmentPolicy, EnvironmentProvider
from workspace.db.keys import canonical
from workspace.models import Environment

Enforcement = EnvironmentProvider.Enforcement


@dataclass(frozen=True)
class Ways:
    """How somebody may sign in: by password, or through one of the providers; at least one of the two."""

    has_password: bool
    providers: list[EnvironmentProvider]
    # Whose enforcement forbids the password.
    enforced_by: EnvironmentProvider | None = None

    @property
    def only_provider(self) -> EnvironmentProvider | None:
        """The provider, where there is no other way."""
        return self.providers[0] if len(self.providers) == 1 and not self.has_password else None


@dataclass(frozen=True)
class SignInPolicy:
    """An environment's switches, and the providers that are usable by them."""

    is_password_enabled: bool
    providers: list[EnvironmentProvider]

    @classmethod
    def of(cls, environment: Environment) -> "SignInPolicy":
        policy = EnvironmentPolicy.objects.of(environment)
        providers = EnvironmentProvider.objects.usable_in(environment) if policy.is_saml_enabled else []
        return cls(policy.is_password_enabled, providers)

    def ways(self, email: str) -> Ways:
        """How the owner of the address may sign in; the same whether or not anybody has that address."""
        domain = domain_key(canonical(email).rpartition("@")[2])
        own = [each for each in self.providers if domain in map(domain_key, each.domain_names)]
        enforcing = own or [each for each in self.providers if each.enforcement == Enforcement.ALL_DOMAINS]
        return Ways(
            has_password=self.is_password_enabled and not enforcing,
            providers=own or self._general(),
            enforced_by=enforcing[0] if enforcing else None,
        )

    @property
    def asks_for_address(self) -> bool:
        """Whether the ways depend on who it is."""
        return any(each.enforcement == Enforcement.SELECTED_DOMAINS for each in self.providers)

    def _general(self) -> list[EnvironmentProvider]:
        """For an address of no selected domain: the providers of everybody, or, rather than no way at all, each."""
        general = [each for each in self.providers if each.enforcement != Enforcement.SELECTED_DOMAINS]
        return general if general or self.is_password_enabled else self.providers


def ways_to_sign_in(environment: Environment, email: str) -> Ways:
    """How the owner of the address may sign in to the environment."""
    return SignInPolicy.of(environment).ways(email)


def domain_key(domain: str) -> str:
    """Equal for all spellings of a domain under which an address would be taken for the same person's."""
    folded = canonical(domain)
    try:
        return canonical(idna.decode(folded))
    except idna.IDNAError:
        return folded

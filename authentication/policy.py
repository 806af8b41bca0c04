"""Which ways of signing in an environment offers, and to whom."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models.lookups import In

from authentication.domains import Domain, key_of_address
from authentication.models import EnvironmentPolicy, EnvironmentProvider, SsoBypass
from workspace.models import EndUser, Environment
from workspace.models.people import EndUserQuerySet

Enforcement = EnvironmentProvider.Enforcement


@dataclass(frozen=True)
class Ways:
    """How somebody may sign in: by password, or through one of the providers; at least one of the two."""

    has_password: bool
    providers: list[EnvironmentProvider]
    # The provider whose enforcement forbids the password.
    enforced_by: EnvironmentProvider | None = None
    # What lets this person use a password past that enforcement.
    bypass: SsoBypass | None = None

    @property
    def only_provider(self) -> EnvironmentProvider | None:
        """Return the provider where there is no other way."""
        return self.providers[0] if len(self.providers) == 1 and not self.has_password else None


@dataclass(frozen=True)
class SignInPolicy:
    """An environment's switches, and the providers that are usable by them."""

    is_password_enabled: bool
    providers: list[EnvironmentProvider]

    @classmethod
    def of(cls, environment: Environment) -> "SignInPolicy":
        providers = EnvironmentProvider.objects.usable_in(environment)
        # The policy was read with them.
        read = getattr(providers[0].environment, "policy", None) if providers else None
        policy = read or EnvironmentPolicy.objects.of(environment)
        return cls(policy.is_password_enabled, providers if policy.is_saml_enabled else [])

    def ways(self, email: str) -> Ways:
        """Return how the owner of the address may sign in; the same whether or not anybody has that address.

        Whoever types a userName may be of any provider.
        """
        is_user_name = bool(email) and "@" not in email
        key = key_of_address(email)
        own = [each for each in self.providers if key in each.domain_keys]
        enforcing = own or [each for each in self.providers if each.enforcement == Enforcement.ALL_DOMAINS]
        return Ways(
            has_password=self.is_password_enabled and not enforcing,
            providers=own or (self.providers if is_user_name else self._general()),
            enforced_by=enforcing[0] if enforcing else None,
        )

    def with_password(self, people: EndUserQuerySet) -> EndUserQuerySet:
        """Return those of some people with addresses who may use a password, as `ways` says of each."""
        if not self.is_password_enabled or any(each.enforcement == Enforcement.ALL_DOMAINS for each in self.providers):
            return people.none()
        own = sorted({key for each in self.providers for key in each.domain_keys})
        return people.exclude(In(Domain("email_key"), own)) if own else people

    def own_ways(self, end_user: EndUser, environment: Environment, now: datetime) -> Ways:
        """Return how a person may sign in: as the owner of their address, or past enforcement by their bypass.

        No bypass opens an environment whose password authentication is off.
        """
        ways = self.ways(end_user.email)
        if not (ways.enforced_by and self.is_password_enabled):
            return ways
        bypass = environment.sso_bypasses.open(now).filter(end_user=end_user).first()
        return replace(ways, has_password=bypass is not None, bypass=bypass)

    def provider(self, pk: UUID) -> EnvironmentProvider | None:
        """Return the environment's use of an identity provider, if it is usable."""
        return next((each for each in self.providers if each.identity_provider_id == pk), None)

    def may_assert(self, environment_provider: EnvironmentProvider, email: str) -> bool:
        """Say whether a provider may speak for an address.

        A provider of selected domains speaks for those alone, any other for all domains that were given to none. So a
        second IdP of the environment cannot sign in as somebody of a domain that was given to the first.
        """
        key = key_of_address(email)
        if environment_provider.enforcement == Enforcement.SELECTED_DOMAINS:
            return key in environment_provider.domain_keys
        return not any(key in each.domain_keys for each in self.providers if each.pk != environment_provider.pk)

    @property
    def asks_for_address(self) -> bool:
        """Say whether the ways depend on who it is."""
        return any(each.enforcement == Enforcement.SELECTED_DOMAINS for each in self.providers)

    def _general(self) -> list[EnvironmentProvider]:
        """Return the providers for an address of no selected domain; all of them where it had no way at all else."""
        general = [each for each in self.providers if each.enforcement != Enforcement.SELECTED_DOMAINS]
        return general if general or self.is_password_enabled else self.providers

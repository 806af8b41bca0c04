"""Who loses a way to sign in is counted by the database, and is what each person's own ways say."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authentication.losses import (
    can_anybody_use_a_password,
    count_of_those_through,
    depending_on,
    loss_between,
)
from authentication.models import EnvironmentPolicy, EnvironmentProvider, SamlIdentity, SsoBypass
from authentication.policy import SignInPolicy
from tests.authentication.end_users import environments, provider
from workspace.models import EndUser, EnvironmentAccess

DOMAINS = ["acme.example", "sub.acme.example", "bücher.example", "example", ""]
ADDRESSES = [*(f"ada.{{}}@{domain}" for domain in [*DOMAINS, "other.example"]), "user-{}", "a{}@b@acme.example", None]
PASSWORD = "password"

enforcements: st.SearchStrategy[tuple[str, list[str]]] = st.one_of(
    st.sampled_from([("no_one", []), ("all_domains", [])]),
    st.tuples(st.just("selected_domains"), st.lists(st.sampled_from(DOMAINS[:4]), min_size=1, max_size=3)),
)
policies = st.tuples(st.booleans(), st.lists(st.tuples(st.booleans(), enforcements), min_size=3, max_size=3))
people = st.lists(
    st.tuples(
        st.sampled_from(ADDRESSES),
        st.sampled_from(["", "a hash", "!"]),
        st.sampled_from(["active", "active", "deactivated"]),
        st.integers(0, 2),
        st.sets(st.integers(0, 2)),
        st.sampled_from([None, -1, 1]),
    ),
    max_size=12,
)


@dataclass(frozen=True)
class Person:
    """Somebody with access, as Python reads them."""

    name: str
    email: str | None
    pk: UUID
    has_password: bool
    may_bypass: bool


# The fixture is one for all examples; each example's rows are taken back.
many = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def place():
    return Place()


class Place:
    """An environment with three providers."""

    def __init__(self) -> None:
        self.dev, self.test, _ = environments()
        self.providers = [provider(self.dev, name) for name in ("Okta", "Ping", "Entra")]

    def fill(self, crowd):
        numbers = count()
        for address, password, status, access, known_to, bypass in crowd:
            number = next(numbers)
            email = address.format(number) if address else ""
            who = EndUser(
                workspace=self.dev.workspace, full_name=f"P{number * 7 % 12:02} {number}", email=email,
                password=password, status=status,
            )  # fmt: skip
            who.set_keys()
            who.save()
            places = [[self.dev], [self.test], [self.dev, self.test]][access]
            EnvironmentAccess.objects.bulk_create(EnvironmentAccess(end_user=who, environment=each) for each in places)
            if bypass:
                expires_at = timezone.now() + timedelta(days=bypass)
                SsoBypass.objects.create(environment=self.dev, end_user=who, reason="x", expires_at=expires_at)
            for index in known_to:
                SamlIdentity.objects.create(
                    end_user=who, identity_provider=self.providers[index].identity_provider, name_id_digest=str(number)
                )

    def policy(self, drawn):
        """The policy with copies of the providers that are on, each with its enforcement; nothing is saved."""
        is_password_enabled, rows = drawn
        found = []
        for row, (is_on, (enforcement, domains)) in zip(self.providers, rows, strict=True):
            copied = EnvironmentProvider.objects.select_related("identity_provider", "environment").get(pk=row.pk)
            copied.enforcement, copied.domains = enforcement, domains
            found += [copied] if is_on else []
        return SignInPolicy(is_password_enabled, found)

    def save(self, drawn):
        is_password_enabled, rows = drawn
        for row, (is_on, (enforcement, domains)) in zip(self.providers, rows, strict=True):
            row.is_enabled, row.enforcement, row.domains = is_on, enforcement, domains
            row.save()
        EnvironmentPolicy.objects.update(is_password_enabled=is_password_enabled)
        return SignInPolicy.of(self.dev)

    def people(self):
        found = self.dev.workspace.end_users.filter(accesses__environment=self.dev, status="active").distinct()
        return [
            Person(
                each.full_name,
                each.email_key,
                each.pk,
                bool(each.password),
                each.sso_bypasses.open(timezone.now()).exists(),
            )
            for each in found.order_by("name_key", "id")
        ]


@contextmanager
def fresh():
    """Take back what is written inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
@many
@given(policies, policies, people)
def test_numbers_and_names_are_those_of_one_after_another(place, before, after, crowd):
    with fresh():
        place.fill(crowd)
        before, after = place.policy(before), place.policy(after)
        loss = loss_between(place.dev, before, after, timezone.now())
        losing = [who for who in place.people() if not _ways(before, who) <= _ways(after, who)]
        assert _names(loss.losing) == [who.name for who in losing]
        assert _names(loss.locked_out) == [who.name for who in losing if not _ways(after, who)]


@pytest.mark.django_db
@many
@given(policies, people)
def test_who_goes_through_a_provider_and_who_through_it_alone(place, policy, crowd):
    with fresh():
        place.fill(crowd)
        policy = place.save(policy)
        for each in place.providers:
            through = [who for who in place.people() if str(each.pk) in _ways(policy, who)]
            assert count_of_those_through(each) == len(through)
            others = [other for other in policy.providers if other.pk != each.pk]
            wished = SignInPolicy(policy.is_password_enabled, [*others, each])
            alone = [who.name for who in place.people() if _ways(wished, who) == {str(each.pk)}]
            assert _names(depending_on(each, place.dev, timezone.now())) == alone


@pytest.mark.django_db
@many
@given(policies, people)
def test_whether_anybody_may_use_a_password(place, policy, crowd):
    with fresh():
        place.fill(crowd)
        policy = place.policy(policy)
        addresses = [who.email for who in place.people() if who.email] or ["somebody@unknown.example"]
        bypassing = policy.is_password_enabled and any(who.may_bypass for who in place.people() if who.email)
        expected = bypassing or any(
            policy.ways(f"somebody@{each.rpartition('@')[2]}").has_password for each in addresses
        )
        assert can_anybody_use_a_password(place.dev, policy, timezone.now()) is expected


def _ways(policy, who):
    """Ask the policy about one person."""
    if not who.email:
        identities = SamlIdentity.objects.filter(end_user=who.pk).values_list("identity_provider", flat=True)
        return {str(each.pk) for each in policy.providers if each.identity_provider_id in identities}
    domain = who.email.rpartition("@")[2]
    email = f"somebody@{domain}" if domain else ""
    ways = policy.ways(email)
    found = {str(each.pk) for each in ways.providers if policy.may_assert(each, email)}
    has_password = ways.has_password or (who.may_bypass and policy.is_password_enabled)
    return found | ({PASSWORD} if has_password and who.has_password else set())


def _names(some):
    names = [each.full_name for each in some.people]
    assert some.number == len(names)
    return names

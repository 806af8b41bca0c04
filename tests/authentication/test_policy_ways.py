"""Which ways of signing in an address has: switches × enforcement × domain."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from authentication.actions.policies import switch_password, switch_saml
from authentication.actions.provider_use import disable_provider
from authentication.policy import SignInPolicy
from tests import factories
from tests.authentication.end_users import environments, provider
from workspace.events import SYSTEM

pytestmark = pytest.mark.django_db
ACME, OTHER = "ada@acme.example", "ben@other.example"
ALL, SELECTED, NO_ONE = "all_domains", "selected_domains", "no_one"


@pytest.fixture
def dev():
    return environments()[0]


def ways(environment, email):
    """As (password?, names of the providers)."""
    found = SignInPolicy.of(environment).ways(email)
    return found.has_password, [environment_provider.identity_provider.name for environment_provider in found.providers]


def test_without_saml_there_is_only_the_password(dev):
    assert ways(dev, ACME) == (True, [])


@pytest.mark.parametrize(
    ("enforcement", "domains", "has_password", "email", "expected"),
    [
        (NO_ONE, [], True, ACME, (True, ["Okta"])),
        (NO_ONE, [], False, ACME, (False, ["Okta"])),
        (ALL, [], True, ACME, (False, ["Okta"])),
        (ALL, [], True, OTHER, (False, ["Okta"])),
        (ALL, [], False, ACME, (False, ["Okta"])),
        (SELECTED, ["acme.example"], True, ACME, (False, ["Okta"])),
        (SELECTED, ["acme.example"], True, OTHER, (True, [])),
        (SELECTED, ["acme.example"], False, ACME, (False, ["Okta"])),
        # Rather than no way at all.
        (SELECTED, ["acme.example"], False, OTHER, (False, ["Okta"])),
    ],
)
def test_enforcement_and_the_password_switch_decide(dev, enforcement, domains, has_password, email, expected):
    provider(dev, "Okta", enforcement, *domains)
    switch_password(environment=dev, is_enabled=has_password, by=SYSTEM)
    assert ways(dev, email) == expected


@pytest.mark.parametrize("enforcement", [NO_ONE, ALL])
def test_while_saml_is_off_no_provider_counts_whatever_it_enforces(dev, enforcement):
    provider(dev, "Okta", enforcement)
    switch_saml(environment=dev, is_enabled=False, by=SYSTEM)
    assert ways(dev, ACME) == (True, [])


def test_a_provider_that_is_off_or_not_set_up_counts_for_nothing(dev):
    disable_provider(environment_provider=provider(dev, "Okta", ALL), by=SYSTEM)
    factories.identity_provider(dev, name="Unfinished")
    assert ways(dev, ACME) == (True, [])


def test_the_provider_of_ones_own_domain_comes_alone(dev):
    provider(dev, "Okta", ALL)
    provider(dev, "Partner", SELECTED, "partner.example")
    assert ways(dev, ACME) == (False, ["Okta"])
    assert ways(dev, "pia@partner.example") == (False, ["Partner"])


def test_who_forbids_the_password_is_known(dev):
    provider(dev, "Lab", NO_ONE)
    assert SignInPolicy.of(dev).ways(ACME).enforced_by is None
    okta = provider(dev, "Okta", ALL)
    assert SignInPolicy.of(dev).ways(ACME).enforced_by == okta


@pytest.mark.parametrize(
    ("domain", "email"),
    [
        ("acme.example", "ADA@ACME.Example "),
        ("acme.example", "ada@ａｃｍｅ.example"),
        ("bücher.example", "ada@BÜCHER.example"),
        ("bücher.example", "ada@xn--bcher-kva.example"),
        # One person's address in both spellings, so both must be enforced.
        ("straße.example", "ada@straße.example"),
        ("straße.example", "ada@strasse.example"),
    ],
)
def test_a_domain_is_selected_in_every_spelling(dev, domain, email):
    provider(dev, "Okta", SELECTED, domain)
    assert ways(dev, email) == (False, ["Okta"])


@pytest.mark.parametrize("email", ["a@sub.acme.example", "a@notacme.example", "a@", "", "a@b c", "@.."])
def test_another_domain_is_not_selected(dev, email):
    provider(dev, "Okta", SELECTED, "acme.example")
    assert ways(dev, email) == (True, [])


def test_each_environment_decides_for_itself():
    dev, test, _ = environments()
    provider(test, "Okta", ALL)
    assert ways(dev, ACME) == (True, [])
    assert ways(test, ACME) == (False, ["Okta"])


def test_the_question_takes_one_query_however_many_providers_there_are(dev):
    for number in range(3):
        provider(dev, f"Okta {number}")
    with CaptureQueriesContext(connection) as queries:
        ways(dev, ACME)
    assert len(queries) == 1

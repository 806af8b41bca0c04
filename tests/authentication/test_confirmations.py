"""What takes a way to sign in from somebody asks first, with numbers and names; what hurts nobody happens at once."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from authentication.actions.identity_providers import update_provider
from authentication.actions.policies import switch_password, switch_saml
from authentication.actions.provider_use import disable_provider
from authentication.actions.sessions import start_session
from authentication.models import EndUserSession, EnvironmentPolicy, EnvironmentProvider
from tests import factories
from tests.authentication.end_users import environments, person, provider, text
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, Environment
from workspace.visits import Visit

pytestmark = pytest.mark.django_db
YES = {"confirmed": "yes"}
OFF, ON = {"is_enabled": "false"}, {"is_enabled": "true"}


@pytest.fixture
def prod() -> Environment:
    return environments()[1]


@pytest.fixture
def owner(client, prod) -> Client:
    return factories.sign_in(client, factories.administrator(prod.workspace))


@pytest.fixture
def okta(prod) -> EnvironmentProvider:
    return provider(prod, "Okta")


def url(route: str, okta: EnvironmentProvider | None = None, slug: str = "test") -> str:
    kwargs = {"workspace": "acme", "environment": slug}
    return reverse(f"authentication:{route}", kwargs=kwargs | ({"provider": okta.identity_provider_id} if okta else {}))


def sign_in(end_user: EndUser, prod: Environment, okta: EnvironmentProvider | None = None) -> None:
    """A session, through the provider if one is named."""
    through = okta.identity_provider if okta else None
    start_session(end_user=end_user, environment=prod, visit=Visit(), now=timezone.now(), identity_provider=through)


def is_on(okta: EnvironmentProvider) -> bool:
    return EnvironmentProvider.objects.get(pk=okta.pk).is_enabled


def policy(prod: Environment) -> EnvironmentPolicy:
    return EnvironmentPolicy.objects.of(prod)


def test_turning_off_asks_with_the_number_of_all_and_the_names_of_who_has_no_other_way(owner, prod, okta):
    person(prod, name="Ada Winter")
    for number in range(12):
        person(prod, name=f"Ben Summer {number:02}", password="")
    page = text(owner.post(url("provider-disable", okta)))
    assert is_on(okta) and "Turn Okta off in TEST?" in page
    assert "13 end users can no longer sign in to TEST with Okta." in page
    assert "For 12 of them there is no other way." in page and "and 2 more" in page
    assert "Ben Summer 09" in page and "Ben Summer 10" not in page and "Ada Winter" not in page
    response = owner.post(url("provider-disable", okta), YES, follow=True)
    assert not is_on(okta)
    assert "13 end users can no longer sign in to TEST with Okta." in text(response)
    assert "tone-warning" in response.content.decode() and "tone-success" not in _messages(response)


def _messages(response) -> str:
    return response.content.decode().partition('class="messages"')[2].partition("page-header")[0]


def test_turning_off_what_nobody_can_use_happens_at_once(owner, prod, okta):
    response = owner.post(url("provider-disable", okta), follow=True)
    assert not is_on(okta) and "Undo" in _messages(response)


def test_turning_off_says_that_its_enforcement_ends(owner, prod):
    okta = provider(prod, "Okta", "all_domains")
    person(prod)
    page = text(owner.post(url("provider-disable", okta)))
    assert "It is enforced for all domains. Without it, passwords work there again" in page
    assert "There is another way for each of them." in page and "Ada Winter" in page


def test_turning_on_what_enforces_asks_and_what_does_not_happens_at_once(owner, prod):
    person(prod)
    for name, enforcement, asks in (("Okta", "all_domains", True), ("Ping", "no_one", False)):
        row = provider(prod, name, enforcement)
        disable_provider(environment_provider=row, by=SYSTEM)
        response = owner.post(url("provider-enable", row))
        assert is_on(row) is not asks
        if asks:
            assert "1 end user can no longer sign in to TEST except with Okta." in text(response)
    owner.post(url("provider-enable", EnvironmentProvider.objects.get(identity_provider__name="Okta")), YES)
    assert EnvironmentProvider.objects.filter(is_enabled=True).count() == 2


def test_switching_saml_off_asks(owner, prod, okta):
    person(prod, name="Ada Winter", password="")
    page = text(owner.post(url("saml-switch"), OFF))
    assert "1 end user can no longer sign in to TEST through an identity provider." in page
    assert "There is no other way for this person." in page and policy(prod).is_saml_enabled
    owner.post(url("saml-switch"), OFF | YES)
    assert not policy(prod).is_saml_enabled


def test_switching_saml_on_asks_if_a_provider_is_enforced(owner, prod):
    provider(prod, "Okta", "all_domains")
    person(prod)
    switch_saml(environment=prod, is_enabled=False, by=SYSTEM)
    page = text(owner.post(url("saml-switch"), ON))
    assert "1 end user can no longer sign in to TEST except through an identity provider." in page
    assert "Okta is enforced for all domains." in page and not policy(prod).is_saml_enabled


def test_switching_passwords_off_asks_and_on_does_not(owner, prod, okta):
    person(prod)
    person(prod, name="Ben Summer", password="")
    page = text(owner.post(url("password-switch"), OFF))
    assert "1 end user can no longer sign in to TEST with a password." in page
    assert "There is another way for each of them." in page and "Ben Summer" not in page
    owner.post(url("password-switch"), OFF | YES)
    assert not policy(prod).is_password_enabled
    owner.post(url("password-switch"), ON)
    assert policy(prod).is_password_enabled


def test_less_enforcement_asks_if_a_domain_loses_the_provider(owner, prod):
    okta = provider(prod, "Okta", "all_domains")
    person(prod, password="")
    answers = {"name": "Okta", "vendor": "okta", "enforcement": "selected_domains", "domains": "globex.example"}
    page = text(owner.post(url("provider-edit", okta), answers))
    assert "1 end user can no longer sign in to TEST with Okta." in page and "Ada Winter" in page
    okta.refresh_from_db()
    assert okta.enforcement == "all_domains"
    owner.post(url("provider-edit", okta), answers | YES)
    okta.refresh_from_db()
    assert (okta.enforcement, okta.domains) == ("selected_domains", ["globex.example"])


def test_no_enforcement_any_more_hurts_nobody(owner, prod):
    okta = provider(prod, "Okta", "all_domains")
    person(prod)
    answers = {"name": "Okta", "vendor": "okta", "enforcement": "no_one", "domains": ""}
    assert "Undo" in _messages(owner.post(url("provider-edit", okta), answers, follow=True))
    okta.refresh_from_db()
    assert okta.enforcement == "no_one"


def test_removing_always_asks_and_names_who_has_no_other_way(owner, prod, okta):
    person(prod, name="Ada Winter", password="")
    page = text(owner.get(url("provider-remove", okta)))
    assert "1 end user can no longer sign in to TEST with Okta." in page and "Ada Winter" in page
    assert EnvironmentProvider.objects.exists()


@pytest.mark.parametrize(
    ("route", "data"),
    [("provider-disable", {}), ("provider-remove", {}), ("saml-switch", OFF), ("password-switch", OFF)],
)
@pytest.mark.parametrize("answer", ["keep", "end"])
def test_open_sessions_are_asked_about(owner, prod, okta, route, data, answer):
    ada, by_password = person(prod), route == "password-switch"
    sign_in(ada, prod, None if by_password else okta)
    sign_in(ada, prod, okta if by_password else None)
    address = url(route, okta if route.startswith("provider") else None)
    page = text(owner.post(address, data))
    assert "1 session is open that began this way" in page
    assert "Choose what happens to open sessions." in text(owner.post(address, data | YES))
    assert not ChangeEvent.objects.filter(action__endswith="disabled").exists()
    owner.post(address, data | YES | {"sessions": answer})
    open_ones = EndUserSession.objects.filter(ended_at=None)
    assert open_ones.count() == (2 if answer == "keep" else 1)
    event = ChangeEvent.objects.latest("id")
    assert event.sentence.endswith(" and ended 1 session.") is (answer == "end")
    assert event.subjects.filter(subject_id=ada.pk).exists() is (answer == "end")


def test_sessions_of_another_environment_and_of_other_providers_stay(owner, prod, okta):
    ada, ping, dev = person(prod), provider(prod, "Ping"), environments_of(prod)["dev"]
    person_there = person(dev, name="Ben Summer")
    for end_user, place, row in ((ada, prod, okta), (ada, prod, ping), (person_there, dev, okta)):
        sign_in(end_user, place, row)
    owner.post(url("provider-disable", okta), YES | {"sessions": "end"})
    assert EndUserSession.objects.filter(ended_at=None).count() == 2


def environments_of(place: Environment) -> dict[str, Environment]:
    return {each.slug: each for each in place.workspace.environments.all()}


def test_people_who_are_deactivated_or_elsewhere_are_not_counted(owner, prod, okta):
    person(environments_of(prod)["dev"], name="Ben Summer", password="")
    owner.post(url("provider-disable", okta))
    assert not is_on(okta)


def test_the_connection_of_an_enforced_provider_says_how_many_depend_on_it(owner, prod):
    okta = provider(prod, "Okta", "all_domains")
    risk = "1 end user of TEST can sign in only with Okta."
    assert "can sign in only with" not in text(owner.get(url("provider-connect", okta)))
    person(prod)
    assert risk in text(owner.get(url("provider-connect", okta)))
    assert risk not in text(owner.get(url("provider-connect", provider(prod, "Ping"))))


def test_the_password_switch_says_when_nobody_can_use_it(owner, prod):
    okta = provider(prod, "Okta", "selected_domains", "acme.example")
    useless = "On, but enforcement leaves nobody who can use a password."
    assert useless not in text(owner.get(url("environment")))
    person(prod)
    assert useless in text(owner.get(url("environment")))
    row = {"name": "Okta", "vendor": "okta", "enforcement": "no_one"}
    update_provider(environment_provider=okta, by=SYSTEM, **row)
    assert useless not in text(owner.get(url("environment")))


def test_a_refusal_is_said_before_anything_is_asked(owner, prod, okta):
    person(prod)
    switch_password(environment=prod, is_enabled=False, by=SYSTEM)
    response = owner.post(url("provider-disable", okta), follow=True)
    assert "Nobody could sign in to TEST then" in text(response) and is_on(okta)

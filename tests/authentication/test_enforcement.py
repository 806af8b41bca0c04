"""Enforcement is a wish until a test sign-in on exactly this configuration has proved it, or somebody does without."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from authentication.actions.enforcement import enforce_without_test
from authentication.actions.identity_providers import update_provider
from authentication.actions.provider_settings import set_attributes, switch_sha1
from authentication.actions.provider_states import configuration
from authentication.models import EnvironmentProvider
from authentication.policy import SignInPolicy
from tests import factories
from tests.authentication.end_users import person, text
from tests.authentication.ways import ADA, Way, connect, requested, way
from tests.idp import Idp
from workspace.events import SYSTEM, Actor
from workspace.models import ChangeEvent
from workspace.refusals import ActionError

pytestmark = pytest.mark.django_db
STARTED = "identity_provider.enforcement_started"
OWNER = Actor("administrator", "1", "owner@acme.example")


@pytest.fixture
def okta(places, client) -> Way:
    """A provider of acme/TEST that is to be enforced for all domains, and an owner's browser; Ada has a password."""
    factories.sign_in(client, factories.administrator(places[0].workspace))
    person(places[1])
    theirs = way(places[1])
    theirs.browser = client
    edit(theirs, "no_one")
    edit(theirs, "all_domains")
    return theirs


def edit(theirs: Way, enforcement: str, *domains: str) -> None:
    row, name = theirs.environment_provider, theirs.environment_provider.identity_provider.name
    update_provider(
        environment_provider=row, name=name, vendor="okta", enforcement=enforcement, domains=domains, by=SYSTEM
    )
    row.refresh_from_db()


def address(theirs: Way, route: str) -> str:
    place = {"workspace": "acme", "environment": theirs.environment.slug}
    provider = theirs.environment_provider.identity_provider_id
    return reverse(f"authentication:{route}", kwargs=place | {"provider": provider})


def begin(theirs: Way) -> str:
    """Press the button of the test page; the id of the request that went to the IdP."""
    response = theirs.browser.post(address(theirs, "provider-test-start"))
    (request_id,) = parse_qs(urlsplit(response["Refresh"].partition("url=")[2]).query)["RelayState"]
    return request_id


def report(theirs: Way, email: str = ADA, before: Callable[[], object] = int, **changes: Any) -> str:
    """The report of a test, between whose beginning and end something happens."""
    answer = theirs.answer(begin(theirs), email, **changes)
    before()
    return text(theirs.post(theirs.idp.respond(answer)))


def has_password(theirs: Way, email: str = ADA) -> bool:
    return SignInPolicy.of(theirs.environment).ways(email).has_password


def is_in_force(theirs: Way) -> bool:
    row = EnvironmentProvider.objects.get(pk=theirs.environment_provider.pk)
    return not row.wished_enforcement and row.enforcement != "no_one"


def test_a_wish_touches_no_password_and_the_row_says_what_it_waits_for(okta):
    assert has_password(okta)
    page = okta.browser.get(address(okta, "provider-test").partition("providers/")[0])
    assert "Enforced for no one yet" in text(page)
    link = f'href="{address(okta, "provider-test")}">Enforcement starts after a test sign-in</a>, for all domains'
    assert link in page.content.decode()


def test_s15_a_successful_test_starts_it_and_the_owners_are_told(okta, mails):
    (mail,) = mails(lambda: report(okta))
    assert is_in_force(okta) and not has_password(okta)
    event = ChangeEvent.objects.filter(action=STARTED).latest("id")
    assert event.sentence == (
        "owner@acme.example started the enforcement of Okta for all domains in TEST, after a successful test sign-in."
    )
    assert event.before["wished_enforcement"] == event.after["enforcement"] == "all_domains"
    assert event.sentence in mail.body


def test_the_report_says_that_enforcement_has_started(okta):
    assert "Enforcement has started: Okta is now enforced for all domains." in report(okta)


@pytest.mark.parametrize("wrong", [{"sp_entity_id": "https://elsewhere.example"}, {"email": "unknown@acme.example"}])
def test_a_refused_test_starts_nothing(okta, wrong):
    page = report(okta, **wrong)
    assert "has not started: it starts after a successful test" in page and not is_in_force(okta)


def test_somebody_of_another_domain_does_not_prove_the_enforcement_of_selected_domains(okta):
    edit(okta, "selected_domains", "globex.example")
    assert "The provider does not speak for this domain" in report(okta) and not is_in_force(okta)
    edit(okta, "selected_domains", "globex.example", "acme.example")
    report(okta)
    assert is_in_force(okta)


CHANGES: dict[str, Callable[[Way], object]] = {
    "certificate": lambda okta: connect(okta.environment_provider, Idp(entity_id=okta.idp.entity_id)),
    "URL": lambda okta: connect(okta.environment_provider, okta.idp, post_url="https://idp.example/post"),
    "issuer": lambda okta: _set(okta, entity_id="https://other.example"),
    "SHA-1": lambda okta: switch_sha1(environment_provider=okta.environment_provider, is_enabled=True, by=SYSTEM),
    "attribute": lambda okta: set_attributes(
        environment_provider=okta.environment_provider, name="", email="mail2", groups="", by=SYSTEM
    ),
    "domains": lambda okta: edit(okta, "selected_domains", "acme.example"),
}


def _set(okta: Way, **values: str) -> None:
    provider = okta.environment_provider.identity_provider
    for field, value in values.items():
        setattr(provider, field, value)
    provider.save()


@pytest.mark.parametrize("what", CHANGES)
def test_a_configuration_that_changes_needs_a_new_test(okta, what):
    seen = configuration(okta.environment_provider)
    CHANGES[what](okta)
    okta.environment_provider.refresh_from_db()
    assert configuration(okta.environment_provider) != seen


def test_a_change_during_the_test_leaves_the_wish(okta):
    page = report(okta, before=lambda: edit(okta, "selected_domains", "acme.example"))
    assert "the configuration was changed during the test" in page
    assert not is_in_force(okta) and has_password(okta)


def test_another_environment_needs_its_own_test(okta, places):
    report(okta)
    row = EnvironmentProvider.objects.create(
        environment=places[0], identity_provider=okta.environment_provider.identity_provider
    )
    edit(Way(row, okta.idp), "all_domains")
    assert row.wished_enforcement == "all_domains"


def test_a_test_before_the_wish_does_not_count(okta):
    edit(okta, "no_one")
    response = okta.browser.get(address(okta, "provider-test-start"))
    okta.post(okta.idp.respond(okta.answer(requested(response))))
    edit(okta, "all_domains")
    assert not is_in_force(okta) and has_password(okta)


def test_the_page_of_the_test_tells_numbers_and_names_and_a_link_starts_none(okta):
    page = text(okta.browser.get(address(okta, "provider-test")))
    assert "A successful test starts the enforcement for all domains." in page
    assert "1 end user can then sign in to TEST only with Okta." in page and "Ada Winter" in page
    response = okta.browser.get(address(okta, "provider-test-start"))
    assert response.url == address(okta, "provider-test")


@pytest.mark.parametrize("route", ["provider-test", "provider-test-start", "provider-enforce"])
def test_s15_starting_it_needs_a_recent_password(okta, route):
    session = okta.browser.session
    session["proved_at"] -= timedelta(hours=2).total_seconds()
    session.save()
    ask = okta.browser.post if route == "provider-test-start" else okta.browser.get
    assert ask(address(okta, route)).url.startswith("/confirm-identity/")


def test_enforcing_without_a_test_says_how_many_depend_on_it(okta, mails):
    person(okta.environment, name="Ben Summer", password="")
    page = text(okta.browser.get(address(okta, "provider-enforce")))
    assert "If Okta is set up wrongly, 2 end users can no longer sign in to TEST." in page
    assert "Ada Winter" in page and "Ben Summer" in page and "Enforce without a test" in page
    seen = okta.browser.get(address(okta, "provider-enforce")).context["hidden"][0][1]
    (mail,) = mails(lambda: okta.browser.post(address(okta, "provider-enforce"), {"configuration": seen}))
    assert is_in_force(okta) and not has_password(okta)
    assert "for all domains in TEST, without a test sign-in." in mail.body
    assert ChangeEvent.objects.filter(action=STARTED).latest("id").actor_name == "owner@acme.example"


@pytest.mark.parametrize("seen", ["", "stale"])
def test_what_the_page_did_not_show_is_not_enforced(okta, seen):
    if seen:
        seen = configuration(okta.environment_provider)
        edit(okta, "selected_domains", "acme.example")
    response = okta.browser.post(address(okta, "provider-enforce"), {"configuration": seen}, follow=True)
    assert "Okta was not enforced." in text(response) and not is_in_force(okta)


def test_a_provider_that_is_not_connected_or_has_no_wish_cannot_be_enforced(okta):
    _set(okta, entity_id="")
    row = EnvironmentProvider.objects.get(pk=okta.environment_provider.pk)
    with pytest.raises(ActionError, match="Finish the set-up"):
        enforce_without_test(environment_provider=row, seen=configuration(row), by=OWNER)
    edit(okta, "no_one")
    with pytest.raises(ActionError, match="No enforcement of Okta waits"):
        enforce_without_test(environment_provider=row, seen=configuration(row), by=OWNER)
    assert okta.browser.get(address(okta, "provider-enforce")).status_code == 302


def test_more_domains_are_a_wish_while_the_others_stay_enforced(okta):
    edit(okta, "selected_domains", "acme.example")
    report(okta)
    edit(okta, "selected_domains", "acme.example", "globex.example")
    assert not has_password(okta) and has_password(okta, "x@globex.example")
    row = okta.environment_provider
    assert (row.domains, row.wished_domains) == (["acme.example"], ["acme.example", "globex.example"])


@pytest.mark.parametrize("choice", [("no_one",), ("selected_domains", "acme.example")])
def test_less_enforcement_needs_no_test(okta, choice):
    report(okta)
    edit(okta, *choice)
    row = okta.environment_provider
    assert (row.enforcement, row.domains, row.wished_enforcement) == (choice[0], [*choice[1:]], "")


def test_choosing_what_is_in_force_takes_the_wish_back(okta):
    edit(okta, "no_one")
    assert okta.environment_provider.wished_enforcement == ""


def test_an_upgrade_keeps_enforcing_and_lets_unfinished_providers_wait(okta, places):
    report(okta)
    draft = factories.identity_provider(places[1], name="Draft")
    EnvironmentProvider.objects.filter(pk=draft.pk).update(enforcement="selected_domains", domains=["acme.example"])
    import_module("authentication.migrations.0011_wish_for_enforcement").wish(apps, None)
    draft.refresh_from_db()
    assert is_in_force(okta)
    assert (draft.enforcement, draft.domains) == ("no_one", [])
    assert (draft.wished_enforcement, draft.wished_domains) == ("selected_domains", ["acme.example"])


def test_the_time_of_the_last_successful_test_is_kept(okta):
    report(okta)
    row = EnvironmentProvider.objects.get(pk=okta.environment_provider.pk)
    assert timezone.now() - row.tested_at < timedelta(minutes=1)
    assert row.tested_configuration == configuration(row)

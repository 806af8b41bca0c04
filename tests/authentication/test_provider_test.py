"""Test sign-in: the administrator sees what would happen, and nothing does."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from authentication.actions.policies import switch_saml
from authentication.actions.provider_use import disable_provider
from authentication.models import AuthnRequest, EnvironmentProvider, SignInAttempt
from authentication.saml.certificates import parse_certificates
from authentication.views.provider_test import NOT_WAITING
from tests import factories
from tests.authentication.end_users import OKTA, OKTA_ACTOR, environments, person, text
from tests.authentication.ways import ADA, TEST_ROUTES, Way, connect, requested, way
from tests.idp import PERSISTENT, Idp
from workspace.actions.end_users import deactivate_end_user
from workspace.actions.groups import create_group
from workspace.events import SYSTEM
from workspace.models import Administrator, ConsoleSession, Environment

pytestmark = pytest.mark.django_db
Method = EnvironmentProvider.Method
GROUPS = "workspace_end_user_groups"


@pytest.fixture
def places() -> list[Environment]:
    return environments()


@pytest.fixture
def okta(places, client) -> Way:
    """A provider of acme/TEST under JIT, and an owner's browser."""
    factories.sign_in(client, factories.administrator(places[0].workspace))
    theirs = way(places[1], method=Method.JIT)
    EnvironmentProvider.objects.update(syncs_groups=True)
    theirs.browser = client
    return theirs


def address(theirs: Way, route: str, **kwargs: Any) -> str:
    where = {"workspace": theirs.environment.workspace.slug, "environment": theirs.environment.slug}
    return reverse(
        f"authentication:{route}",
        kwargs=where | {"provider": theirs.environment_provider.identity_provider_id} | kwargs,
    )


def begin(theirs: Way) -> str:
    return requested(theirs.browser.get(address(theirs, "provider-test-start")))


def report(theirs: Way, email: str = ADA, **changes: Any) -> Any:
    """The page after the way to the IdP and back."""
    return theirs.post(theirs.idp.respond(theirs.answer(begin(theirs), email, **changes)))


def everything() -> dict[str, Any]:
    """All rows of the three apps, but what a successful test proves, and the console's own sessions."""
    labels = ("workspace", "authentication", "provisioning")
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    models.remove(ConsoleSession)
    rows = {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}
    noted = {"tested_at": None, "tested_configuration": ""}
    return rows | {"EnvironmentProvider": [row | noted for row in rows["EnvironmentProvider"]]}


def test_the_page_leads_to_the_idp_and_the_menu_to_the_page(okta):
    page = okta.browser.get(address(okta, "provider-test"))
    assert f'action="{address(okta, "provider-test-start")}"' in page.content.decode()
    listed = okta.browser.get(address(okta, "provider-test").partition("providers/")[0]).content.decode()
    assert address(okta, "provider-test") in listed
    assert listed.index("group provisioning") < listed.index("Test sign-in") < listed.index(">Certificates")


def test_what_the_idp_sent_is_shown_with_what_would_happen(okta):
    create_group(environment=okta.environment, name="Support", by=SYSTEM)
    create_group(environment=okta.environment, name="Pushed", source=OKTA, by=OKTA_ACTOR)
    response = report(okta, attributes={GROUPS: ["New", "Support", "Pushed"], "displayName": ["Ada <b>Winter"]})
    page = text(response)
    assert f"Ada <b>Winter <{ADA}> would be created, and signed in to TEST." in page
    assert "<b>" not in response.content.decode()
    assert "Would be created, with the person in it: New." in page
    assert (
        "Would be joined: Support." in page
        and "Would not be filled: Pushed" in page
        and "Pushed was not filled: Okta Dev manages it." in page
    )
    assert "It is signed by a certificate of this provider." in page and okta.idp.entity_id in page


@pytest.mark.parametrize("name", ["new", "elsewhere", "here", "deactivated", "nameless", "foreign"])
def test_a_test_makes_nobody_and_no_session(okta, places, name):
    expected = {
        "new": "would be created, and signed in to TEST.",
        "elsewhere": "would get access to TEST, and be signed in.",
        "here": "would be signed in to TEST.",
        "deactivated": "would be refused: The person is deactivated.",
        "nameless": "would be refused: No email address was sent.",
        "foreign": "would be refused: The provider does not speak for this domain.",
    }
    if name in ("elsewhere", "here", "deactivated"):
        ada = person(places[name == "here"], name="Ada Winter", password="")
    if name == "deactivated":
        deactivate_end_user(end_user=ada, by=SYSTEM)
    if name == "foreign":
        EnvironmentProvider.objects.update(enforcement="selected_domains", domains=["globex.example"])
    before = everything()
    sent = {"name_id_format": PERSISTENT} if name == "nameless" else {}
    assert expected[name] in text(report(okta, attributes={GROUPS: ["A"]}, **sent))
    assert everything() == before
    assert not okta.is_in()


def test_an_unknown_person_would_be_refused_without_jit(okta):
    EnvironmentProvider.objects.update(method=Method.MANUAL)
    page = text(report(okta))
    assert (
        "The sign-in would be refused: The person is not provisioned yet." in page
        and "Add them under End users" in page
    )
    assert ADA in page  # what was sent, all the same


def test_a_response_that_is_wrong_is_explained_and_nothing_of_it_is_shown(okta):
    page = text(report(okta, sp_entity_id="https://elsewhere.example", attributes={"displayName": ["Ada Winter"]}))
    assert "would be refused: The audience is not our entity ID." in page
    assert "Copy the SP entity ID again into the IdP." in page
    assert "Ada Winter" not in page and ADA not in page
    assert not SignInAttempt.objects.exists() and not AuthnRequest.objects.exists()


def test_a_certificate_that_is_unknown_is_named_by_its_fingerprint(okta):
    signer = Idp(entity_id=okta.idp.entity_id)
    xml = signer.respond(okta.answer(begin(okta)))
    page, (theirs,) = text(okta.post(xml)), parse_certificates(signer.certificate)
    (ours,) = parse_certificates(okta.idp.certificate)
    assert "The IdP signs with an unknown certificate." in page
    assert theirs.fingerprint in page and ours.fingerprint in page


@pytest.mark.parametrize(
    ("ahead", "says"),
    [(timedelta(minutes=2, seconds=15), "2 minutes ahead of ours"), (-timedelta(minutes=4), "4 minutes behind ours")],
)
def test_s5_the_difference_of_the_clocks_is_shown(okta, ahead, says):
    page = text(report(okta, now=timezone.now() + ahead))
    assert "would be created, and signed in to TEST." in page
    assert f"{says}, the time on the way included; up to 180 seconds are accepted" in page


def test_s5_the_difference_of_the_clocks_is_shown_where_it_is_too_large(okta):
    page = text(report(okta, now=timezone.now() + timedelta(minutes=7)))
    assert "would be refused: The response is not valid yet" in page and "Ada Winter" not in page
    assert "the IdP's clock was" in page and "minutes ahead of ours" in page


def test_what_the_idp_answered_is_shown_in_plain_words(okta):
    page = text(report(okta, status="urn:oasis:names:tc:SAML:2.0:status:Requester"))
    assert "The IdP answered Requester: it finds a fault in our request." in page


def test_even_what_cannot_be_read_is_told_to_the_administrator(okta):
    page = text(okta.post(b"<html>not found</html>", relay_state=begin(okta)))
    assert "would be refused: The message is not a SAML response." in page


@pytest.mark.parametrize("off", ["provider", "saml"])
def test_a_provider_that_is_off_can_be_tested_all_the_same(okta, off):
    if off == "provider":
        disable_provider(environment_provider=okta.environment_provider, by=SYSTEM)
    else:
        switch_saml(environment=okta.environment, is_enabled=False, by=SYSTEM)
    page = text(report(okta))
    assert "would be created, and signed in to TEST." in page and " off in TEST: nobody can sign in" in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"method": Method.SCIM}, "the provisioning method is SCIM provisioning."),
        ({"syncs_groups": False}, "Enable user groups syncing is off."),
        ({}, "No group attribute was sent"),
    ],
)
def test_groups_that_do_not_follow_say_why(okta, places, change, sentence):
    person(places[1], name="Ada Winter", password="")
    EnvironmentProvider.objects.update(**change)
    assert sentence in text(report(okta))


def test_groups_that_would_be_left(okta):
    real = Way(okta.environment_provider, okta.idp)
    real.sign_in(attributes={GROUPS: ["A", "B"]})
    okta.idp = real.idp
    assert "Would be left: B." in text(report(okta, attributes={GROUPS: ["A"]}, assertion_id="_another"))
    assert "Groups are as the assertion says already." in text(report(okta, attributes={GROUPS: ["A", "B"]}))


def test_a_report_is_shown_once(okta):
    stored = okta.deliver(okta.idp.respond(okta.answer(begin(okta))))["Location"]
    assert okta.browser.get(stored).status_code == 200
    assert NOT_WAITING in text(okta.browser.get(stored, follow=True))


def test_a_report_is_shown_to_the_browser_that_tested_alone(okta):
    stored = okta.deliver(okta.idp.respond(okta.answer(begin(okta))))["Location"]
    elsewhere = factories.sign_in(Client(), Administrator.objects.get(role="owner"))
    assert "would be refused: The browser is not the one that started." in text(elsewhere.get(stored))


def test_a_report_is_shown_to_the_administrator_who_tested_alone(okta):
    stored = okta.deliver(okta.idp.respond(okta.answer(begin(okta))))["Location"]
    colleague = factories.administrator(okta.environment.workspace, "admin")
    assert NOT_WAITING in text(factories.sign_in(Client(), colleague).get(stored, follow=True))
    assert okta.browser.get(stored).status_code == 200


def test_a_report_that_waited_too_long_is_not_shown(okta):
    stored = okta.deliver(okta.idp.respond(okta.answer(begin(okta))))["Location"]
    AuthnRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert NOT_WAITING in text(okta.browser.get(stored, follow=True))


def test_the_answer_to_a_sign_in_gives_no_report(okta):
    request = Way(okta.environment_provider, okta.idp).begin()
    okta.deliver(okta.idp.respond(okta.answer(request)))
    assert okta.browser.get(address(okta, "provider-test-result", answered=request)).status_code == 302


def test_a_provider_that_is_not_set_up_leads_to_its_set_up(okta):
    unfinished = Way(factories.identity_provider(okta.environment, name="Unfinished"), okta.idp, okta.browser)
    assert "Continue set-up" in text(okta.browser.get(address(unfinished, "provider-test")))
    assert okta.browser.get(address(unfinished, "provider-test-start")).status_code == 404


def test_an_idp_that_wants_a_post_gets_its_form(okta):
    connect(okta.environment_provider, okta.idp, post_url="https://idp.example/post")
    page = okta.browser.get(address(okta, "provider-test-start"))
    assert 'action="https://idp.example/post"' in page.content.decode()


@pytest.mark.parametrize("route", sorted(TEST_ROUTES))
def test_test_pages_are_for_those_who_manage_sign_in_here(okta, route):
    kwargs = {"answered": "_unknown"} if route.endswith("result") else {}
    url = address(okta, route, **kwargs)
    viewer = factories.sign_in(Client(), factories.administrator(okta.environment.workspace, "viewer"))
    stranger = factories.sign_in(Client(), factories.administrator(factories.workspace("globex")))
    assert [each.get(url).status_code for each in (viewer, stranger)] == [403, 404]
    assert Client().get(url)["Location"].startswith(reverse("workspace:sign-in"))
    assert stranger.get(url.replace("/acme/", "/globex/")).status_code == 404
    assert okta.browser.get(url.replace("/test/", "/dev/", 1)).status_code == 404
    assert not AuthnRequest.objects.exists()

"""What an IdP sent beside what is expected, on the pages of an administrator."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from authentication.actions import attempts
from authentication.guides import GUIDES
from authentication.models import IdentityProvider, SignInAttempt
from authentication.saml.certificates import parse_certificates
from authentication.views.marked import SHOWN, how_they_differ, marked
from tests import factories
from tests.authentication.end_users import environments, person
from tests.authentication.logouts import BINDINGS, deliver, message
from tests.authentication.ways import Way, reasons, refused, requested, way
from tests.idp import Idp

pytestmark = pytest.mark.django_db
WRONG = "https://elsewhere.example/metadata"


@pytest.fixture
def viewer(okta) -> Client:
    return factories.sign_in(Client(), factories.administrator(okta.environment.workspace, "viewer"))


@pytest.fixture
def admin(okta) -> Client:
    return factories.sign_in(Client(), factories.administrator(okta.environment.workspace, "admin"))


def page_of(response: Any) -> str:
    return unescape(response.content.decode())


def attempts_page(viewer: Client, theirs: Way) -> str:
    where = {"workspace": theirs.environment.workspace.slug, "environment": theirs.environment.slug}
    return page_of(viewer.get(reverse("authentication:attempts", kwargs=where)))


def report(admin: Client, theirs: Way, **changes: Any) -> str:
    """The report of Test sign-in."""
    where = {"workspace": theirs.environment.workspace.slug, "environment": theirs.environment.slug}
    provider = theirs.environment_provider.identity_provider_id
    start = reverse("authentication:provider-test-start", kwargs={**where, "provider": provider})
    answer = theirs.answer(requested(admin.get(start)), **changes)
    return page_of(theirs.post(theirs.idp.respond(answer), admin))


def without_marks(page: str) -> str:
    return page.replace("<mark>", "").replace("</mark>", "")


# Both pages -----------------------------------------------------------------------------------------------------------


def test_both_pages_show_what_was_sent_and_where_to_mend_it_and_the_person_sees_nothing(okta, ada, admin, viewer):
    response = okta.sign_in(sp_entity_id=WRONG)
    refused(response, "wrong_audience")
    assert WRONG not in page_of(response) and "Audience" not in page_of(response)
    expected = okta.environment_provider.identity_provider.sp_entity_id
    for page in (attempts_page(viewer, okta), report(admin, okta, sp_entity_id=WRONG)):
        assert "Sent and expected" in page and "In Okta this is Audience URI (SP Entity ID)." in page
        assert WRONG in without_marks(page) and expected in without_marks(page)


@pytest.mark.parametrize(("vendor", "guide"), GUIDES.items())
def test_where_to_mend_an_address_is_said_in_the_words_of_the_vendor(okta, admin, vendor, guide):
    IdentityProvider.objects.update(vendor=vendor)
    page = report(admin, okta, acs_url=WRONG, sp_entity_id=WRONG)
    assert f"{guide.whose} this is {guide.acs_url_field}." in page
    assert f"{guide.whose} this is {guide.entity_id_field}." in page
    assert "Not shown, because this part is not signed" in page  # the Destination


def test_a_response_that_came_too_late_says_by_how_much_and_both_times(okta, admin):
    page = report(admin, okta, now=timezone.now() - timedelta(minutes=19))
    assert re.search(
        r"It ended 14 minutes(?: \d seconds?)? before it arrived\. A difference of 3 minutes is allowed\.", page
    )
    assert page.count("UTC</code>") == 2 and "Our clock" in page and "19 minutes behind ours" in page


def test_what_was_sent_is_shown_as_text(okta, viewer):
    okta.sign_in(sp_entity_id=f"{WRONG}/<b>\u202egnp")
    page = viewer.get(f"/workspaces/acme/{okta.environment.slug}/sign-in-attempts/").content.decode()
    assert "/&lt;b&gt;\\u202egnp" in without_marks(page) and "/<b>" not in without_marks(page)
    assert "\u202e" not in re.sub("<bdi>.*?</bdi>", "", page)


@pytest.mark.usefixtures("single_logout")
@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_a_logout_message_for_another_url_is_compared_too(okta, ada, viewer, binding):
    okta.sign_in()
    sent = message(okta)
    sent.slo_url = "https://elsewhere.example/slo"
    deliver(okta, sent, binding)
    page = without_marks(attempts_page(viewer, okta))
    assert sent.slo_url in page and okta.environment_provider.identity_provider.sp_slo_url in page
    assert "At the IdP this is the Single logout URL." in page


# Other providers ------------------------------------------------------------------------------------------------------


@pytest.fixture
def prod(okta) -> Way:
    """Another provider of the same workspace, in another environment."""
    place = okta.environment.workspace.environments.exclude(pk=okta.environment.pk).last()
    return way(place, "Okta Prod", idp=Idp(entity_id="https://prod.example/idp"))


@pytest.fixture
def foreign() -> Way:
    return way(environments("globex")[2], "Okta of Globex", idp=Idp(entity_id="https://globex.example/idp"))


def meant_for(okta: Way, other: Way, wrong: str) -> None:
    """Send okta what is of another provider."""
    provider, request = other.environment_provider.identity_provider, okta.begin()
    if wrong == "audience":
        xml = okta.idp.respond(okta.answer(request, sp_entity_id=provider.sp_entity_id))
    elif wrong == "recipient":
        xml = okta.idp.respond(okta.answer(request, acs_url=provider.acs_url))
    elif wrong == "issuer":
        xml = Idp(other.idp.entity_id, okta.idp.key).respond(okta.answer(request))
    elif wrong == "certificate":
        signer = Idp(okta.idp.entity_id, other.idp.key)
        signer.certificate = other.idp.certificate
        xml = signer.respond(okta.answer(request))
    else:
        xml = other.idp.respond(other.answer(other.begin()))
    okta.post(xml)


WRONGS = ["audience", "recipient", "issuer", "certificate", "request"]


@pytest.mark.parametrize("wrong", WRONGS)
def test_s8_a_response_of_another_provider_of_the_workspace_names_it(okta, ada, viewer, prod, wrong):
    meant_for(okta, prod, wrong)
    page = attempts_page(viewer, okta)
    overview = reverse(
        "provisioning:overview",
        kwargs={
            "workspace": "acme",
            "environment": prod.environment.slug,
            "provider": prod.environment_provider.identity_provider_id,
        },
    )
    assert f'<a href="{overview}">Okta Prod in {prod.environment}</a>' in page
    assert viewer.get(overview).status_code == 200


@pytest.mark.parametrize("wrong", WRONGS)
def test_s8_a_provider_of_another_workspace_is_never_named(okta, ada, viewer, foreign, wrong):
    meant_for(okta, foreign, wrong)
    assert reasons() != [""] and "another provider:" not in attempts_page(viewer, okta)
    page = attempts_page(viewer, okta)
    assert "Globex" not in page
    if wrong == "request":
        assert SignInAttempt.objects.get().differences == []
        assert str(foreign.environment_provider.identity_provider_id) not in page


# Rows -----------------------------------------------------------------------------------------------------------------


def test_s16_refusals_with_other_values_are_other_rows_up_to_a_bound(okta, ada, monkeypatch):
    monkeypatch.setattr(attempts, "ROWS_OF_A_NETWORK", 3)
    for number in range(6):
        okta.sign_in(sp_entity_id=f"{WRONG}/{number}")
    rows = SignInAttempt.objects.order_by("id")
    assert [(row.count, bool(row.differences)) for row in rows] == [(1, True), (1, True), (1, True), (3, False)]


def test_s16_refusals_that_differ_in_their_times_alone_are_one_row(okta, ada):
    for minutes in (20, 30):
        okta.sign_in(now=timezone.now() - timedelta(minutes=minutes))
    assert SignInAttempt.objects.get().count == 2


def test_an_attempt_outlives_its_provider(okta, ada, viewer):
    okta.sign_in(sp_entity_id=WRONG)
    okta.environment_provider.identity_provider.delete()
    assert "At your identity provider this is SP entity ID" in attempts_page(viewer, okta)


def test_the_fingerprint_of_an_unknown_certificate_stands_on_the_attempt_in_its_one_spelling(okta, ada, viewer):
    signer = Idp(okta.idp.entity_id)
    okta.post(signer.respond(okta.answer(okta.begin())))
    (certificate,), page = parse_certificates(signer.certificate), attempts_page(viewer, okta)
    assert certificate.fingerprint in page and certificate.fingerprint.replace(":", "") not in page


def test_the_page_costs_the_same_however_many_attempts_differ(okta, ada, viewer, django_assert_max_num_queries):
    okta.sign_in(sp_entity_id=WRONG)
    attempts_page(viewer, okta)
    for number in range(5):
        okta.sign_in(sp_entity_id=f"{WRONG}/{number}")
    person(okta.environment, name="Ben Moss")
    with django_assert_max_num_queries(20):
        attempts_page(viewer, okta)


# Two values -----------------------------------------------------------------------------------------------------------

RIGHT = "https://console.example/saml/7f3a/acs"


def marks(value: str, other: str) -> str:
    return "".join(f"[{each['text']}]" if each["differs"] else each["text"] for each in marked(value, other)["pieces"])


@pytest.mark.parametrize(
    ("sent", "shown", "how"),
    [
        (f"{RIGHT}/", f"{RIGHT}[/]", "Only the slash at the end differs."),
        (RIGHT.replace("7f3a", "7F3a"), RIGHT.replace("f", "[F]"), "Only upper and lower case differ."),
        (RIGHT.replace("https", "http"), RIGHT.replace("https", "http"), "Only http and https differ."),
        (RIGHT.replace("console", "admin"), RIGHT.replace("console", "[admin]"), "Only the host or its port differs."),
        (RIGHT.replace("7f3a", "9"), RIGHT.replace("7f3a", "[9]"), "Only the path differs."),
        (f"{RIGHT}\u200b", f"{RIGHT}[\\u200b]", "Only invisible characters differ."),
        ("urn:example:sp", "urn:example:sp", ""),
        ("https://[", "https://[", ""),
        ("", "", ""),
    ],
)
def test_the_place_where_two_values_differ_is_marked_and_said(sent, shown, how):
    assert (marks(sent, RIGHT), how_they_differ(sent, RIGHT)) == (shown, how)


def test_a_long_value_is_cut_in_the_middle_but_not_where_it_differs():
    sent, expected = f"{'a' * 500}X{'b' * 500}", f"{'a' * 500}Y{'b' * 500}"
    half = SHOWN // 2
    assert marks(sent, expected) == f"{'a' * half}…{'a' * half}[X]{'b' * half}…{'b' * half}"
    assert marked(sent, expected)["whole"] == sent and marked(RIGHT, RIGHT)["whole"] == ""

"""Sign-in attempts and the tab Sign-in of an end user: what administrators see of it all, and who may."""

from uuid import uuid4

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from authentication.actions.attempts import record_attempt
from authentication.forms.attempts import AttemptFilter
from authentication.models import EndUserSession, SignInAttempt
from authentication.reasons import Reason, heading_of, help_of
from authentication.saml.errors import SamlReason
from tests import factories
from tests.authentication.end_users import (
    CONSOLE_ROUTES,
    environments,
    is_signed_in,
    person,
    provider,
    sign_in,
    signed_in,
    text,
)
from workspace.actions.end_users import deactivate_end_user
from workspace.db.paging import PAGE
from workspace.events import SYSTEM
from workspace.models import ChangeEvent
from workspace.visits import Visit

pytestmark = pytest.mark.django_db
ADA = "ada.winter@acme.example"


@pytest.fixture
def places():
    return environments()


@pytest.fixture
def dev(places):
    return places[0]


@pytest.fixture
def ada(dev):
    return person(dev)


@pytest.fixture
def as_role(dev):
    def browser(role: str) -> Client:
        client = Client()
        client.force_login(factories.administrator(dev.workspace, role).user)
        return client

    return browser


@pytest.fixture
def viewer(as_role):
    return as_role("viewer")


def url(route, workspace="acme", environment="dev", **kwargs):
    return reverse(f"authentication:{route}", kwargs={"workspace": workspace, "environment": environment, **kwargs})


def add(environment, **values) -> SignInAttempt:
    return record_attempt(environment=environment, visit=Visit(), now=timezone.now(), **values)


def listed(client, **query) -> list[SignInAttempt]:
    return [row["attempt"] for row in client.get(url("attempts"), query).context["rows"]]


# Reasons


@pytest.mark.parametrize("code", [*map(str, Reason), *map(str, SamlReason)])
def test_every_reason_has_a_heading_and_one_line_of_help(code):
    assert 15 < len(heading_of(code)) < 50 and heading_of(code)[0].isupper() and not heading_of(code).endswith(".")
    assert 20 < len(help_of(code)) < 125 and help_of(code).endswith((".", "?"))
    assert not help_of(code).startswith(heading_of(code))


def test_no_code_and_no_heading_means_two_things():
    reasons = [*Reason, *SamlReason]
    assert len(set(reasons)) == len({reason.heading for reason in reasons}) == len(reasons)


@pytest.mark.parametrize(
    ("code", "heading"),
    [("wrong_password", "The password is wrong"), ("not_xml", "The response is not XML"), ("", "")],
)
def test_a_code_is_read_as_words(code, heading):
    assert heading_of(code) == heading


def test_a_code_of_long_ago_is_shown_without_help(viewer, dev):
    add(dev, email=ADA, reason="no_longer_used")
    assert "No longer used" in text(viewer.get(url("attempts")))


# The list


def test_every_attempt_is_listed_newest_first_with_person_way_reason_and_help(client, viewer, dev, ada):
    sign_in(client, dev, password="wrong")
    sign_in(client, dev)
    assert [attempt.reason for attempt in listed(viewer)] == ["", "wrong_password"]
    page = viewer.get(url("attempts")).content.decode()
    assert "Ada Winter" in page and url("end-user", end_user=ada.pk) in page
    assert Reason.WRONG_PASSWORD.heading in page and Reason.WRONG_PASSWORD.help in page
    assert f"Reference <code>{SignInAttempt.objects.first().pk}</code>" in page


def test_what_was_typed_is_kept_as_far_as_it_is_an_address_and_shown_as_text(client, viewer, dev):
    sign_in(client, dev, "<script>alert(1)</script>")
    page = viewer.get(url("attempts")).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page
    assert add(dev, email="ß" * 400).email == "ß" * 254


def test_the_provider_of_an_attempt_outlives_its_row(viewer, dev):
    okta = provider(dev).identity_provider
    add(dev, identity_provider=okta, reason="not_signed")
    okta.delete()
    assert "Okta Dev" in text(viewer.get(url("attempts")))
    assert listed(viewer, provider="password") == []


def test_the_list_is_filtered_by_outcome_and_by_way(viewer, dev, ada):
    okta = provider(dev).identity_provider
    good, bad = add(dev, email=ADA, end_user=ada), add(dev, email=ADA, reason="wrong_password")
    signed = add(dev, identity_provider=okta, end_user=ada)
    assert listed(viewer) == [signed, bad, good]
    assert listed(viewer, outcome="refused") == [bad]
    assert listed(viewer, outcome="succeeded") == [signed, good]
    assert listed(viewer, provider="password") == [bad, good]
    assert listed(viewer, provider=str(okta.pk)) == [signed]
    assert listed(viewer, provider=str(uuid4())) == [signed, bad, good]


def test_an_address_is_found_in_any_spelling_but_only_whole(viewer, dev):
    found = add(dev, email="Ada@Acme.example")
    add(dev, email="ben@acme.example")
    assert listed(viewer, q=" ADA@acme.EXAMPLE") == [found]
    assert listed(viewer, q="ada") == []


def test_a_reference_or_an_address_is_found_in_whichever_environment_of_the_workspace(viewer, places):
    elsewhere = add(places[2], email=ADA)
    assert listed(viewer) == []
    assert listed(viewer, q=f" {elsewhere.pk} ") == listed(viewer, q=ADA) == [elsewhere]
    assert "in PROD" in text(viewer.get(url("attempts"), {"q": str(elsewhere.pk)}))


def test_nothing_of_another_workspace_is_listed_or_found(viewer, dev):
    foreign = add(environments("globex")[0], email="x@globex.example")
    assert listed(viewer) == listed(viewer, q=str(foreign.pk)) == listed(viewer, q="x@globex.example") == []


def test_an_empty_list_and_an_empty_match_say_which_they_are(viewer, dev):
    assert "Nobody has tried to sign in yet" in text(viewer.get(url("attempts")))
    assert "No attempt matches" in text(viewer.get(url("attempts"), {"outcome": "refused"}))


def test_older_attempts_are_behind_the_list_without_a_gap(viewer, dev):
    for number in range(PAGE + 3):
        add(dev, email=f"{number}@acme.example")
    first = viewer.get(url("attempts"))
    rest = viewer.get(url("attempts"), {"before": first.context["older"]})
    assert len(first.context["rows"]) == PAGE and len(rest.context["rows"]) == 3
    assert not rest.context["older"] and "Newest" in text(rest)
    assert viewer.get(url("attempts"), {"before": "nonsense"}).status_code == 200


def test_the_list_costs_the_same_however_long_it_is(viewer, dev, ada):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            viewer.get(url("attempts"))
        return len(queries)

    add(dev, email=ADA, end_user=ada)
    short = cost()
    for _ in range(20):
        add(dev, email=ADA, end_user=ada, reason="wrong_password")
    assert cost() == short


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "attempt_by_environment"),
        ({"outcome": "refused"}, "attempt_by_outcome"),
        ({"provider": "okta"}, "attempt_by_provider"),
        ({"q": ADA}, "attempt_by_email"),
    ],
)
def test_every_filter_has_its_index(dev, query, index):
    okta = provider(dev).identity_provider
    _crowd(dev, okta)
    data = QueryDict(mutable=True)
    data.update(query | ({"provider": str(okta.pk)} if "provider" in query else {}))
    if connection.vendor == "postgresql":  # it rather sorts a few rows than walk an index
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")
    plan = AttemptFilter(data, environment=dev).attempts()[:PAGE].explain()
    assert index in plan and "TEMP B-TREE" not in plan and "Sort" not in plan


def _crowd(dev, okta) -> None:
    """So many attempts that PostgreSQL's planner has a clear choice: what is asked for is one in a hundred."""
    rare = {"outcome": "refused", "identity_provider": okta, "email": ADA, "email_key": ADA}
    _, prod = dev.workspace.environments.exclude(pk=dev.pk)
    SignInAttempt.objects.bulk_create(
        SignInAttempt(
            environment=place, workspace_id=dev.workspace_id, **({"outcome": "succeeded"} if number else rare)
        )
        for place in [dev, *[prod] * 10]
        for number in [*range(100)] * 3
    )


# The tab


def tab(client, ada, environment="dev"):
    return client.get(url("end-user", environment=environment, end_user=ada.pk))


def ways(client, ada) -> dict[str, tuple[str, str]]:
    return {way["name"]: (way["word"], way["text"]) for way in tab(client, ada).context["ways"]}


def test_the_tab_says_which_ways_apply_and_why(viewer, dev, ada):
    assert ways(viewer, ada) == {"Password": ("Yes", "The person has a password, and may use it here.")}
    provider(dev, "Partner", "selected_domains", "partner.example")
    provider(dev, "Okta Dev", "all_domains")
    assert ways(viewer, ada) == {
        "Password": ("No", "Okta Dev is enforced for all domains."),
        "Okta Dev": ("Yes", "Okta Dev is enforced for all domains."),
        "Partner": ("No", "Partner is enforced for addresses at partner.example."),
    }


def test_the_tab_says_when_no_way_leads_in(viewer, places, ada):
    assert Reason.NO_ACCESS.help in text(tab(viewer, ada, "prod"))
    deactivate_end_user(end_user=ada, by=SYSTEM)
    assert Reason.DEACTIVATED.help in text(tab(viewer, ada))


def test_the_tab_shows_what_the_person_did_here_only(client, viewer, places, ada):
    sign_in(client, places[0])
    sign_in(client, places[2])
    shown = tab(viewer, ada).context
    assert len(shown["rows"]) == len(shown["sessions"]) == 1
    assert shown["tabs"][1]["current"] and shown["tabs"][1]["label"] == "Sign-in"


def test_the_tab_offers_the_link_that_fits_and_none_to_a_viewer(viewer, as_role, dev, ada):
    admin, ben = as_role("admin"), person(dev, name="Ben Moss", password="")
    assert "Send password reset" in text(tab(admin, ada)) and ">Invite<" not in text(tab(admin, ada))
    assert ">Invite<" in text(tab(admin, ben)) and "Send password reset" not in text(tab(admin, ben))
    page = text(tab(viewer, ada))
    assert "Send password reset" not in page and "End session" not in page
    provider(dev, "Okta Dev", "all_domains")
    assert "Send password reset" not in text(tab(admin, ada))


def test_an_administrator_ends_one_session_or_all(as_role, dev, ada):
    admin = as_role("admin")
    first, second, third = (signed_in(dev, ada) for _ in range(3))
    one = EndUserSession.objects.earliest("id")
    page = admin.post(url("end-user-session-end", end_user=ada.pk, session=one.pk), follow=True)
    assert "The session has ended." in text(page) and not is_signed_in(first, dev) and is_signed_in(second, dev)
    assert "2 sessions have ended." in text(admin.post(url("end-user-sessions-end", end_user=ada.pk), follow=True))
    assert not is_signed_in(third, dev)
    assert ChangeEvent.objects.filter(action="end_user.sessions_ended").count() == 2


# Who may


def pages(ada, workspace="acme") -> dict[str, str]:
    session = EndUserSession.objects.get(end_user=ada).pk
    ids = {"end-user-session-end": {"end_user": ada.pk, "session": session}, "attempts": {}}
    return {route: url(route, workspace=workspace, **ids.get(route, {"end_user": ada.pk})) for route in CONSOLE_ROUTES}


def state():
    return ChangeEvent.objects.count(), EndUserSession.objects.filter(ended_at=None).count()


@pytest.mark.parametrize("route", CONSOLE_ROUTES)
def test_a_viewer_reads_and_changes_nothing(viewer, dev, ada, route):
    signed_in(dev, ada)
    before, address = state(), pages(ada)[route]
    assert viewer.get(address).status_code == (200 if CONSOLE_ROUTES[route] else 302)
    assert viewer.post(address).status_code == (405 if CONSOLE_ROUTES[route] else 403)
    assert state() == before


@pytest.mark.parametrize("route", CONSOLE_ROUTES)
def test_another_workspace_is_404_and_so_are_its_people_here(as_role, dev, ada, route):
    signed_in(dev, ada)
    elsewhere = environments("globex")[0]
    stranger = Client()
    stranger.force_login(factories.administrator(elsewhere.workspace).user)
    before, method = state(), "get" if CONSOLE_ROUTES[route] else "post"
    assert getattr(stranger, method)(pages(ada)[route]).status_code == 404
    if route != "attempts":
        assert getattr(stranger, method)(pages(ada, "globex")[route]).status_code == 404
    assert state() == before


@pytest.mark.parametrize("route", CONSOLE_ROUTES)
def test_nobody_gets_past_the_sign_in(client, dev, ada, route):
    signed_in(dev, ada)
    method = "get" if CONSOLE_ROUTES[route] else "post"
    assert getattr(client, method)(pages(ada)[route])["Location"].startswith("/sign-in/?next=")


def test_a_session_of_another_person_or_environment_is_404(as_role, places, ada):
    ben = person(*places[:2], name="Ben Moss")
    admin = as_role("admin")
    signed_in(places[1], ben)
    foreign = EndUserSession.objects.get().pk
    for end_user in (ada, ben):
        assert admin.post(url("end-user-session-end", end_user=end_user.pk, session=foreign)).status_code == 404

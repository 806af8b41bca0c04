"""Provisioning activity: changes as sentences, requests with their answers; and what providers say of one end user."""

import json
import re
from html import unescape

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import conditional_escape

from provisioning.models import ScimRequest
from provisioning.remedies import explained, remedy
from provisioning.views.activity import MOST
from tests import factories
from tests.scim import Scim, make_connection, okta_user
from workspace.action_names import Action
from workspace.actions.end_users import create_end_user
from workspace.events import Actor, Sentence, record
from workspace.models import ChangeEvent, EndUser, EndUserGroup
from workspace.profile import Profile

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer(scim) -> Client:
    """A browser of the role that may only read: all of this is for reading."""
    client = Client()
    client.force_login(factories.administrator(scim.connection.environment.workspace, "viewer").user)
    return client


def url(route: str, **kwargs) -> str:
    return reverse(route, kwargs={"workspace": "acme", "environment": "dev", **kwargs})


def text(response) -> str:
    assert response.status_code == 200
    return unescape(response.content.decode())


def changes(client: Client, **query) -> list[str]:
    rows = client.get(url("provisioning:activity"), query).context["rows"]
    return [unescape(re.sub("<[^>]+>", "", conditional_escape(row["sentence"]))) for row in rows]


def requests(client: Client, **query) -> list[str]:
    rows = client.get(url("provisioning:requests"), query).context["rows"]
    return [f"{row['exchange'].method} {row['path']}" for row in rows]


def make_events(scim: Scim, count: int) -> None:
    """Changes of the connection, as they pile up."""
    by = Actor(ChangeEvent.ActorKind.CONNECTION, str(scim.connection.pk), scim.connection.name)
    environment = scim.connection.environment
    for number in range(count):
        record(
            by=by,
            action=Action.GROUP_RENAMED,
            subject=environment,
            environment=environment,
            sentence=Sentence(f"Change {number}."),
        )


def last_request() -> ScimRequest:
    return ScimRequest.objects.latest("pk")


# Changes


def test_a_change_is_a_sentence_with_ways_to_the_person_and_to_the_request(scim, viewer):
    scim.user("ada")

    page = viewer.get(url("provisioning:activity"))

    ada = EndUser.objects.get()
    assert changes(viewer) == ["Okta Dev added Ada Example <ada@example.com> with access to DEV."]
    assert f'<a href="{url("workspace:end-user", end_user=ada.pk)}">Ada Example <ada@example.com></a>' in text(page)
    assert f'href="{url("provisioning:request", exchange=last_request().pk)}">Request</a>' in text(page)


def test_a_change_of_a_group_leads_to_the_group(scim, viewer):
    scim.group("Engineers")

    group = EndUserGroup.objects.get(name="Engineers")
    assert url("workspace:group", group=group.pk) in text(viewer.get(url("provisioning:activity")))


def test_a_change_of_the_record_alone_leads_to_the_tab_provisioning(scim, viewer):
    ada = scim.user("ada")
    scim.patch(f"/Users/{ada}", {"op": "replace", "path": "title", "value": "Analyst"})

    page = text(viewer.get(url("provisioning:activity"), {"q": "title"}))

    tab = url("provisioning:end-user", end_user=EndUser.objects.get().pk)
    assert f'changed title of <a href="{tab}">Ada Example' in page


def test_what_is_gone_is_named_without_a_link(scim, viewer):
    pk = scim.group("Engineers")
    group = EndUserGroup.objects.get(name="Engineers")
    scim.delete(f"/Groups/{pk}")

    assert "Okta Dev deleted the group Engineers." in changes(viewer)
    assert url("workspace:group", group=group.pk) not in text(viewer.get(url("provisioning:activity")))


def test_the_newest_change_comes_first(scim, viewer):
    scim.user("ada")
    scim.user("bo")

    assert [sentence.split()[3] for sentence in changes(viewer)] == ["Bo", "Ada"]


def test_changes_of_administrators_stand_elsewhere(scim, viewer):
    factories.end_user(scim.connection.environment)

    assert changes(viewer) == []


def test_names_are_shown_as_text(scim, viewer):
    scim.post("/Users", okta_user("ada", displayName="<script>alert(1)</script>"))
    scim.group("<b>Group</b>")

    for route in ("activity", "requests"):
        page = viewer.get(url(f"provisioning:{route}")).content.decode()
        assert "<script>alert" not in page
        assert "<b>Group" not in page


def test_changes_are_filtered_by_provider_kind_and_text(scim, viewer):
    entra = Scim(make_connection(name="Entra Dev"))
    scim.user("ada")
    entra.group("Designers")

    assert len(changes(viewer)) == 2
    assert [sentence.split()[0] for sentence in changes(viewer, provider=entra.connection.pk)] == ["Entra"]
    assert [sentence.split()[0] for sentence in changes(viewer, kind="end_user")] == ["Okta"]
    assert changes(viewer, q="dESIGNERS") == ["Entra Dev created the group Designers in DEV."]


def test_a_wrong_filter_is_named_and_filters_nothing(scim, viewer, other):
    scim.user("ada")

    for wrong in ({"provider": other.connection.pk}, {"kind": "nonsense"}, {"q": "x" * 500}, {"before": "nonsense"}):
        assert len(changes(viewer, **wrong)) == 1
    page = viewer.get(url("provisioning:activity"), {"provider": other.connection.pk})
    assert list(page.context["form"].errors) == ["provider"]


def test_no_change_yet_is_not_no_match(scim, viewer):
    assert "No changes yet" in text(viewer.get(url("provisioning:activity")))
    assert "No change matches" in text(viewer.get(url("provisioning:activity"), {"q": "nobody"}))
    assert "No requests yet" in text(viewer.get(url("provisioning:requests")))
    assert "No request matches" in text(viewer.get(url("provisioning:requests"), {"result": "failed"}))


def test_older_changes_are_a_page_away_and_nothing_is_counted(scim, viewer):
    make_events(scim, MOST + 10)

    with CaptureQueriesContext(database) as captured:
        first = viewer.get(url("provisioning:activity"), {"kind": "group"})
    second = viewer.get(url("provisioning:activity"), {"kind": "group", "before": first.context["older"]})

    assert not any("COUNT(" in query["sql"] for query in captured)
    seen = [row["sentence"] for page in (first, second) for row in page.context["rows"]]
    assert seen == [event.sentence for event in ChangeEvent.objects.filter(action="group.renamed")]
    assert f"?kind=group&before={first.context['older']}" in text(first)
    assert "Newest" in text(second)
    assert second.context["older"] == ""


def test_a_full_last_page_offers_no_older_one(scim, viewer):
    make_events(scim, MOST)

    assert viewer.get(url("provisioning:activity")).context["older"] == ""


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(scim, viewer):
    def queries(route: str) -> int:
        with CaptureQueriesContext(database) as captured:
            viewer.get(url(f"provisioning:{route}"))
        return len(captured)

    scim.group("Engineers", [scim.user("ada")])
    few = [queries("activity"), queries("requests")]
    for number in range(5):
        scim.group(f"Group {number}", [scim.user(f"person{number}")])

    assert [queries("activity"), queries("requests")] == few
    assert max(few) <= 17  # the chart has one


# Requests


def test_requests_are_listed_with_what_was_wrong_or_tolerated(scim, viewer):
    ada = scim.user("ada")
    scim.patch(f"/Users/{ada}", {"op": "Replace", "path": "active", "value": "True"})
    scim.post("/Users", okta_user("ada"))
    scim.get("/Users?filter=userName%20eq%20%22ada%22")

    page = text(viewer.get(url("provisioning:requests")))

    assert 'GET /Users?filter=userName eq "ada"' in page
    assert "op sent as Replace; active sent as text" in page
    assert "This connection already has a user with this" in page


def test_requests_are_filtered_by_result_method_and_provider(scim, viewer):
    entra = Scim(make_connection(name="Entra Dev"))
    scim.user("ada")
    scim.get("/Users/nobody")
    entra.get("/Users")

    assert requests(viewer) == ["GET /Users", "GET /Users/nobody", "POST /Users"]
    assert requests(viewer, result="failed") == ["GET /Users/nobody"]
    assert requests(viewer, method="POST") == ["POST /Users"]
    assert requests(viewer, provider=entra.connection.pk) == ["GET /Users"]
    assert requests(viewer, provider=entra.connection.pk, result="failed") == []


def test_the_list_does_not_read_the_bodies(scim, viewer):
    scim.user("ada")

    with CaptureQueriesContext(database) as captured:
        viewer.get(url("provisioning:requests"))

    assert not any("response_body" in query["sql"] for query in captured)


def test_the_inspector_shows_both_sides_and_what_came_of_it(scim, viewer):
    scim.user("ada")

    page = text(viewer.get(url("provisioning:request", exchange=last_request().pk)))

    assert '"userName": "ada@example.com",\n' in page
    assert '"externalId": "00uada"' in page
    assert "Okta Dev added" in page
    assert url("workspace:end-user", end_user=EndUser.objects.get().pk) in page
    assert "127.0.0.1" in page


def test_the_inspector_shows_no_secret(scim, viewer):
    scim.user("ada", password="hunter2hunter2")
    scim.get(f"/Users?filter=userName eq %22{scim.token}%22")

    for exchange in ScimRequest.objects.all():
        page = text(viewer.get(url("provisioning:request", exchange=exchange.pk)))
        assert "hunter2" not in page
        assert scim.token not in page
        assert scim.token.split("_", 2)[2] not in page


def test_the_inspector_names_what_was_tolerated(scim, viewer):
    ada = scim.user("ada")
    scim.patch(f"/Users/{ada}", {"op": "replace", "path": "active", "value": "False"})

    assert "<li>active sent as text</li>" in text(viewer.get(url("provisioning:request", exchange=last_request().pk)))


def test_an_error_comes_with_its_words_and_its_remedy(scim, viewer):
    scim.get("/Users?filter=nonsense eq")

    page = text(viewer.get(url("provisioning:request", exchange=last_request().pk)))

    assert last_request().error in page
    assert "Let the provider match people by userName, externalId or email." in page
    assert "Nothing." in page


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 412, 413, 415, 418, 429, 500, 501, 503])
def test_every_error_has_a_remedy(status):
    for body in ("", "null", "[]", "no json", json.dumps({"scimType": "unheardOf"})):
        assert len(remedy(status, body)) > 25


def test_an_error_gives_one_advice(scim, viewer):
    Scim(scim.connection, token="scim_unknown").get("/Users")
    page = text(viewer.get(url("provisioning:request", exchange=last_request().pk)))
    assert page.count("SCIM token of this connection") == 1 + last_request().response_body.count("SCIM token")
    error = "This connection already has a user with this userName. Look it up, then update it."
    assert explained(409, error, "") == (
        "This connection already has a user with this userName. Rename one of the two. Nothing is lost: correct the "
        "cause, then let the provider send it again."
    )
    assert explained(400, "ada@example.com is no number", "").startswith("ada@example.com is no number ")
    assert explained(200, "", "") == ""


def test_the_remedy_follows_the_scim_type():
    assert remedy(400, '{"scimType": "invalidFilter"}') != remedy(400, '{"scimType": "mutability"}') != remedy(400, "")
    assert remedy(200, '{"scimType": "invalidFilter"}') == ""


def test_a_request_outlives_its_connection(scim, viewer):
    scim.user("ada")
    scim.connection.users.all().delete()
    scim.connection.environment_provider.delete()

    assert "Okta Dev" in text(viewer.get(url("provisioning:request", exchange=last_request().pk)))
    assert changes(viewer)


# The tab Provisioning of an end user


def tab(client: Client, end_user: EndUser):
    return client.get(url("provisioning:end-user", end_user=end_user.pk))


def test_the_tab_says_what_each_provider_says(scim, viewer):
    scim.group("Engineers", [scim.user("ada", title="Analyst")])
    Scim(make_connection(name="Entra Test", environment="TEST")).user("ada", externalId="entra-ada", active=False)

    page = text(tab(viewer, EndUser.objects.get()))

    assert page.index("Okta Dev in DEV") < page.index("Entra Test in TEST")
    for words in (
        "<code>ada@example.com</code>",
        "<code>00uada</code>",
        "<code>entra-ada</code>",
        '"title": "Analyst"',
    ):
        assert words in page
    assert f'href="{url("workspace:group", group=EndUserGroup.objects.get(name="Engineers").pk)}">Engineers</a>' in page
    assert ">Inactive<" in page


def test_the_tab_tells_where_name_and_address_come_from(scim, viewer):
    by = Actor(ChangeEvent.ActorKind.ADMINISTRATOR, "1", "olivia@acme.example")
    ada = create_end_user(
        workspace=scim.connection.environment.workspace,
        profile=Profile("Ada", "ada@example.com", by.source),
        by=by,
    )
    assert [fact["hint"] for fact in tab(viewer, ada).context["facts"]] == ["by olivia@acme.example"] * 2

    scim.user("ada")

    assert [fact["hint"] for fact in tab(viewer, ada).context["facts"]] == ["from Okta Dev", "by olivia@acme.example"]


def test_the_tab_of_somebody_added_by_hand_says_so(scim, viewer):
    person = factories.end_user(scim.connection.environment)

    assert "No identity provider provisions this person" in text(tab(viewer, person))


def test_a_switched_off_connection_says_that_it_was_said_before(scim, viewer):
    scim.user("ada")
    type(scim.connection).objects.update(is_enabled=False)

    assert "SCIM is off, so this is what it said before." in text(tab(viewer, EndUser.objects.get()))


def test_the_tabs_queries_do_not_depend_on_groups(scim, viewer):
    def queries() -> int:
        with CaptureQueriesContext(database) as captured:
            tab(viewer, EndUser.objects.get())
        return len(captured)

    ada = scim.user("ada")
    scim.group("First", [ada])
    few = queries()
    for number in range(5):
        scim.group(f"Group {number}", [ada])

    assert queries() == few


def test_a_filter_that_nothing_recent_passes_leads_on_to_older_rows(scim, viewer, monkeypatch):
    scim.user("ada")
    make_events(scim, 20)
    monkeypatch.setattr("workspace.db.paging.WALKED", 10)

    first = viewer.get(url("provisioning:activity"), {"q": "ada"})

    assert first.context["rows"] == [] and first.context["older"]
    assert "No change matches" in text(first) and "Older ones are not searched yet." in text(first)
    older = viewer.get(url("provisioning:activity"), {"q": "ada", "before": first.context["older"]})
    while older.context["older"] and not older.context["rows"]:
        older = viewer.get(url("provisioning:activity"), {"q": "ada", "before": older.context["older"]})
    assert len(older.context["rows"]) == 1

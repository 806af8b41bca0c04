"""Changes of many end users at once: who changes, who is left out and why, and the one event of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.workspace.builders import OKTA_ACTOR
from tests.workspace.bulk import confirm, everybody, mark, path
from tests.workspace.crowds import add_people
from tests.workspace.pages import text
from workspace.actions.access import set_manual_access
from workspace.actions.end_users import deactivate_end_user, reactivate_end_user
from workspace.actions.members import change_members
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, EndUserGroup, EnvironmentAccess, GroupMembership


@pytest.fixture
def place(acme):
    """Ada by hand, Bo by SCIM and by hand in PROD, Cy deactivated, Di without access; Team is a group by hand."""
    acme.cy = factories.end_user(acme.dev, name="Cy Ode")
    acme.di = factories.end_user(acme.prod, name="Di Sommer")
    deactivate_end_user(end_user=acme.cy, by=SYSTEM)
    set_manual_access(end_user=acme.bo, environments=[acme.prod], by=SYSTEM)
    acme.team = factories.group(acme.dev, name="Team")
    return acme


def state():
    return (
        sorted(EndUser.objects.values_list("full_name", "status")),
        sorted(EnvironmentAccess.objects.values_list("end_user__full_name", "environment__slug", "source_kind")),
        sorted(GroupMembership.objects.values_list("end_user__full_name", "group__name", "source_kind")),
    )


def members(group) -> set[str]:
    return set(group.memberships.values_list("end_user__full_name", flat=True))


CASES = [
    (
        "add-to-group",
        "2 people will be added to Team.",
        ["2 people cannot sign in to DEV. Give access or reactivate first."],
        "2 people were added to Team.",
    ),
    (
        "give-access",
        "1 person will get access to DEV.",
        ["3 people have access to DEV already."],
        "1 person has access to DEV now.",
    ),
    (
        "end-access",
        "2 people will lose access to DEV.",
        ["1 person has access through an identity provider. End it there.", "1 person has no access to DEV."],
        "2 people lost access to DEV.",
    ),
    (
        "deactivate",
        "2 people will be deactivated in all environments.",
        ["1 person is managed by an identity provider. Deactivate them there.", "1 person is deactivated already."],
        "2 people were deactivated and can no longer sign in.",
    ),
    (
        "reactivate",
        "1 person will be active again, with the same access and groups as before.",
        ["3 people are active already."],
        "1 person is active again.",
    ),
]


@pytest.mark.parametrize(("do", "effect", "left_out", "done"), CASES, ids=[case[0] for case in CASES])
class TestEachChange:
    def to(self, place, do) -> dict[str, object]:
        return {"to": place.team.pk} if do == "add-to-group" else {}

    def test_it_says_what_will_happen_and_to_whom_not_and_changes_nothing_yet(
        self, place, owner, do, effect, left_out, done
    ):
        before, url = state(), everybody(place, do, **self.to(place, do))
        page = owner.get(url)
        assert effect in text(page) and page.context["left_out"] == left_out
        assert len(page.context["names"]) == int(effect.partition(" ")[0])
        assert state() == before

    def test_it_is_one_event_that_names_everybody(self, place, owner, do, effect, left_out, done):
        url, before = everybody(place, do, **self.to(place, do)), ChangeEvent.objects.count()
        number = int(effect.partition(" ")[0])
        assert done in text(confirm(owner, url))
        event = ChangeEvent.objects.first()
        assert ChangeEvent.objects.count() == before + 1 and event.actor_name == "owner@acme.example"
        assert event.subjects.filter(kind="enduser").count() == number and event.request_id
        pairs = next(value for key, value in {**event.before, **event.after}.items() if value and key != "source")
        assert {pk for pk, _ in pairs} == {str(each.subject_id) for each in event.subjects.filter(kind="enduser")}

    def test_pressed_twice_it_changes_once(self, place, owner, do, effect, left_out, done):
        url = everybody(place, do, **self.to(place, do))
        expected = mark(owner.get(url))
        owner.post(url, {"expected": expected})
        after, events = state(), ChangeEvent.objects.count()
        assert "Nothing was left to change." in text(owner.post(url, {"expected": expected}, follow=True))
        assert (state(), ChangeEvent.objects.count()) == (after, events)

    def test_it_can_be_taken_back(self, place, owner, do, effect, left_out, done):
        before, url = state(), everybody(place, do, **self.to(place, do))
        page = confirm(owner, url)
        undo_url = next(iter(page.context["messages"])).extra_tags
        answer = owner.post(undo_url, follow=True)
        if do not in ("end-access", "deactivate"):
            # It would take something, so it asks.
            assert state() != before
            answer = owner.post(undo_url, {"expected": mark(answer)}, follow=True)
        assert state() == before and "callout" in answer.content.decode()

    def test_without_its_mark_it_only_asks(self, place, owner, do, effect, left_out, done):
        before, url = state(), everybody(place, do, **self.to(place, do))
        for expected in ("", "x", "2-", "99999999999999-x", "²-x"):
            assert effect in text(owner.post(url, {"expected": expected}))
        assert state() == before

    def test_nobody_to_change_is_said_with_the_reasons(self, place, owner, do, effect, left_out, done):
        url = everybody(place, do, q="nobody", **self.to(place, do))
        assert "There is nobody to change" in text(owner.get(url))
        assert "Nothing was left to change." in text(owner.post(url, {"expected": "0-"}, follow=True))

    def test_its_statements_do_not_grow_with_the_people(self, place, owner, do, effect, left_out, done):
        url = everybody(place, do, **self.to(place, do))
        numbers = []
        for more in (30, 60):
            add_people(
                place, more, is_active=do != "reactivate", environments=[] if do == "give-access" else [place.dev]
            )
            expected = mark(owner.get(url))
            with CaptureQueriesContext(connection) as queries:
                owner.post(url, {"expected": expected})
            numbers.append(len(queries))
        assert numbers[0] == numbers[1]


class TestRemoveFromGroup:
    def test_those_whom_an_idp_put_there_stay(self, place, owner):
        GroupMembership.objects.create(group=place.team, end_user=place.bo, source_kind="scim", source_id="x")
        change_members(group=place.team, add=[place.ada.pk, place.di.pk], by=SYSTEM)
        url = everybody(place, "remove-from-group", to=place.team.pk)
        page = owner.get(url)
        assert page.context["left_out"] == [
            "1 person is in Team through an identity provider. Remove them there.",
            "1 person is not in Team.",
        ]
        confirm(owner, url)
        assert members(place.team) == {"Bo Lund"}

    def test_a_group_of_an_idp_is_not_offered(self, place, owner):
        page = text(owner.get(path(place, "remove-from-group", place.bo)))
        assert "Choose Team" in page and "Engineering" not in page
        page = owner.get(path(place, "remove-from-group", place.bo, to=place.engineering.pk))
        assert "Choose Team" in text(page)


class TestSelection:
    def test_rows_are_those_that_were_ticked(self, place, owner):
        confirm(owner, path(place, "add-to-group", place.ada, to=place.team.pk))
        assert members(place.team) == {"Ada Winter"}

    def test_all_that_match_is_the_filter(self, place, owner):
        confirm(owner, path(place, "add-to-group", place.bo, all="1", q="winter", to=place.team.pk))
        assert members(place.team) == {"Ada Winter"}

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ("do=deactivate", "Select the people first."),
            ("do=deactivate&person=x", "Select the people first."),
            ("do=&person={ada}", "Choose what to do with the selected people."),
            ("do=delete&person={ada}", "Choose what to do with the selected people."),
            ("do=deactivate&all=1&status=zzz", "The filter of the list has a mistake."),
            ("do=deactivate&all=1&group=zzz", "The filter of the list has a mistake."),
        ],
    )
    def test_a_mistake_leads_back_to_the_list_with_a_sentence(self, place, owner, query, sentence):
        before = state()
        url = f"{place.url}end-users/selected/?{query.format(ada=place.ada.pk)}"
        for response in (owner.get(url, follow=True), owner.post(url, {"expected": "2-"}, follow=True)):
            assert sentence in text(response) and response.redirect_chain[-1][0].startswith(f"{place.url}end-users/")
        assert state() == before

    def test_people_of_another_workspace_are_nobody(self, place, globex, owner):
        page = owner.get(path(place, "deactivate", place.ada, globex.ada))
        assert page.context["names"] == ["Ada Winter"]
        confirm(owner, path(place, "deactivate", globex.ada))
        assert EndUser.objects.get(pk=globex.ada.pk).is_active

    def test_a_group_of_another_environment_or_workspace_is_none(self, place, globex, owner):
        elsewhere = factories.group(place.test, name="Elsewhere")
        for group in (elsewhere, globex.support, place.everyone):
            assert "Choose the group" in text(owner.get(path(place, "add-to-group", place.ada, to=group.pk)))

    def test_groups_are_searched_and_the_selection_stays(self, place, owner):
        url = path(place, "add-to-group", place.ada, groups="tea")
        page = owner.get(url)
        assert "Choose Team" in text(page) and "Choose Support" not in text(page)
        assert f'<input type="hidden" name="person" value="{place.ada.pk}">' in page.content.decode()
        assert "No group matches" in text(owner.get(path(place, "add-to-group", place.ada, groups="zzz")))

    def test_without_a_group_the_page_leads_to_creating_one(self, place, owner):
        EndUserGroup.objects.exclude(pk=place.everyone.pk).delete()
        many = [factories.end_user(place.dev, name=f"Person {number}") for number in range(50)]
        selected = path(place, "add-to-group", *many)
        page = owner.get(selected)
        assert "Create end-user group" in text(page)
        create_url = page.context["create_url"]
        assert owner.get(create_url).context["cancel_url"] == selected
        confirmation = owner.post(create_url, {"name": "Core"}).url
        assert confirmation == f"{selected}&to={EndUserGroup.objects.get(name='Core').pk}"
        assert "50 people will be added to Core" in text(owner.get(confirmation))

    def test_the_page_of_the_groups_also_leads_to_a_new_one_if_people_are_added(self, place, owner):
        assert "Create end-user group" in text(owner.get(path(place, "add-to-group", place.ada)))
        assert "Create end-user group" not in text(owner.get(path(place, "remove-from-group", place.ada)))

    def test_a_made_up_selection_leads_to_no_other_site(self, place, owner):
        answer = owner.post(f"{place.url}groups/new/?selected=//evil.example/", {"name": "Core"})
        assert answer.url.startswith(f"{place.url}end-users/selected/?%2F%2Fevil.example%2F=&to=")

    def test_cancel_leads_back_to_the_filtered_list(self, place, owner):
        page = owner.get(path(place, "deactivate", place.ada, q="a", sort="-name"))
        assert page.context["back_url"] == f"{place.url}end-users/?q=a&sort=-name"

    def test_a_viewer_sees_no_selection(self, place, as_role):
        page = as_role("viewer").get(f"{place.url}end-users/").content.decode()
        assert "checkbox" not in page and "/selected/" not in page
        assert as_role("viewer").get(path(place, "deactivate", place.ada)).status_code == 403


class TestChangedMeanwhile:
    def test_others_than_counted_are_not_changed_but_said(self, place, owner):
        url = everybody(place, "deactivate")
        expected = mark(owner.get(url))
        deactivate_end_user(end_user=place.ada, by=SYSTEM)
        before = state()
        page = owner.post(url, {"expected": expected})
        assert "it is 1 person now, and was 2 before. Confirm 1 instead." in text(page) and state() == before
        owner.post(url, {"expected": mark(page)})
        assert not EndUser.objects.get(pk=place.di.pk).is_active

    def test_as_many_others_are_said_too(self, place, owner):
        url = everybody(place, "deactivate")
        expected = mark(owner.get(url))
        deactivate_end_user(end_user=place.ada, by=SYSTEM)
        reactivate_end_user(end_user=place.cy, by=SYSTEM)
        assert "it is as many as before, but others" in text(owner.post(url, {"expected": expected}))

    def test_taking_back_leaves_whoever_was_changed_since(self, place, owner):
        page = confirm(owner, everybody(place, "deactivate"))
        reactivate_end_user(end_user=EndUser.objects.get(pk=place.ada.pk), by=SYSTEM)
        deactivate_end_user(end_user=EndUser.objects.get(pk=place.ada.pk), by=SYSTEM)
        owner.post(next(iter(page.context["messages"])).extra_tags)
        assert EndUser.objects.get(pk=place.di.pk).is_active and not EndUser.objects.get(pk=place.ada.pk).is_active


class TestTakingBack:
    def test_the_audit_log_leads_there(self, place, owner, as_role):
        confirm(owner, everybody(place, "add-to-group", to=place.team.pk))
        event = ChangeEvent.objects.first()
        undo_url = f"{place.url}end-users/undo/{event.pk}/"
        assert f'href="{undo_url}"' in owner.get(f"{place.url}audit-log/{event.pk}/").content.decode()
        # The event belongs to its environment, whichever page shows it.
        assert undo_url in owner.get(f"/workspaces/acme/prod/audit-log/{event.pk}/").content.decode()
        assert undo_url not in as_role("viewer").get(f"{place.url}audit-log/{event.pk}/").content.decode()
        assert "2 people will no longer be in Team." in text(owner.get(undo_url))
        confirm(owner, undo_url)
        assert members(place.team) == set()

    def test_what_is_older_asks_first(self, place, owner, monkeypatch):
        page = confirm(owner, everybody(place, "deactivate"))
        monkeypatch.setattr("workspace.views.bulk._UNASKED", timedelta(0))
        before = state()
        answer = owner.post(next(iter(page.context["messages"])).extra_tags)
        assert "2 people will be active again" in text(answer) and state() == before

    @pytest.mark.parametrize(
        "how", ["of an IdP", "of another kind", "of a group that is gone", "in another environment"]
    )
    def test_other_changes_are_not(self, place, owner, how):
        if how == "of an IdP":
            change_members(
                group=place.engineering, remove=[place.bo.pk], source=place.engineering.source, by=OKTA_ACTOR
            )
        elif how != "of another kind":
            change_members(group=place.team, add=[place.ada.pk], by=SYSTEM)
        event = ChangeEvent.objects.first()
        if how == "of a group that is gone":
            EndUserGroup.objects.filter(pk=place.team.pk).delete()
        where = "/workspaces/acme/prod/" if how == "in another environment" else place.url
        page = owner.get(f"{where}end-users/undo/{event.pk}/", follow=True)
        assert "This change cannot be taken back here." in text(page)


def test_ten_thousand_people_are_one_event(place, owner):
    add_people(place, 10_000, environments=[place.dev])
    url = path(place, "add-to-group", all="1", to=place.team.pk)
    assert "10,002 people were added to Team." in text(confirm(owner, url))
    event = ChangeEvent.objects.first()
    assert place.team.memberships.count() == 10_002 and event.subjects.count() == 10_003
    page = owner.get(f"{place.url}end-users/undo/{event.pk}/")
    assert "10,002 people will no longer be in Team." in text(page)

"""The pages of end users."""

import pytest

from tests.workspace.builders import OKTA, OKTA_ACTOR
from tests.workspace.pages import cells, names, text
from workspace.actions.access import end_access
from workspace.actions.end_users import create_end_user, deactivate_end_user, update_profile
from workspace.actions.groups import create_group
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser
from workspace.profile import Profile
from workspace.refusals import ActionError


def page(acme, person, action="") -> str:
    return f"{acme.url}end-users/{person.pk}/{action}"


class TestList:
    def test_it_shows_those_with_access_to_the_environment(self, acme, owner):
        assert names(owner.get("/workspaces/acme/dev/end-users/")) == ["Ada Winter", "Bo Lund"]
        assert names(owner.get("/workspaces/acme/test/end-users/")) == ["Bo Lund"]

    def test_it_can_show_everybody_of_the_workspace(self, acme, owner):
        create_end_user(
            workspace=acme.workspace,
            profile=Profile("No Access", "no@acme.example", SYSTEM.source),
            by=SYSTEM,
        )
        response = owner.get(f"{acme.url}end-users/?access=any")
        assert names(response) == ["Ada Winter", "Bo Lund", "No Access"]
        assert cells(response, "No Access") == {
            "Email address": "no@acme.example",
            "Access": "None",
            "Groups in DEV": "–",
            "Provider": "–",
            "Last sign-in": "Never",
            "Status": "Active",
        }

    def test_a_row_says_access_groups_provider_last_sign_in_and_status(self, acme, owner):
        assert cells(owner.get(f"{acme.url}end-users/"), "Bo Lund") == {
            "Email address": "bo@acme.example",
            "Access": "DEV, TEST",
            "Groups in DEV": "Engineering",
            "Provider": "Okta Dev",
            "Last sign-in": "Never",
            "Status": "Active",
        }
        assert cells(owner.get(f"{acme.url}end-users/"), "Ada Winter")["Provider"] == "Manual"

    def test_deactivated_people_stay_in_the_list_of_their_environment(self, acme, owner):
        deactivate_end_user(end_user=acme.ada, by=SYSTEM)
        assert cells(owner.get(f"{acme.url}end-users/"), "Ada Winter")["Status"] == "Deactivated"
        assert names(owner.get(f"{acme.url}end-users/?status=deactivated")) == ["Ada Winter"]
        assert names(owner.get(f"{acme.url}end-users/?status=active")) == ["Bo Lund"]

    @pytest.mark.parametrize("q", ["WINT", "ada@acme", "a w", "ＡＤＡ"])
    def test_search_finds_a_part_of_name_or_address_in_any_spelling(self, acme, owner, q):
        assert names(owner.get(f"{acme.url}end-users/", {"q": q})) == ["Ada Winter"]

    def test_search_takes_the_signs_of_patterns_literally(self, acme, owner):
        assert names(owner.get(f"{acme.url}end-users/", {"q": "%"})) == []

    def test_no_match_is_not_no_data(self, acme, owner):
        assert "No end user matches" in text(owner.get(f"{acme.url}end-users/?q=zzz"))
        assert "Nobody may sign in here yet" in text(owner.get("/workspaces/acme/prod/end-users/"))
        EndUser.objects.all().delete()
        assert "No end users yet" in text(owner.get(f"{acme.url}end-users/"))

    def test_a_wrong_filter_value_is_named_and_filters_nothing(self, acme, owner):
        response = owner.get(f"{acme.url}end-users/?status=zzz&sort=zzz&page=zzz")
        assert len(names(response)) == 2
        assert "zzz is not one of the available choices" in text(response)

    def test_it_sorts_by_name_and_address_both_ways(self, acme, owner):
        assert names(owner.get(f"{acme.url}end-users/?sort=-name")) == ["Bo Lund", "Ada Winter"]
        assert names(owner.get(f"{acme.url}end-users/?sort=-email")) == ["Bo Lund", "Ada Winter"]

    def test_fifty_on_a_page(self, acme, owner):
        for number in range(50):
            create_end_user(
                workspace=acme.workspace,
                profile=Profile(f"Person {number:02}", f"p{number}@acme.example", SYSTEM.source),
                environments=[acme.dev],
                by=SYSTEM,
            )
        response = owner.get(f"{acme.url}end-users/?q=")
        assert len(names(response)) == 50 and "1–50 of 52" in text(response)
        assert names(owner.get(f"{acme.url}end-users/?page=2")) == ["Person 48", "Person 49"]

    def test_its_queries_do_not_grow_with_the_people(self, acme, owner, query_count):
        self._fill(acme)
        few = query_count(owner, f"{acme.url}end-users/")
        self._fill(acme)
        assert query_count(owner, f"{acme.url}end-users/") == few

    def _fill(self, acme):
        for _ in range(5):
            count = EndUser.objects.count()
            create_end_user(
                workspace=acme.workspace,
                profile=Profile(f"Person {count}", f"p{count}@acme.example", SYSTEM.source),
                environments=[acme.dev, acme.prod],
                groups=[acme.support],
                by=SYSTEM,
            )

    def test_the_title_says_where_one_is(self, acme, owner):
        assert "<title>End users · DEV · Acme</title>" in owner.get(f"{acme.url}end-users/").content.decode()


class TestAdd:
    def send(self, client, acme, **more):
        data = {"full_name": "Cy Ode", "email": "cy@acme.example", "environments": ["dev"]} | more
        return client.post(f"{acme.url}end-users/add/", data)

    def test_a_person_with_access_and_groups(self, acme, owner):
        builders = create_group(environment=acme.test, name="Builders", by=SYSTEM)
        response = self.send(
            owner, acme, environments=["dev", "test"], group_dev=acme.support.pk, group_test=builders.pk
        )
        cy = EndUser.with_email(acme.workspace, "cy@acme.example")
        assert response["Location"] == page(acme, cy)
        assert {access.environment for access in cy.accesses.all()} == {acme.dev, acme.test}
        assert {membership.group for membership in cy.memberships.all()} == {acme.support, builders}
        event = ChangeEvent.objects.about(cy.pk).get()
        assert event.actor_name == "owner@acme.example" and event.request_id

    def test_a_group_counts_only_where_its_environment_is_ticked(self, acme, owner):
        self.send(owner, acme, environments=["test"], group_dev=acme.support.pk)
        assert not EndUser.with_email(acme.workspace, "cy@acme.example").memberships.exists()

    def test_only_groups_that_people_may_fill_are_offered(self, acme, owner):
        form = owner.get(f"{acme.url}end-users/add/").context["form"]
        assert [str(group) for group in form.fields["group_dev"].queryset] == ["Support"]
        assert self.send(owner, acme, group_dev=acme.engineering.pk).status_code == 200

    def test_the_current_environment_is_ticked_at_first(self, acme, owner):
        assert owner.get("/workspaces/acme/prod/end-users/add/").context["form"]["environments"].value() == ["prod"]

    def test_a_taken_address_is_said_at_its_field_with_a_way_to_the_person_and_all_is_kept(self, acme, owner):
        response = self.send(owner, acme, email="ADA@acme.example", environments=["dev", "test"])
        form = response.context["form"]
        assert list(form.errors) == ["email"] and "belongs to another end user" in form.errors["email"][0]
        assert f'<a href="{page(acme, acme.ada)}">Open Ada Winter</a>' in response.content.decode()
        assert form["full_name"].value() == "Cy Ode" and form["environments"].value() == ["dev", "test"]

    def test_the_same_address_in_another_workspace_does_not_matter(self, acme, globex, owner):
        assert self.send(owner, acme, email="ada@globex.example").status_code == 302
        assert globex.workspace.end_users.filter(email_key="ada@globex.example").get() == globex.ada

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("full_name", " ", "Enter a full name."),
            ("email", "", "Enter an email address."),
            ("email", "ada", "Enter an email address like ada@example.com."),
            ("environments", "nowhere", "Select a valid choice. nowhere is not one of the available choices."),
        ],
    )
    def test_a_mistake_is_said_at_its_field(self, acme, owner, field, value, sentence):
        response = self.send(owner, acme, **{field: value})
        assert response.context["form"].errors == {field: [sentence]}
        assert EndUser.objects.count() == 2


class TestDetail:
    def test_access_and_groups_name_their_sources(self, acme, owner):
        words = text(owner.get(page(acme, acme.bo)))
        assert "DEV SCIM · Okta Dev Everyone Everybody with access Engineering SCIM · Okta Dev" in words
        assert "TEST SCIM · Okta Dev Everyone" in words and "PROD No access None" in words

    def test_what_changed_stands_there_as_sentences(self, acme, owner):
        assert "System added Ada Winter <ada@acme.example> with access to DEV." in text(owner.get(page(acme, acme.ada)))

    def test_a_deactivated_person_is_not_in_everyone_and_access_is_paused(self, acme, owner):
        deactivate_end_user(end_user=acme.ada, by=SYSTEM)
        words = text(owner.get(page(acme, acme.ada)))
        assert "DEV Manual Paused Support Manual" in words and "Everybody with access" not in words

    def test_overview_is_the_current_of_its_tabs(self, acme, owner):
        tabs = owner.get(page(acme, acme.ada)).context["tabs"]
        expected = [("Overview", True), ("Sign-in", False), ("Provisioning", False)]
        assert [(tab["label"], tab["current"]) for tab in tabs] == expected

    def test_its_queries_do_not_grow_with_groups_and_changes(self, acme, owner, query_count):
        url = page(acme, acme.ada)
        few = query_count(owner, url)
        for number in range(8):
            create_group(environment=acme.dev, name=f"Group {number}", members=[acme.ada.pk], by=SYSTEM)
            update_profile(
                end_user=acme.ada, profile=Profile(f"Ada {number}", acme.ada.email, SYSTEM.source), by=SYSTEM
            )
        assert query_count(owner, url) == few

    def test_a_viewer_sees_no_button_that_would_refuse(self, acme, as_role):
        for url in (page(acme, acme.ada), f"{acme.url}end-users/"):
            content = as_role("viewer").get(url).content.decode()
            assert "/edit/" not in content and "/deactivate/" not in content and "/add/" not in content


class TestEdit:
    def send(self, client, acme, person, **more):
        data = {"full_name": person.full_name, "email": person.email, "environments": ["dev"]} | more
        return client.post(page(acme, person, "edit/"), data)

    def test_name_address_and_access_by_hand(self, acme, owner):
        response = self.send(
            owner, acme, acme.ada, full_name="Ada Summer", email="summer@acme.example", environments=["prod"]
        )
        assert response["Location"] == page(acme, acme.ada)
        acme.ada.refresh_from_db()
        assert (acme.ada.full_name, acme.ada.email) == ("Ada Summer", "summer@acme.example")
        assert [access.environment for access in acme.ada.accesses.all()] == [acme.prod]

    def test_no_environment_at_all(self, acme, owner):
        owner.post(page(acme, acme.ada, "edit/"), {"full_name": "Ada Winter", "email": acme.ada.email})
        assert not acme.ada.accesses.exists()

    def test_nothing_changed_records_nothing(self, acme, owner):
        before = ChangeEvent.objects.count()
        response = owner.get(self.send(owner, acme, acme.ada)["Location"])
        assert "Nothing was changed." in text(response)
        assert ChangeEvent.objects.count() == before

    def test_a_taken_address_changes_nothing_at_all(self, acme, owner):
        response = self.send(owner, acme, acme.ada, email="bo@acme.example", environments=["prod"])
        assert "Open Bo Lund" in text(response)
        assert [access.environment for access in acme.ada.accesses.all()] == [acme.dev]

    def test_profile_and_access_change_together_or_not_at_all(self, acme, owner, monkeypatch):
        def refuse(**kwargs):
            raise ActionError("refused", "No.")

        monkeypatch.setattr("workspace.actions.end_users.set_manual_access", refuse)
        assert "No." in text(self.send(owner, acme, acme.ada, full_name="Ada Summer"))
        acme.ada.refresh_from_db()
        assert acme.ada.full_name == "Ada Winter"

    def test_what_scim_keeps_is_read_only_with_the_reason(self, acme, owner):
        reason = "Okta Dev manages the name and email address of this person. Change them there."
        assert reason in text(owner.get(page(acme, acme.bo, "edit/")))
        self.send(owner, acme, acme.bo, full_name="Forged", email="forged@acme.example", environments=["prod"])
        acme.bo.refresh_from_db()
        assert (acme.bo.full_name, acme.bo.email) == ("Bo Lund", "bo@acme.example")
        by_hand = acme.bo.accesses.filter(source_kind="manual")
        assert [access.environment for access in by_hand] == [acme.prod]
        assert acme.bo.accesses.filter(source_id=OKTA.id).count() == 2

    def test_when_the_idp_has_let_go_people_may_edit_again(self, acme, owner):
        for environment in (acme.dev, acme.test):
            end_access(end_user=acme.bo, source=OKTA, environment=environment, by=OKTA_ACTOR)
        self.send(owner, acme, acme.bo, full_name="Bo Free")
        acme.bo.refresh_from_db()
        assert acme.bo.full_name == "Bo Free"

    def test_the_name_of_an_idp_is_never_markup(self, acme, owner):
        acme.bo.accesses.update(source_name="<script>alert(1)</script>")
        content = owner.get(page(acme, acme.bo, "edit/")).content.decode()
        assert "<script>alert" not in content and "&lt;script&gt;alert" in content


class TestDeactivate:
    def test_it_asks_with_the_effect_in_numbers(self, acme, owner):
        words = text(owner.get(page(acme, acme.bo, "deactivate/")))
        assert "Bo Lund will lose access to 2 environments: DEV, TEST." in words
        assert "1 group membership and all access are kept." in words
        assert "Okta Dev provisions this person too, and may activate the account again." in words
        acme.bo.refresh_from_db()
        assert acme.bo.is_active

    def test_it_keeps_access_and_groups_and_reactivation_restores(self, acme, owner):
        owner.post(page(acme, acme.ada, "deactivate/"))
        acme.ada.refresh_from_db()
        assert not acme.ada.is_active and acme.ada not in acme.everyone.end_users
        assert acme.ada.accesses.count() == acme.ada.memberships.count() == 1
        owner.post(page(acme, acme.ada, "reactivate/"))
        acme.ada.refresh_from_db()
        assert acme.ada.is_active and acme.ada in acme.everyone.end_users

    def test_a_link_alone_reactivates_nobody(self, acme, owner):
        deactivate_end_user(end_user=acme.ada, by=SYSTEM)
        assert owner.get(page(acme, acme.ada, "reactivate/"))["Location"] == page(acme, acme.ada)
        acme.ada.refresh_from_db()
        assert not acme.ada.is_active

"""The pages of end-user groups."""

import pytest

from tests.workspace.builders import OKTA, OKTA_ACTOR
from tests.workspace.pages import cells, names, text
from workspace.actions.end_users import create_end_user, deactivate_end_user
from workspace.actions.groups import create_group
from workspace.actions.members import change_members
from workspace.events import SYSTEM
from workspace.models import MANUAL, ChangeEvent, EndUserGroup
from workspace.profile import Profile


def page(acme, group, action="") -> str:
    return f"{acme.url}groups/{group.pk}/{action}"


def add_people(acme, count, **more):
    return [
        create_end_user(
            workspace=acme.workspace,
            profile=Profile(f"Person {number:02}", f"p{number}@acme.example", SYSTEM.source),
            environments=[acme.dev],
            by=SYSTEM,
            **more,
        )
        for number in range(count)
    ]


class TestList:
    def test_it_says_name_members_and_who_manages_everyone_first(self, acme, owner):
        response = owner.get(f"{acme.url}groups/")
        assert names(response) == ["Everyone", "Engineering", "Support"]
        assert cells(response, "Everyone") == {"Members": "2", "Managed by": "Everybody with access"}
        assert cells(response, "Support") == {"Members": "1", "Managed by": "Manual"}
        assert cells(response, "Engineering") == {"Members": "1", "Managed by": "Okta Dev Synced never"}
        change_members(group=acme.engineering, add=[acme.ada.pk], source=OKTA, by=OKTA_ACTOR)
        assert cells(owner.get(f"{acme.url}groups/"), "Engineering")["Managed by"] == "Okta Dev Synced just now"

    def test_another_environment_has_its_own(self, acme, owner):
        response = owner.get("/workspaces/acme/prod/groups/")
        assert names(response) == ["Everyone"]
        assert "Create a group to give some end users more than others" in text(response)

    def test_it_is_the_first_of_the_two_tabs(self, acme, owner):
        tabs = owner.get(f"{acme.url}groups/").context["tabs"]
        assert [(tab["label"], tab["current"]) for tab in tabs] == [
            ("End-user groups", True),
            ("Authentication", False),
        ]

    def test_search(self, acme, owner):
        assert names(owner.get(f"{acme.url}groups/?q=SUPP")) == ["Support"]
        assert "No group matches" in text(owner.get(f"{acme.url}groups/?q=zzz"))

    def test_its_queries_do_not_grow_with_the_groups(self, acme, owner, query_count):
        few = query_count(owner, f"{acme.url}groups/")
        for number in range(8):
            create_group(environment=acme.dev, name=f"Group {number}", members=[acme.ada.pk], by=SYSTEM)
        assert query_count(owner, f"{acme.url}groups/") == few

    def test_a_viewer_sees_no_button_that_would_refuse(self, acme, as_role):
        assert "/groups/new/" not in as_role("viewer").get(f"{acme.url}groups/").content.decode()
        content = as_role("viewer").get(page(acme, acme.support)).content.decode()
        assert not any(word in content for word in ("/edit/", "/members/add/", "/delete/", 'type="checkbox"'))


class TestCreate:
    def send(self, client, acme, name="Builders", addresses=""):
        return client.post(f"{acme.url}groups/new/", {"name": name, "addresses": addresses})

    def test_with_members_by_address_in_one_event(self, acme, owner):
        before = ChangeEvent.objects.count()
        response = self.send(owner, acme, addresses="ADA@acme.example\n\nBo Lund <bo@acme.example>, ada@acme.example;")
        group = EndUserGroup.objects.get(name="Builders")
        assert response["Location"] == page(acme, group)
        assert {membership.end_user for membership in group.memberships.all()} == {acme.ada, acme.bo}
        assert ChangeEvent.objects.count() == before + 1
        sentence = "owner@acme.example created the group Builders in DEV with Ada Winter and Bo Lund."
        assert ChangeEvent.objects.about(group.pk).get().sentence == sentence

    def test_without_members(self, acme, owner):
        assert self.send(owner, acme).status_code == 302

    def test_unknown_addresses_are_named_at_the_field_and_all_is_kept(self, acme, owner):
        typed = "ada@acme.example\nnobody@acme.example, Ada"
        response = self.send(owner, acme, addresses=typed)
        (error,) = response.context["form"].errors["addresses"]
        assert error.startswith("No end user of Acme has one of the addresses nobody@acme.example, Ada.")
        assert response.context["form"]["addresses"].value() == typed
        assert response.context["form"]["name"].value() == "Builders"
        assert not EndUserGroup.objects.filter(name="Builders").exists()

    def test_people_of_another_workspace_are_as_unknown_as_nobody(self, acme, globex, owner):
        (foreign,) = self.send(owner, acme, addresses="ada@globex.example").context["form"].errors["addresses"]
        (unknown,) = self.send(owner, acme, addresses="none@globex.example").context["form"].errors["addresses"]
        assert foreign == unknown.replace("none@", "ada@")

    def test_people_without_access_to_the_environment_are_named(self, acme, owner):
        deactivate_end_user(end_user=acme.ada, by=SYSTEM)
        (error,) = self.send(owner, acme, addresses="ada@acme.example").context["form"].errors["addresses"]
        assert error == "ada@acme.example cannot sign in to DEV. Give access under End users first."

    def test_too_many_addresses_are_refused_with_the_number(self, acme, owner):
        addresses = "\n".join(f"p{number}@acme.example" for number in range(1001))
        (error,) = self.send(owner, acme, addresses=addresses).context["form"].errors["addresses"]
        assert error == "Give at most 1,000 addresses at once; these are 1,001."

    @pytest.mark.parametrize("name", ["support", " SUPPORT ", "everyone"])
    def test_a_taken_name_is_said_at_its_field(self, acme, owner, name):
        (error,) = self.send(owner, acme, name=name).context["form"].errors["name"]
        assert error == f"DEV already has a group named {name.strip()}. Choose another name."

    def test_the_same_name_may_exist_in_another_environment(self, acme, owner):
        response = owner.post("/workspaces/acme/test/groups/new/", {"name": "Support", "addresses": ""})
        assert response.status_code == 302


class TestDetail:
    def test_members_with_status_and_source(self, acme, owner):
        change_members(group=acme.support, add=[acme.ada.pk, acme.bo.pk], source=OKTA, by=OKTA_ACTOR)
        response = owner.get(page(acme, acme.support))
        assert "2 members" in text(response)
        assert cells(response, "Ada Winter")["Source"] == "Manual, SCIM · Okta Dev"
        assert cells(response, "Bo Lund") == {
            "Email address": "bo@acme.example",
            "Status": "Active",
            "Source": "SCIM · Okta Dev",
        }

    def test_only_members_by_hand_can_be_chosen_for_removal(self, acme, owner):
        change_members(group=acme.support, add=[acme.bo.pk], source=OKTA, by=OKTA_ACTOR)
        content = owner.get(page(acme, acme.support)).content.decode()
        assert f'value="{acme.ada.pk}"' in content and f'value="{acme.bo.pk}"' not in content

    def test_everyone_is_who_has_access_now(self, acme, owner):
        response = owner.get(page(acme, acme.everyone))
        assert names(response) == ["Ada Winter", "Bo Lund"]
        assert "Everyone holds everybody with access to DEV; it follows by itself." in text(response)
        assert cells(response, "Bo Lund")["Source"] == "SCIM · Okta Dev"

    def test_search_and_pages(self, acme, owner):
        members = add_people(acme, 60, groups=[acme.support])
        response = owner.get(page(acme, acme.support))
        assert len(names(response)) == 50 and "1–50 of 61" in text(response)
        assert names(owner.get(page(acme, acme.support), {"q": "p59@"})) == [members[59].full_name]
        assert "No member matches" in text(owner.get(page(acme, acme.support), {"q": "zzz"}))

    @pytest.mark.parametrize("action", ["", "delete/", "members/add/"])
    def test_its_queries_do_not_grow_with_the_members(self, acme, owner, query_count, action):
        few = query_count(owner, page(acme, acme.support, action))
        add_people(acme, 20, groups=[acme.support])
        assert query_count(owner, page(acme, acme.support, action)) == few

    def test_an_empty_group_says_what_to_do(self, acme, owner):
        group = create_group(environment=acme.dev, name="Empty", by=SYSTEM)
        assert "No members yet" in text(owner.get(page(acme, group)))


class TestReadOnly:
    """What nobody changes by hand."""

    REASONS = {
        "engineering": "Okta Dev manages this group. Change its members there.",
        "everyone": "Everyone holds everybody with access to DEV; it follows by itself.",
    }

    @pytest.mark.parametrize("which", REASONS)
    def test_the_page_says_why_and_has_no_buttons(self, acme, owner, which):
        response = owner.get(page(acme, getattr(acme, which)))
        assert self.REASONS[which] in text(response)
        content = response.content.decode()
        assert not any(word in content for word in ("/edit/", "/members/add/", "/delete/", 'type="checkbox"'))

    @pytest.mark.parametrize("which", REASONS)
    @pytest.mark.parametrize("action", ["edit/", "members/add/", "members/remove/", "delete/"])
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_every_change_is_refused_with_the_reason(self, acme, owner, which, action, method):
        group, events = getattr(acme, which), ChangeEvent.objects.count()
        data = {"name": "Forged", "addresses": "ada@acme.example", "members": [acme.bo.pk]}
        response = getattr(owner, method)(page(acme, group, action), data)
        assert response["Location"] == page(acme, group)
        assert self.REASONS[which] in text(owner.get(response["Location"]))
        assert ChangeEvent.objects.count() == events
        assert EndUserGroup.objects.get(pk=group.pk).name == group.name


class TestRename:
    def test_it_gets_another_name(self, acme, owner):
        owner.post(page(acme, acme.support, "edit/"), {"name": " Help  desk "})
        acme.support.refresh_from_db()
        assert acme.support.name == "Help desk"

    def test_a_taken_name_is_said_at_its_field_and_kept(self, acme, owner):
        response = owner.post(page(acme, acme.support, "edit/"), {"name": "engineering"})
        assert "already has a group named engineering" in response.context["form"].errors["name"][0]
        assert response.context["form"]["name"].value() == "engineering"
        assert "Support" in text(response)


class TestAddMembers:
    def send(self, client, acme, **data):
        return client.post(page(acme, acme.support, "members/add/"), data)

    def test_the_list_offers_those_with_access_who_are_not_in_yet(self, acme, owner):
        create_end_user(
            workspace=acme.workspace,
            profile=Profile("No Access", "no@acme.example", SYSTEM.source),
            by=SYSTEM,
        )
        words = text(owner.get(page(acme, acme.support, "members/add/")))
        assert "Choose Bo Lund" in words and "Choose Ada" not in words and "No Access" not in words
        assert "No end user matches" in text(owner.get(page(acme, acme.support, "members/add/?q=zzz")))

    def test_chosen_and_typed_people_together_in_one_event(self, acme, owner):
        cy, _ = add_people(acme, 2)
        before = ChangeEvent.objects.count()
        response = self.send(owner, acme, members=[acme.bo.pk], addresses=f"{cy.email}, {acme.bo.email}")
        assert set(acme.support.end_users) == {acme.ada, acme.bo, cy}
        assert ChangeEvent.objects.count() == before + 1
        assert "2 people are in Support now." in text(owner.get(response["Location"]))

    def test_an_unknown_address_adds_nobody_and_keeps_what_was_chosen_and_typed(self, acme, owner):
        response = self.send(owner, acme, members=[acme.bo.pk], addresses="nobody@acme.example")
        assert "has the address nobody@acme.example." in text(response)
        assert f'value="{acme.bo.pk}" checked' in response.content.decode()
        assert response.context["form"]["addresses"].value() == "nobody@acme.example"
        assert set(acme.support.end_users) == {acme.ada}

    def test_nobody_chosen_is_said(self, acme, owner):
        assert "Choose at least one end user, or type an address." in text(self.send(owner, acme))

    def test_people_of_another_workspace_are_refused_by_id_too(self, acme, globex, owner):
        response = self.send(owner, acme, members=[globex.ada.pk])
        assert list(response.context["form"].errors) == ["members"]
        assert "globex" not in text(response)
        assert set(acme.support.end_users) == {acme.ada}

    def test_nonsense_instead_of_an_id_is_an_error_of_the_form(self, acme, owner):
        response = self.send(owner, acme, members=["1 OR 1=1"])
        assert list(response.context["form"].errors) == ["members"]


class TestRemoveMembers:
    def test_it_asks_with_number_and_names(self, acme, owner):
        change_members(group=acme.support, add=[acme.bo.pk], by=SYSTEM)
        response = owner.get(page(acme, acme.support, "members/remove/"), {"members": [acme.ada.pk, acme.bo.pk]})
        words = text(response)
        assert "2 people will no longer be in Support." in words and "Remove 2 people" in words
        assert "Ada Winter" in words and "Bo Lund" in words
        assert acme.support.end_users.count() == 2

    def test_only_the_chosen_leave(self, acme, owner):
        change_members(group=acme.support, add=[acme.bo.pk], by=SYSTEM)
        owner.post(page(acme, acme.support, "members/remove/"), {"members": [acme.ada.pk]})
        assert set(acme.support.end_users) == {acme.bo}

    def test_what_an_idp_granted_stays(self, acme, owner):
        change_members(group=acme.support, add=[acme.bo.pk], source=OKTA, by=OKTA_ACTOR)
        response = owner.post(page(acme, acme.support, "members/remove/"), {"members": [acme.bo.pk]}, follow=True)
        assert "Somebody you chose is not a member by hand any more." in text(response)
        assert set(acme.support.end_users) == {acme.ada, acme.bo}

    def test_nobody_chosen_is_said(self, acme, owner):
        response = owner.get(page(acme, acme.support, "members/remove/"), follow=True)
        assert "Choose the members to remove first." in text(response)

    def test_nonsense_instead_of_an_id_removes_nobody(self, acme, owner):
        response = owner.post(page(acme, acme.support, "members/remove/"), {"members": ["1 OR 1=1"]})
        assert response["Location"] == page(acme, acme.support)
        assert set(acme.support.end_users) == {acme.ada}

    def test_many_names_are_cut_with_the_number_of_the_others(self, acme, owner):
        people = add_people(acme, 13, groups=[acme.support])
        response = owner.get(page(acme, acme.support, "members/remove/"), {"members": [each.pk for each in people]})
        assert "and 3 more" in text(response)


class TestDelete:
    def test_it_asks_with_the_number_of_members(self, acme, owner):
        words = text(owner.get(page(acme, acme.support, "delete/")))
        assert "Support will be deleted, with 1 member." in words and "Ada Winter" in words
        assert EndUserGroup.objects.filter(pk=acme.support.pk).exists()

    def test_the_group_goes_and_its_people_stay(self, acme, owner):
        response = owner.post(page(acme, acme.support, "delete/"))
        assert response["Location"] == f"{acme.url}groups/"
        assert not EndUserGroup.objects.filter(pk=acme.support.pk).exists()
        assert acme.ada in acme.everyone.end_users
        assert ChangeEvent.objects.about(acme.support.pk).first().before["members"] == [
            [str(acme.ada.pk), "Ada Winter", *MANUAL.listed()]
        ]

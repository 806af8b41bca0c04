"""Two end users who are one person: what the one who stays has, and the pages that lead there."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.db import DatabaseError
from django.utils import timezone

from tests.workspace.builders import OKTA, OKTA_ACTOR, provisioned
from tests.workspace.pages import names, text
from workspace.actions.access import end_access, set_manual_access
from workspace.actions.end_users import create_end_user, deactivate_end_user, set_password
from workspace.actions.members import change_members
from workspace.actions.merging import merge_end_users
from workspace.events import SYSTEM
from workspace.models import MANUAL, ChangeEvent, EndUser, MergedEndUser
from workspace.profile import Profile
from workspace.refusals import ActionError


def merge(stays, goes):
    """The facts of the merge, by their labels."""
    facts = merge_end_users(stays=stays, goes=goes, by=SYSTEM, now=timezone.now())
    stays.refresh_from_db()
    return {fact.label: f"{fact.value}. {fact.hint}" for fact in facts}


def nameless(acme, user_name="ada-1", **changes):
    """A person without an address, whom an IdP provisioned."""
    said = Profile("Ada Winter", "", OKTA, user_name)
    return create_end_user(workspace=acme.workspace, profile=said, source=OKTA, by=OKTA_ACTOR, **changes)


def rows(person, place):
    found = getattr(person, {"environment": "accesses", "group": "memberships"}[place])
    return sorted(found.values_list(f"{place}__name", "source_kind"))


def test_namesakes_have_the_name_or_the_part_of_the_address_before_the_at(acme, globex):
    for name, address in [
        ("ada winter", "other@acme.example"), ("Somebody", "ADA@else.example"), ("Another", "ada.b@acme.example"),
    ]:  # fmt: skip
        create_end_user(workspace=acme.workspace, profile=Profile(name, address, MANUAL), by=SYSTEM)
    found = acme.workspace.end_users.namesakes_of(acme.ada)
    assert {each.full_name for each in found} == {"ada winter", "Somebody"}


class TestWhatBecomesOne:
    def test_access_and_groups_of_all_sources_move_and_none_is_there_twice(self, acme):
        set_manual_access(end_user=acme.bo, environments=[acme.dev, acme.prod], by=SYSTEM)
        change_members(group=acme.support, add=[acme.bo.pk], by=SYSTEM)
        facts = merge(acme.ada, acme.bo)
        assert rows(acme.ada, "environment") == [
            ("DEV", "manual"), ("DEV", "scim"), ("PROD", "manual"), ("TEST", "scim"),
        ]  # fmt: skip
        assert rows(acme.ada, "group") == [("Engineering", "scim"), ("Support", "manual")]
        assert facts["Access"].endswith("1 that both have.") and facts["Access"].startswith("3 new: ")
        assert facts["Groups"] == "1 new: Engineering in DEV. 1 that both have."
        assert not EndUser.objects.filter(pk=acme.bo.pk).exists()

    def test_access_that_moves_counts_from_now_and_access_of_both_from_before(self, acme):
        old, now = timezone.now() - timedelta(days=9), timezone.now()
        for person in (acme.ada, acme.bo):
            person.accesses.update(created_at=old)
        merge(acme.ada, acme.bo)
        assert acme.ada.accesses.of_source(MANUAL).get().created_at == old
        assert all(access.created_at > now for access in acme.ada.accesses.of_source(OKTA))

    def test_name_and_address_of_the_one_who_stays_stay(self, acme):
        facts = merge(acme.ada, acme.bo)
        assert (acme.ada.full_name, acme.ada.email) == ("Ada Winter", "ada@acme.example")
        assert facts["Email address"].startswith("ada@acme.example. ") and "bo@acme.example" in facts["Email address"]
        # The other address is free.
        provisioned(acme.workspace, "Bo Lund", acme.dev)

    def test_who_has_no_address_gets_the_other_one_with_its_source(self, acme):
        person = nameless(acme)
        for each in (person, acme.bo):
            set_password(end_user=each, password="one", by=SYSTEM)
        facts = merge(person, acme.bo)
        assert facts["Password"] == "That of ada-1 stays. That of bo@acme.example is dropped."
        assert (person.email, person.email_key, person.user_name) == ("bo@acme.example", "bo@acme.example", "")
        assert person.email_source == OKTA

    def test_two_without_an_address_stay_without(self, acme):
        person = nameless(acme)
        merge(person, nameless(acme, "ada-2"))
        assert (person.email_key, person.user_name) == (None, "ada-1")

    @pytest.mark.parametrize(
        ("stays", "goes", "left"),
        [("one", "two", "one"), ("one", "", "one"), ("", "two", "two"), ("", "", "")],
    )
    def test_the_password_of_the_one_who_stays_stays_and_else_the_other_counts(self, acme, stays, goes, left):
        for person, password in ((acme.ada, stays), (acme.bo, goes)):
            if password:
                set_password(end_user=person, password=password, by=SYSTEM)
        passwords = {"one": acme.ada.password, "two": acme.bo.password, "": ""}
        merge(acme.ada, acme.bo)
        assert acme.ada.password == passwords[left]


def active(acme):
    return provisioned(acme.workspace, "Active One", acme.dev)


def without_access(acme):
    return provisioned(acme.workspace, "Without Access")


def ended_by_idp(acme):
    person = provisioned(acme.workspace, "Ended Here", acme.dev)
    end_access(end_user=person, source=OKTA, environment=acme.dev, by=OKTA_ACTOR)
    return person


def by_administrator(acme):
    person = provisioned(acme.workspace, "Locked Out", acme.dev)
    deactivate_end_user(end_user=person, by=SYSTEM)
    return person


class TestStatus:
    """Access counts as if the two had been one person from the beginning."""

    @pytest.mark.parametrize(
        ("one", "other", "status"),
        [
            (active, without_access, "active"),
            # Another source gives access: one is enough.
            (active, ended_by_idp, "active"),
            # Nothing gives access that would overrule the IdP.
            (without_access, ended_by_idp, "deactivated"),
            # Nobody but an administrator reactivates whom an administrator deactivated.
            (active, by_administrator, "deactivated"),
            (ended_by_idp, by_administrator, "deactivated"),
        ],
    )
    def test_it_is_the_same_whoever_stays(self, acme, one, other, status):
        for first, second in permutations([one, other]):
            stays, goes = first(acme), second(acme)
            facts = merge(stays, goes)
            assert stays.status == status
            assert facts["Status"].lower().startswith(status)
            assert ("is deactivated" in facts["Status"]) == (
                one in (active, without_access) and other != without_access
            )
            stays.delete()

    def test_who_becomes_active_is_so_from_now_on(self, acme):
        stays, before = ended_by_idp(acme), timezone.now()
        merge(stays, active(acme))
        assert stays.active_since > before


class TestHistory:
    def test_one_event_concerns_both_and_what_moved(self, acme):
        before = ChangeEvent.objects.count()
        merge(acme.ada, acme.bo)
        event = ChangeEvent.objects.first()
        assert ChangeEvent.objects.count() == before + 1
        assert event.sentence == ("System merged Bo Lund <bo@acme.example> into Ada Winter <ada@acme.example>.")
        subjects = set(event.subjects.values_list("subject_id", flat=True))
        assert subjects == {acme.ada.pk, acme.bo.pk, acme.engineering.pk, acme.dev.pk, acme.test.pk}
        assert event.before["merged"][0] == str(acme.bo.pk)
        assert event.before["merged"][1]["email"] == "bo@acme.example"
        assert [row[0] for row in event.before["access"]] == [str(acme.bo.pk)] * 2
        assert [row[0] for row in event.after["access"]] == [str(acme.ada.pk)] * 2

    def test_the_page_shows_the_changes_of_both_and_links_neither_to_itself(self, acme, owner):
        merge(acme.ada, acme.bo)
        page = owner.get(f"{acme.url}end-users/{acme.ada.pk}/")
        assert "OKTA" not in page.content.decode()
        for sentence in ("added Ada Winter", "added Bo Lund", "merged Bo Lund"):
            assert sentence in text(page)
        assert "Merged with Bo Lund, bo@acme.example" in text(page)
        assert f"end-users/{acme.bo.pk}/" not in page.content.decode()

    def test_other_pages_link_the_merged_one_to_the_one_who_stayed(self, acme, owner):
        merge(acme.ada, acme.bo)
        page = owner.get(f"{acme.url}groups/{acme.engineering.pk}/").content.decode()
        assert f'href="{acme.url}end-users/{acme.ada.pk}/"' in page and str(acme.bo.pk) not in page

    @pytest.mark.parametrize("tab", ["", "sign-in/", "provisioning/", "edit/", "deactivate/", "merge/"])
    def test_old_pages_lead_to_the_same_page_of_the_one_who_stayed_also_over_two_merges(self, acme, owner, tab):
        last = provisioned(acme.workspace, "Cy Stone", acme.dev)
        old = f"{acme.url}end-users/{acme.bo.pk}/{tab}"
        assert owner.get(old).status_code == 200
        merge(acme.ada, acme.bo)
        merge(last, acme.ada)
        assert owner.get(old)["Location"] == f"{acme.url}end-users/{last.pk}/{tab}"
        assert set(last.merged.values_list("pk", flat=True)) == {acme.ada.pk, acme.bo.pk}

    def test_nothing_is_done_to_the_one_who_stayed_by_a_button_of_the_old_page(self, acme, owner):
        merge(acme.ada, acme.bo)
        assert owner.post(f"{acme.url}end-users/{acme.bo.pk}/deactivate/").status_code == 404
        acme.ada.refresh_from_db()
        assert acme.ada.is_active

    def test_old_pages_lead_nobody_of_another_workspace_anywhere(self, acme, globex, owner):
        other = provisioned(globex.workspace, "Di Moss", globex.dev)
        merge(globex.ada, other)
        assert owner.get(f"{acme.url}end-users/{other.pk}/").status_code == 404
        assert owner.get(f"{globex.url}end-users/{other.pk}/").status_code == 404


class TestRefusals:
    def test_a_second_merge_of_the_same_two_changes_nothing_either_way_round(self, acme):
        merge(acme.ada, acme.bo)
        before = ChangeEvent.objects.count()
        for stays, goes in permutations([acme.ada, acme.bo]):
            with pytest.raises(ActionError, match="merged a moment ago"):
                merge_end_users(stays=stays, goes=goes, by=SYSTEM, now=timezone.now())
        assert ChangeEvent.objects.count() == before

    def test_a_row_read_before_the_merge_does_not_come_back_by_being_saved(self, acme):
        read = EndUser.objects.get(pk=acme.bo.pk)
        merge(acme.ada, acme.bo)
        with pytest.raises(DatabaseError, match="did not affect any rows"):
            read.save()

    def test_a_person_read_before_the_merge_is_not_deactivated_after_it(self, acme):
        read = EndUser.objects.get(pk=acme.bo.pk)
        merge(acme.ada, acme.bo)
        with pytest.raises(DatabaseError, match="did not affect any rows"):
            end_access(end_user=read, source=OKTA, environment=acme.dev, by=OKTA_ACTOR)


class TestPages:
    def choose(self, acme, person=None):
        return f"{acme.url}end-users/{(person or acme.ada).pk}/merge/"

    def confirm(self, acme, stays=None, goes=None):
        return f"{self.choose(acme, stays)}{(goes or acme.bo).pk}/"

    def test_the_way_from_the_page_of_a_person_to_the_merged_one(self, acme, owner):
        said = Profile("Ada Winter", "ada@old.example", OKTA)
        twin = create_end_user(
            workspace=acme.workspace, profile=said, environments=[acme.test], source=OKTA, by=OKTA_ACTOR
        )
        page = owner.get(f"{acme.url}end-users/{acme.ada.pk}/").content.decode()
        assert f'href="{self.choose(acme)}"' in page
        chosen = owner.get(self.choose(acme)).content.decode()
        assert f'href="{self.confirm(acme, goes=twin)}"' in chosen and str(acme.bo.pk) not in chosen
        asked = text(owner.get(self.confirm(acme, goes=twin)))
        assert "Ada Winter <ada@acme.example> stays." in asked and "This cannot be undone" in asked
        assert "1 new: TEST through Okta Dev" in asked
        assert (
            f'href="{self.confirm(acme, twin, acme.ada)}"' in owner.get(self.confirm(acme, goes=twin)).content.decode()
        )
        assert EndUser.objects.filter(pk=twin.pk).exists()
        done = owner.post(self.confirm(acme, goes=twin), follow=True)
        assert done.redirect_chain == [(f"{acme.url}end-users/{acme.ada.pk}/", 302)]
        assert "Ada Winter <ada@old.example> was merged into this person." in text(done)
        assert MergedEndUser.objects.get().pk == twin.pk

    @pytest.mark.parametrize("q", ["bo", "BO@ACME", "lund"])
    def test_anybody_else_of_the_workspace_is_found_by_name_or_address(self, acme, globex, owner, q):
        page = owner.get(self.choose(acme), {"q": q}).content.decode()
        assert "Bo Lund" in page and page.count(">Choose<") == 1
        assert "No end user matches" in text(owner.get(self.choose(acme), {"q": "ada"}))
        assert "Nobody has the same name" in text(owner.get(self.choose(acme)))

    def test_pressed_twice_or_gone_back_to_it_leads_to_the_merged_person(self, acme, owner):
        owner.post(self.confirm(acme))
        for method in ("get", "post"):
            again = getattr(owner, method)(self.confirm(acme))
            assert again["Location"] == f"{acme.url}end-users/{acme.ada.pk}/"
        swapped = owner.get(self.confirm(acme, acme.bo, acme.ada), follow=True)
        assert swapped.redirect_chain[-1][0] == f"{acme.url}end-users/{acme.ada.pk}/"
        assert owner.post(self.confirm(acme, acme.bo, acme.ada)).status_code == 404

    def test_nobody_merges_with_somebody_of_another_workspace_or_with_themselves(self, acme, globex, owner):
        before = ChangeEvent.objects.count()
        for method in ("get", "post"):
            assert getattr(owner, method)(self.confirm(acme, goes=globex.bo)).status_code == 404
            assert getattr(owner, method)(self.confirm(acme, stays=globex.bo, goes=acme.ada)).status_code == 404
            assert getattr(owner, method)(self.confirm(acme, goes=acme.ada)).status_code == 302
        assert ChangeEvent.objects.count() == before and EndUser.objects.count() == 4

    def test_a_viewer_sees_no_way_there(self, acme, as_role):
        assert "merge" not in as_role("viewer").get(f"{acme.url}end-users/{acme.ada.pk}/").content.decode()

    def test_names_from_right_to_left_turn_nothing_round(self, acme, owner):
        EndUser.objects.filter(pk=acme.bo.pk).update(full_name="בו לונד")
        assert "<bdi>בו לונד</bdi>" in owner.get(self.confirm(acme)).content.decode()

    def test_a_group_with_the_merged_one_shows_the_one_who_stayed(self, acme, owner):
        merge(acme.ada, acme.bo)
        assert names(owner.get(f"{acme.url}groups/{acme.engineering.pk}/")) == ["Ada Winter"]

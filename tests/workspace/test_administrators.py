"""Roles of administrators: who gives and takes which, the last owner, and what ends with a role."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.workspace.access import invited
from workspace.actions.administrators import change_role, remove_administrator
from workspace.events import SYSTEM, Actor
from workspace.models import Administrator, ChangeEvent, User
from workspace.refusals import ActionError

Role = Administrator.Role
NOW = timezone.now()


def actor(acme, role: str) -> Actor:
    return Actor.administrator(acme.roles[role])


def add(acme, email: str, role: str) -> Administrator:
    user = User.objects.create_user(email, factories.PASSWORD)
    return acme.workspace.administrators.create(user=user, role=role)


def roles(acme) -> dict[str, str]:
    return dict(acme.workspace.administrators.values_list("user__email", "role"))


def last_event() -> ChangeEvent:
    return ChangeEvent.objects.latest("id")


class TestChange:
    def test_a_role_is_changed_with_one_event_in_the_history_of_person_account_and_workspace(self, acme):
        before, viewer = ChangeEvent.objects.count(), acme.roles["viewer"]
        assert change_role(administrator=viewer, role=Role.ADMIN, by=acme.actor, now=NOW)
        assert ChangeEvent.objects.count() == before + 1
        event = last_event()
        assert event.sentence == "owner@acme.example changed the role of viewer@acme.example from Viewer to Admin."
        assert (event.before, event.after) == ({"role": "viewer"}, {"role": "admin"})
        for subject in (viewer, viewer.user, acme.workspace):
            assert event in ChangeEvent.objects.of(acme.workspace).about(subject.pk)

    def test_the_same_role_changes_nothing(self, acme):
        before = ChangeEvent.objects.count()
        assert not change_role(administrator=acme.roles["viewer"], role=Role.VIEWER, by=acme.actor, now=NOW)
        assert ChangeEvent.objects.count() == before

    @pytest.mark.parametrize(
        ("by", "whom", "role", "code"),
        [
            ("admin", "owner", "viewer", "owners_only"),
            ("admin", "viewer", "owner", "owners_only"),
            ("admin", "admin", "owner", "owners_only"),
            ("viewer", "viewer", "admin", "not_allowed"),
            ("viewer", "admin", "viewer", "not_allowed"),
        ],
    )
    def test_nobody_gives_or_takes_a_role_beyond_their_own(self, acme, by, whom, role, code):
        before = roles(acme)
        with pytest.raises(ActionError) as refusal:
            change_role(administrator=acme.roles[whom], role=Role(role), by=actor(acme, by), now=NOW)
        assert refusal.value.code == code
        assert roles(acme) == before

    def test_what_counts_is_the_role_that_the_one_who_acts_has_now(self, acme):
        add(acme, "second@acme.example", "owner")
        Administrator.objects.filter(pk=acme.roles["owner"].pk).update(role="viewer")
        with pytest.raises(ActionError, match="Your role in Acme has changed"):
            change_role(administrator=acme.roles["admin"], role=Role.VIEWER, by=acme.actor, now=NOW)

    @pytest.mark.parametrize("role", ["admin", "viewer"])
    def test_the_last_owner_cannot_step_down(self, acme, role):
        with pytest.raises(ActionError, match="This is the last owner of Acme"):
            change_role(administrator=acme.roles["owner"], role=Role(role), by=acme.actor, now=NOW)
        assert roles(acme)["owner@acme.example"] == "owner"

    def test_an_owner_whose_account_is_switched_off_does_not_count(self, acme):
        second = add(acme, "second@acme.example", "owner")
        User.objects.filter(pk=second.user_id).update(is_active=False)
        with pytest.raises(ActionError, match="last owner"):
            change_role(administrator=acme.roles["owner"], role=Role.ADMIN, by=acme.actor, now=NOW)

    def test_an_owner_of_another_workspace_does_not_count(self, acme, globex):
        with pytest.raises(ActionError, match="last owner"):
            remove_administrator(administrator=acme.roles["owner"], by=SYSTEM, now=NOW)

    def test_with_a_second_owner_the_first_may_step_down(self, acme):
        add(acme, "second@acme.example", "owner")
        assert change_role(administrator=acme.roles["owner"], role=Role.VIEWER, by=acme.actor, now=NOW)


class TestRemoval:
    def test_the_role_goes_and_the_account_stays(self, acme):
        viewer = acme.roles["viewer"]
        remove_administrator(administrator=viewer, by=actor(acme, "admin"), now=NOW)
        assert "viewer@acme.example" not in roles(acme)
        assert User.objects.filter(pk=viewer.user_id).exists()
        assert last_event().sentence == "admin@acme.example removed viewer@acme.example from Acme."
        assert last_event().before == {"email": "viewer@acme.example", "role": "viewer"}

    def test_everybody_may_leave_but_the_last_owner(self, acme):
        for role in ("viewer", "admin"):
            remove_administrator(administrator=acme.roles[role], by=actor(acme, role), now=NOW)
        assert last_event().sentence == "admin@acme.example left Acme."
        with pytest.raises(ActionError, match="last owner"):
            remove_administrator(administrator=acme.roles["owner"], by=acme.actor, now=NOW)
        assert list(roles(acme)) == ["owner@acme.example"]

    @pytest.mark.parametrize(("by", "whom"), [("admin", "owner"), ("viewer", "admin")])
    def test_nobody_removes_whose_role_is_beyond_theirs(self, acme, by, whom):
        with pytest.raises(ActionError):
            remove_administrator(administrator=acme.roles[whom], by=actor(acme, by), now=NOW)
        assert len(roles(acme)) == 3

    def test_who_is_gone_already_is_said(self, acme):
        remove_administrator(administrator=acme.roles["viewer"], by=acme.actor, now=NOW)
        viewer = Administrator(pk=acme.roles["admin"].pk, workspace=acme.workspace, user=acme.roles["viewer"].user)
        Administrator.objects.filter(pk=viewer.pk).delete()
        with pytest.raises(ActionError, match="is no administrator of Acme any more"):
            remove_administrator(administrator=viewer, by=acme.actor, now=NOW)

    def test_owners_are_mailed(self, acme, mails):
        add(acme, "second@acme.example", "owner")
        viewer = acme.roles["viewer"]
        [mail] = mails(lambda: remove_administrator(administrator=viewer, by=acme.actor, now=NOW))
        assert sorted(mail.to) == ["owner@acme.example", "second@acme.example"]
        assert mail.subject == "Access control of Acme was changed"
        assert "correct it under Access control" in " ".join(mail.body.split())


class TestWhatEndsWithARole:
    @pytest.mark.parametrize("end", ["removed", "changed"])
    def test_all_sessions_of_the_account_end_at_once_and_no_others(self, acme, end):
        viewer, others = acme.roles["viewer"], Client()
        browsers = [factories.sign_in(Client(), viewer) for _ in range(2)]
        factories.sign_in(others, acme.roles["admin"])
        if end == "removed":
            remove_administrator(administrator=viewer, by=acme.actor, now=NOW)
        else:
            change_role(administrator=viewer, role=Role.ADMIN, by=acme.actor, now=NOW)
        for browser in browsers:
            assert browser.get(f"{acme.url}groups/")["Location"].startswith("/sign-in/")
        assert others.get(f"{acme.url}groups/").status_code == 200

    def test_a_new_sign_in_works_after_they_ended(self, acme):
        viewer = acme.roles["viewer"]
        change_role(administrator=viewer, role=Role.ADMIN, by=acme.actor, now=NOW)
        viewer.user.refresh_from_db()
        browser = factories.sign_in(Client(), viewer)
        assert browser.get(f"{acme.url}end-users/add/").status_code == 200

    def test_open_invitations_of_who_is_removed_are_withdrawn(self, acme):
        mine, _ = invited(acme.workspace, actor(acme, "admin"))
        other, _ = invited(acme.workspace, acme.actor, "other@acme.example")
        remove_administrator(administrator=acme.roles["admin"], by=acme.actor, now=NOW)
        assert list(acme.workspace.administrator_invitations.open()) == [other]
        assert last_event().sentence.endswith("from Acme and withdrew 1 open invitation.")
        assert last_event().before["invitations"] == [[str(mine.pk), "new@acme.example", "viewer"]]

    def test_a_former_owner_keeps_only_invitations_that_an_admin_may_send(self, acme):
        add(acme, "second@acme.example", "owner")
        invited(acme.workspace, acme.actor, "heir@acme.example", "owner")
        kept, _ = invited(acme.workspace, acme.actor, "helper@acme.example", "admin")
        change_role(administrator=acme.roles["owner"], role=Role.ADMIN, by=acme.actor, now=NOW + timedelta(hours=1))
        assert list(acme.workspace.administrator_invitations.open()) == [kept]

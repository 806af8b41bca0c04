"""A second factor that a workspace requires of its administrators, and the installation of its operators."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.factories import PASSWORD
from tests.workspace.pages import text
from tests.workspace.races import at_once
from tests.workspace.two_step import code_of, with_two_step
from workspace.actions.passkeys import remove_passkey
from workspace.actions.second_factors import require_second_factor
from workspace.actions.two_step import disable_two_step
from workspace.events import SYSTEM, Actor
from workspace.models import Administrator, ChangeEvent, Passkey, User, Workspace
from workspace.refusals import ActionError

PAGE = "/workspaces/acme/dev/access-control/second-factor/"
LIST = "/workspaces/acme/dev/access-control/"
GATE = "/account/second-factor/"


def passkey(user: User, name: str = "MacBook") -> Passkey:
    return Passkey.objects.create(
        user=user, name=name, credential_id=f"{user.pk}{name}", public_key="a", sign_count=0, challenged_at=0
    )


def browser(who: Administrator, *, second_factor: bool = True) -> Client:
    client = factories.sign_in(Client(), who)
    session = client.session
    session["has_second_factor"] = second_factor
    session.save()
    return client


def required(place) -> None:
    Workspace.objects.filter(pk=place.workspace.pk).update(requires_second_factor=True)


@pytest.fixture
def owner(acme):
    """An owner who has an authenticator app and signed in with it."""
    with_two_step(acme.roles["owner"].user)
    return browser(acme.roles["owner"])


class TestTurningOn:
    def test_it_says_how_many_have_none_and_tells_the_owners(self, acme, owner, mails):
        passkey(acme.roles["admin"].user)
        page = text(owner.get(PAGE))
        assert "1 administrator has no second factor yet." in page and "viewer@acme.example" in page
        assert "admin@acme.example" not in page
        [mail] = mails(lambda: owner.post(PAGE, {"is_required": "true"}))
        assert mail.to == ["owner@acme.example"]
        event = ChangeEvent.objects.latest("id")
        assert event.sentence == "owner@acme.example decided that Acme requires a second factor of all administrators."
        assert (event.before, event.after) == ({"requires_second_factor": False}, {"requires_second_factor": True})
        assert "Require a second factor On" in text(owner.get(LIST))

    def test_turning_it_on_again_changes_nothing(self, acme, owner):
        owner.post(PAGE, {"is_required": "true"})
        before = ChangeEvent.objects.count()
        assert "Nothing was changed." in text(owner.post(PAGE, {"is_required": "true"}, follow=True))
        assert ChangeEvent.objects.count() == before

    def test_whoever_turns_it_on_needs_a_second_factor_of_their_own(self, acme):
        client = browser(acme.roles["owner"], second_factor=False)
        assert "Set up a second factor of your own first." in text(client.get(PAGE))
        assert client.post(PAGE, {"is_required": "true"})["Location"].startswith(GATE)
        with pytest.raises(ActionError, match="of your own first"):
            require_second_factor(workspace=acme.workspace, is_required=True, by=acme.actor)
        assert not Workspace.objects.get(pk=acme.workspace.pk).requires_second_factor

    def test_it_asks_for_the_password_again(self, acme, owner):
        session = owner.session
        session["proved_at"] = 0
        session.save()
        assert owner.post(PAGE, {"is_required": "true"})["Location"].startswith("/confirm-identity/")
        assert not Workspace.objects.get(pk=acme.workspace.pk).requires_second_factor

    def test_an_owner_who_is_none_any_more_is_refused(self, acme, owner):
        Administrator.objects.filter(pk=acme.roles["owner"].pk).update(role="admin")
        with pytest.raises(ActionError, match="Only an owner of Acme"):
            require_second_factor(workspace=acme.workspace, is_required=True, by=acme.actor)

    def test_turning_it_off_lets_a_password_open_the_workspace_again(self, acme, owner):
        required(acme)
        assert "A password alone will open Acme again." in text(owner.get(PAGE))
        owner.post(PAGE, {"is_required": "false"})
        assert browser(acme.roles["viewer"], second_factor=False).get(LIST).status_code == 200


class TestBeingRequired:
    @pytest.mark.parametrize("role", ["owner", "admin", "viewer"])
    @pytest.mark.parametrize("path", ["access-control/", "groups/", "end-users/add/", "audit-log/export.csv"])
    def test_no_page_of_the_workspace_opens_without_one(self, acme, role, path):
        required(acme)
        client = browser(acme.roles[role], second_factor=False)
        for method in (client.get, client.post):
            assert method(f"/workspaces/acme/dev/{path}")["Location"].startswith(GATE)

    def test_a_removed_workspace_is_not_taken_back_without_one(self, acme):
        required(acme)
        Workspace.objects.filter(pk=acme.workspace.pk).update(removed_at=timezone.now())
        client = browser(acme.roles["owner"], second_factor=False)
        assert client.post("/workspaces/acme/removed/")["Location"].startswith(GATE)
        assert Workspace.objects.get(pk=acme.workspace.pk).removed_at

    def test_other_workspaces_stay_open(self, acme, globex):
        required(globex)
        client = browser(acme.roles["owner"], second_factor=False)
        assert client.get(LIST).status_code == 200

    def test_the_page_leads_to_setting_one_up_and_back(self, acme):
        required(acme)
        client = browser(acme.roles["viewer"], second_factor=False)
        response = client.get(LIST, follow=True)
        assert "A second factor is required for Acme. You have none yet." in text(response)
        assert "/account/two-step/?next=/workspaces/acme/dev/access-control/" in response.content.decode().replace(
            "%2F", "/"
        )
        page = client.get(f"/account/two-step/?next={LIST}").content.decode()
        key = re.search(r'id="key"[^>]*>([A-Z2-7 ]+)<', page)[1].replace(" ", "")
        done = client.post(f"/account/two-step/?next={LIST}", {"code": code_of(key)})
        assert f'href="{LIST}">I have saved them' in " ".join(done.content.decode().split())
        assert client.get(LIST).status_code == 200

    def test_what_was_typed_comes_back(self, acme):
        required(acme)
        client = browser(acme.roles["owner"], second_factor=False)
        add = "/workspaces/acme/dev/end-users/add/"
        client.post(add, {"full_name": "Zoe", "email": ""}, headers={"referer": f"http://testserver{add}"})
        session = client.session
        session["has_second_factor"] = True
        session.save()
        assert 'value="Zoe"' in client.get(add).content.decode()

    @pytest.mark.parametrize("path", ["/account/two-step/", "/account/passkeys/add/"])
    def test_a_password_alone_adds_no_factor_where_there_is_one(self, acme, path):
        required(acme)
        passkey(acme.roles["viewer"].user)
        client = browser(acme.roles["viewer"], second_factor=False)
        assert client.get(path)["Location"].startswith(GATE)
        assert client.post(path, {"code": "000000"})["Location"].startswith(GATE)
        assert "You signed in with your password alone." in text(client.get(GATE))

    def test_the_page_leads_on_where_the_session_has_one(self, acme, owner):
        assert owner.get(f"{GATE}?next={LIST}")["Location"] == LIST
        assert owner.get(f"{GATE}?next=https://foreign.example/")["Location"] == "/"


class TestTheLastOne:
    def test_it_is_not_turned_off_while_required(self, acme):
        required(acme)
        user = acme.roles["viewer"].user
        with_two_step(user)
        with pytest.raises(ActionError, match="It is required for Acme"):
            disable_two_step(user=user, by=Actor.account(user))
        key = passkey(user)
        disable_two_step(user=user, by=Actor.account(user))
        with pytest.raises(ActionError, match="It is required for Acme"):
            remove_passkey(user=user, passkey=key.pk, by=Actor.account(user))
        assert User.objects.get(pk=user.pk).has_second_factor

    def test_the_page_says_why(self, acme, owner):
        required(acme)
        Passkey.objects.all().delete()
        codes = with_two_step(acme.roles["admin"].user)[1]
        client = browser(acme.roles["admin"])
        page = text(client.post("/account/two-step/turn-off/", {"code": codes[0]}))
        assert "This is your only second factor. It is required for Acme, so add another one first." in page

    def test_an_operator_turns_it_off_for_somebody_who_has_lost_it(self, acme):
        required(acme)
        user = acme.roles["viewer"].user
        key = passkey(user)
        client = factories.as_operator(Client())
        client.post("/operator/workspace/user/", {"action": "remove_passkeys", "_selected_action": [user.pk]})
        assert not Passkey.objects.filter(pk=key.pk).exists()
        assert "op@example.com removed the passkey MacBook." in ChangeEvent.objects.latest("id").sentence

    @pytest.mark.django_db(transaction=True)
    def test_of_two_turned_off_at_once_one_stays(self, transactional_db):
        workspace = factories.workspace("acme")
        workspace.requires_second_factor = True
        workspace.save()
        for _ in range(5):
            User.objects.all().delete()
            user = factories.administrator(workspace).user
            with_two_step(user)
            key, by = passkey(user), Actor.account(user)
            outcomes = at_once(
                lambda user=user, by=by: disable_two_step(user=user, by=by),
                lambda user=user, by=by, key=key: remove_passkey(user=user, passkey=key.pk, by=by),
            )
            assert sorted(outcomes) == ["done", "second_factor_required"]
            assert User.objects.get(pk=user.pk).has_second_factor


class TestOperators:
    def test_their_pages_open_with_both_factors_only(self, db, client):
        user = User.objects.create_superuser("op@example.com", PASSWORD)
        client.force_login(user)
        for path in ("/operator/", "/operator/workspace/user/", "/operator/gallery/"):
            assert client.get(path, follow=True).redirect_chain[-1][0].startswith(GATE)
        response = client.get("/operator/workspace/user/", follow=True)
        assert "A second factor is required for the operator pages." in text(response)
        assert "next=%2Foperator%2Fworkspace%2Fuser%2F" in response.redirect_chain[-1][0]

    def test_a_developer_needs_none(self, db, client, settings):
        settings.DEBUG = True
        client.force_login(User.objects.create_superuser("op@example.com", PASSWORD))
        assert client.get("/operator/").status_code == 200

    def test_they_keep_their_last_one(self, db):
        user = User.objects.create_superuser("op@example.com", PASSWORD)
        with_two_step(user)
        with pytest.raises(ActionError, match="the operator pages"):
            disable_two_step(user=user, by=Actor.account(user))

    def test_an_operator_may_require_it_of_a_workspace(self, acme):
        assert require_second_factor(workspace=acme.workspace, is_required=True, by=SYSTEM)

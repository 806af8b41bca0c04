"""The danger zone: a workspace is renamed, removed, and taken back within seven days."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.workspace.access import invited
from tests.workspace.pages import text
from workspace.actions.workspaces import remove_workspace, restore_workspace
from workspace.events import SYSTEM, Actor
from workspace.models import ChangeEvent, Workspace
from workspace.refusals import ActionError

HOME = "/workspaces/acme/dev/access-control/"
REMOVED = "/workspaces/acme/removed/"


@pytest.fixture
def signed_in(acme):
    """Browsers of acme's administrators whose password was given just now."""
    return lambda role: factories.sign_in(Client(), acme.roles[role])


@pytest.fixture
def owner(signed_in):
    return signed_in("owner")


def name_of(place) -> str:
    return Workspace.objects.get(pk=place.workspace.pk).name


class TestRename:
    def test_the_name_changes_and_the_urls_stay(self, acme, owner):
        page = text(owner.post(f"{HOME}rename/", {"name": "  Acme   Group "}, follow=True))
        assert "The workspace was renamed." in page
        assert name_of(acme) == "Acme Group"
        event = ChangeEvent.objects.latest("id")
        assert event.sentence == "owner@acme.example renamed the workspace Acme to Acme Group."
        assert (event.before, event.after) == ({"name": "Acme"}, {"name": "Acme Group"})
        assert event.sentence in page

    def test_the_same_name_changes_nothing(self, acme, owner):
        before = ChangeEvent.objects.count()
        assert "Nothing was changed." in text(owner.post(f"{HOME}rename/", {"name": "Acme"}, follow=True))
        assert ChangeEvent.objects.count() == before

    @pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 101, "Acme \u202eemcA"])
    def test_a_name_that_nothing_may_have_is_an_error_of_its_field(self, acme, owner, name):
        assert "thing to correct" in text(owner.post(f"{HOME}rename/", {"name": name}))
        assert name_of(acme) == "Acme"


class TestRemoval:
    def test_it_asks_with_numbers_and_for_the_name(self, acme, owner):
        page = text(owner.get(f"{HOME}remove/"))
        assert "Acme closes at once for 2 end users and all administrators." in page
        assert "This removes 3 environments, 0 identity providers, 3 administrators and 2 end-user groups." in page
        assert "You can take it back within 7 days." in page and "Type Acme to confirm" in page
        german = text(owner.get(f"{HOME}remove/", headers={"accept-language": "de"}))
        assert "3 Umgebungen" in german and "3 Administratoren" in german

    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("", "Type the name of the workspace."),
            ("Globex", "This is not the name of the workspace. Type Acme."),
            ("acm", "This is not the name of the workspace. Type Acme."),
        ],
    )
    def test_without_the_name_nothing_happens(self, acme, owner, name, sentence):
        before = ChangeEvent.objects.count()
        assert sentence in text(owner.post(f"{HOME}remove/", {"name": name}))
        assert not Workspace.objects.exclude(removed_at=None).exists() and ChangeEvent.objects.count() == before

    def test_every_page_of_it_is_closed_at_once_and_says_until_when(self, acme, owner, signed_in):
        response = owner.post(f"{HOME}remove/", {"name": "acme "}, follow=True)
        assert "Acme was removed" in text(response) and "Take Acme back" in text(response)
        for role in ("owner", "admin", "viewer"):
            for path in ("groups/", "end-users/add/", "access-control/", "authentication/"):
                for method in ("get", "post"):
                    answer = getattr(signed_in(role), method)(acme.url + path)
                    assert answer.status_code == 302 and answer["Location"] == REMOVED
        assert signed_in("viewer").get("/workspaces/acme/")["Location"] == REMOVED
        page = text(signed_in("admin").get(REMOVED))
        assert "Only an owner can take it back: owner@acme.example." in page and "Take Acme back" not in page

    def test_its_page_leads_to_other_workspaces_if_there_are_any(self, acme, globex, owner):
        remove_workspace(workspace=acme.workspace, by=acme.actor, now=timezone.now())
        assert "Choose another workspace" not in text(owner.get(REMOVED))
        globex.workspace.administrators.create(user=acme.roles["owner"].user, role="viewer")
        assert "Choose another workspace" in text(owner.get(REMOVED))
        assert "Owner · Removed" in text(owner.get("/"))

    def test_end_users_find_nothing_there(self, acme, client):
        place = "/sign-in/acme/dev/"
        assert client.get(place).status_code == 200
        remove_workspace(workspace=acme.workspace, by=acme.actor, now=timezone.now())
        for path in ("", "password/", "password-forgotten/", "account/"):
            assert client.get(place + path, follow=True).status_code == 404

    def test_an_invitation_to_it_says_so(self, acme, client):
        _, token = invited(acme.workspace, acme.actor)
        remove_workspace(workspace=acme.workspace, by=acme.actor, now=timezone.now())
        response = client.get(f"/invitations/?token={token}")
        assert response.status_code == 410 and "Acme was removed." in response.content.decode()

    def test_owners_are_mailed_and_one_event_tells_it(self, acme, mails):
        before = ChangeEvent.objects.count()
        [mail] = mails(lambda: remove_workspace(workspace=acme.workspace, by=acme.actor, now=timezone.now()))
        assert mail.to == ["owner@acme.example"] and "removed the workspace Acme" in mail.body
        remove_workspace(workspace=acme.workspace, by=acme.actor, now=timezone.now())
        assert ChangeEvent.objects.count() == before + 1

    def test_another_workspace_stays_open(self, acme, globex):
        remove_workspace(workspace=acme.workspace, by=acme.actor, now=timezone.now())
        assert factories.sign_in(Client(), globex.roles["owner"]).get(f"{globex.url}groups/").status_code == 200

    @pytest.mark.parametrize("role", ["admin", "viewer"])
    def test_only_an_owner_removes_it_and_takes_it_back(self, acme, signed_in, role):
        by, now = Actor.administrator(acme.roles[role]), timezone.now()
        with pytest.raises(ActionError, match="Only an owner of Acme"):
            remove_workspace(workspace=acme.workspace, by=by, now=now)
        remove_workspace(workspace=acme.workspace, by=acme.actor, now=now)
        with pytest.raises(ActionError, match="Only an owner of Acme"):
            restore_workspace(workspace=acme.workspace, by=by, now=now)
        assert signed_in(role).post(REMOVED).status_code == 403
        assert Workspace.objects.get(slug="acme").removed_at


class TestTakingBack:
    def test_everything_is_as_it_was(self, acme, owner):
        remove_workspace(workspace=acme.workspace, by=acme.actor, now=timezone.now())
        page = text(owner.post(REMOVED, follow=True))
        assert "Acme is open again, as it was." in page
        assert owner.get(f"{acme.url}end-users/").status_code == 200
        assert ChangeEvent.objects.latest("id").sentence == "owner@acme.example took the workspace Acme back."

    def test_it_is_possible_for_seven_days_and_not_longer(self, acme, owner):
        removed_at = timezone.now()
        remove_workspace(workspace=acme.workspace, by=SYSTEM, now=removed_at)
        late, last = removed_at + timedelta(days=7), removed_at + timedelta(days=7, seconds=-1)
        with pytest.raises(ActionError, match="The time to take Acme back is over"):
            restore_workspace(workspace=acme.workspace, by=acme.actor, now=late)
        Workspace.objects.filter(slug="acme").update(removed_at=timezone.now() - timedelta(days=7))
        assert "It cannot be taken back any more." in text(owner.get(REMOVED))
        assert "The time to take Acme back is over." in text(owner.post(REMOVED, follow=True))
        Workspace.objects.filter(slug="acme").update(removed_at=removed_at)
        restore_workspace(workspace=acme.workspace, by=acme.actor, now=last)
        assert Workspace.objects.get(slug="acme").removed_at is None

    def test_the_page_of_an_open_workspace_leads_to_it(self, acme, globex, owner):
        assert owner.get(REMOVED)["Location"] == "/workspaces/acme/"
        assert owner.get("/workspaces/globex/removed/").status_code == 404
        assert owner.post("/workspaces/globex/removed/").status_code == 404

"""API tokens: who may make them, what is kept and shown of them, and how they end."""

import re
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.workspace.access import EVERYBODY, MANAGERS, TOKEN_PAGES
from tests.workspace.pages import text
from tests.workspace.races import at_once
from workspace.actions import api_tokens as actions
from workspace.actions.api_tokens import issue_api_token, revoke_api_token, rotate_api_token
from workspace.events import SYSTEM, Actor
from workspace.models import ApiToken, ChangeEvent, ConsoleSession
from workspace.refusals import ActionError
from workspace.tokens import is_proved

LIST = "/workspaces/acme/dev/api-tokens/"
NEW = f"{LIST}new/"
FORM = {"name": "Nightly import", "where": "all", "ends": "90", "scope-end-users": "change", "scope-groups": "read"}
CLEAR = re.compile(r"api_[a-z0-9]{10}_[\w-]{43}")

every_page = pytest.mark.parametrize(("path", "readers"), list(TOKEN_PAGES.values()))
both_methods = pytest.mark.parametrize("method", ["get", "post"])


def issued(place, **fields):
    """A token of a workspace and its clear text."""
    given = {"name": "Nightly import", "scopes": ["groups:read"], "environments": None, "expires_at": None}
    given |= {"by": SYSTEM, "now": timezone.now()}
    return issue_api_token(workspace=place.workspace, **(given | fields))


def state():
    rows = ApiToken.objects.order_by("pk").values_list("pk", "revoked_at", "expires_at", "rotated_to")
    return list(rows), ChangeEvent.objects.count()


@pytest.fixture
def signed_in(acme):
    """Browsers of acme's administrators whose password was given just now."""
    return lambda role: factories.sign_in(Client(), acme.roles[role])


@pytest.fixture
def owner(signed_in):
    return signed_in("owner")


class TestWhoMay:
    @every_page
    @pytest.mark.parametrize("role", sorted(EVERYBODY))
    def test_each_role_opens_what_it_may(self, acme, signed_in, path, readers, role):
        place = f"/workspaces/acme/dev/{path.format(token=issued(acme)[0].pk)}"
        assert signed_in(role).get(place).status_code == (200 if role in readers else 403)

    @pytest.mark.parametrize("path", [path for path, readers in TOKEN_PAGES.values() if readers == MANAGERS])
    def test_a_viewer_changes_nothing(self, acme, signed_in, path):
        place = f"/workspaces/acme/dev/{path.format(token=issued(acme)[0].pk)}"
        before = state()
        response = signed_in("viewer").post(place, FORM | {"overlap": "0"})
        assert response.status_code == 403
        assert "Your role Viewer may not manage API tokens." in response.content.decode()
        assert state() == before

    def test_a_viewer_sees_the_list_without_actions_and_without_a_secret(self, acme, signed_in):
        token, clear = issued(acme)
        page = signed_in("viewer").get(LIST).content.decode()
        assert token.masked in page and clear not in page
        assert "Create token" not in page and "Revoke" not in page

    @every_page
    @both_methods
    def test_another_workspace_is_absent(self, acme, globex, owner, path, readers, method):
        place = path.format(token=issued(globex)[0].pk)
        before = state()
        assert getattr(owner, method)(f"/workspaces/globex/dev/{place}", FORM).status_code == 404
        assert state() == before

    @pytest.mark.parametrize("act", ["rotate", "revoke"])
    @both_methods
    def test_a_token_of_another_workspace_is_as_absent_as_none(self, acme, globex, owner, act, method):
        foreign, _ = issued(globex)
        before = state()
        for pk in (foreign.pk, uuid4()):
            assert getattr(owner, method)(f"{LIST}{pk}/{act}/", {"overlap": "0"}).status_code == 404
        assert state() == before

    @pytest.mark.parametrize("path", ["new/", "{token}/rotate/", "{token}/revoke/"])
    @both_methods
    def test_changes_need_a_recent_password(self, acme, as_role, path, method):
        place = LIST + path.format(token=issued(acme)[0].pk)
        before = state()
        response = getattr(as_role("owner"), method)(place, FORM | {"overlap": "0"})
        assert response["Location"].startswith("/confirm-identity/")
        assert state() == before

    def test_a_role_that_was_lost_a_moment_ago_makes_no_token(self, acme):
        by = Actor.administrator(acme.roles["admin"])
        acme.workspace.administrators.filter(pk=by.id).update(role="viewer")
        with pytest.raises(ActionError, match="has changed"):
            issued(acme, by=by)

    def test_without_signing_in_there_is_only_the_sign_in_page(self, acme, client):
        assert client.get(LIST)["Location"].startswith("/sign-in/?next=")


class TestCreating:
    def test_the_token_is_shown_once_and_only_its_digest_is_kept(self, acme, owner, mails):
        [mail] = mails(lambda: owner.post(NEW, FORM))
        first = owner.get(LIST)
        [clear] = set(CLEAR.findall(first.content.decode()))
        assert "It cannot be shown again." in text(first)
        assert not CLEAR.search(owner.get(LIST).content.decode())
        token = ApiToken.objects.get()
        assert is_proved(clear, token.digest) and clear.startswith(token.prefix) and clear.endswith(token.last_four)
        assert token.scopes == ["end-users:change", "groups:read"]
        assert token.lifetime.days in (89, 90) and token.is_everywhere
        kept = str([*ApiToken.objects.values(), *ChangeEvent.objects.values(), *ConsoleSession.objects.values()])
        assert clear not in kept + mail.body
        assert mail.to == ["owner@acme.example"] and "created the API token Nightly import" in mail.body

    def test_it_is_one_change_with_scopes_environments_and_end(self, acme, owner):
        before = ChangeEvent.objects.count()
        data = FORM | {"where": "selected", "environments": [acme.dev.pk, acme.prod.pk], "ends": "never"}
        owner.post(NEW, data)
        event = ChangeEvent.objects.first()
        assert ChangeEvent.objects.count() == before + 1
        assert event.sentence == "owner@acme.example created the API token Nightly import."
        assert event.after["scopes"] == ["end-users:change", "groups:read"] and event.after["expires_at"] == "never"
        assert [name for _, name in event.after["environments"]] == ["DEV", "PROD"]
        assert "DEV, PROD" in text(owner.get(LIST))

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"name": ""}, "Enter a name."),
            ({"name": "\u200b"}, "Enter a name."),
            ({"name": "x" * 101}, "at most 100 characters"),
            ({"name": "a\u202eb"}, "Remove the invisible characters"),
            ({"scope-end-users": "", "scope-groups": ""}, "Choose at least one thing"),
            ({"scope-audit-events": "change"}, "Select a valid choice"),
            ({"scope-groups": "everything"}, "Select a valid choice"),
            ({"where": "selected"}, "Choose at least one environment."),
            ({"where": ""}, "Choose all or selected environments."),
            ({"where": "selected", "environments": ["not-an-id"]}, "not a valid"),
            ({"where": "selected", "environments": [str(uuid4())]}, "not one of the available choices"),
            ({"ends": "date"}, "Enter the date."),
            ({"ends": "date", "expires_on": "soon"}, "Enter a date like 2027-01-31."),
            ({"ends": "date", "expires_on": "2020-01-01"}, "Choose a day after today, within three years."),
            ({"ends": "date", "expires_on": "9999-12-30"}, "Choose a day after today, within three years."),
            ({"ends": "date", "expires_on": "9999-12-31"}, "Choose a day after today, within three years."),
            ({"ends": "sometime"}, "Select a valid choice"),
        ],
    )
    def test_wrong_input_is_named_and_makes_nothing(self, acme, owner, change, sentence):
        before = state()
        response = owner.post(NEW, FORM | change)
        assert response.status_code == 200 and sentence in text(response)
        assert 'value="Nightly import"' in response.content.decode() or "name" in change
        assert state() == before

    def test_an_environment_of_another_workspace_is_no_choice(self, acme, globex, owner):
        response = owner.post(NEW, FORM | {"where": "selected", "environments": [globex.dev.pk]})
        assert "not one of the available choices" in text(response)
        assert not ApiToken.objects.exists()

    def test_a_chosen_date_is_the_last_day(self, acme, owner):
        day = timezone.now().date() + timedelta(days=3)
        owner.post(NEW, FORM | {"ends": "date", "expires_on": day.isoformat()})
        ends_at = datetime.combine(day, time.max, UTC)
        assert ApiToken.objects.get().expires_at == ends_at

    def test_there_is_a_limit_of_live_tokens(self, acme, monkeypatch):
        monkeypatch.setattr(actions, "MOST_LIVE", 2)
        issued(acme)
        issued(acme, expires_at=timezone.now() + timedelta(hours=1))
        with pytest.raises(ActionError, match="2 tokens are live already"):
            issued(acme)


class TestRotating:
    @pytest.mark.parametrize(("overlap", "hours"), [("0", 0), ("1", 1), ("24", 24), ("168", 168)])
    def test_the_new_one_has_the_same_rights_and_the_old_one_ends_when_it_was_said(self, acme, owner, overlap, hours):
        expiry = timezone.now() + timedelta(days=30)
        old, _ = issued(acme, environments=[acme.dev], expires_at=expiry)
        owner.post(f"{LIST}{old.pk}/rotate/", {"overlap": overlap})
        new = ApiToken.objects.exclude(pk=old.pk).get()
        old.refresh_from_db()
        assert (new.name, new.scopes, list(new.environments.all())) == (old.name, old.scopes, [acme.dev])
        assert new.created_by_name == "owner@acme.example" and abs(new.lifetime - timedelta(days=30)) < timedelta(1)
        assert abs(old.expires_at - timezone.now() - timedelta(hours=hours)) < timedelta(minutes=1)
        assert old.is_live(timezone.now()) is bool(hours)
        page = text(owner.get(LIST))
        assert ("Rotated" in page) is bool(hours) and "This is the new token" in page

    def test_an_overlap_never_makes_the_old_one_live_longer(self, acme):
        soon = timezone.now() + timedelta(hours=2)
        old, _ = issued(acme, expires_at=soon)
        rotate_api_token(token=old, overlap=timedelta(days=7), by=SYSTEM, now=timezone.now())
        assert ApiToken.objects.get(pk=old.pk).expires_at == soon

    def test_an_old_one_is_not_rotated_twice(self, acme, owner):
        old, _ = issued(acme)
        owner.post(f"{LIST}{old.pk}/rotate/", {"overlap": "24"})
        before = state()
        page = text(owner.post(f"{LIST}{old.pk}/rotate/", {"overlap": "24"}))
        assert "was rotated already. Rotate the newer token." in page
        assert state() == before

    def test_a_choice_must_be_made(self, acme, owner):
        old, _ = issued(acme)
        before = state()
        for overlap in ("", "5", "never"):
            assert owner.post(f"{LIST}{old.pk}/rotate/", {"overlap": overlap}).status_code == 200
        assert state() == before

    @pytest.mark.django_db(transaction=True)
    def test_of_two_rotations_at_once_one_wins(self, acme):
        old, _ = issued(acme)

        def rotate():
            rotate_api_token(token=old, overlap=timedelta(hours=1), by=SYSTEM, now=timezone.now())

        assert sorted(at_once(*[rotate] * 4)) == ["done"] + ["rotated_already"] * 3
        assert ApiToken.objects.count() == 2


class TestEnding:
    def test_revoking_asks_with_the_last_use_and_ends_it_at_once(self, acme, owner):
        token, _ = issued(acme)
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now(), last_used_from="192.0.2.7")
        page = text(owner.get(f"{LIST}{token.pk}/revoke/"))
        assert "Programs that use Nightly import are refused at once." in page and "from 192.0.2.7" in page
        page = text(owner.post(f"{LIST}{token.pk}/revoke/", follow=True))
        assert "was revoked" in page and "Ended tokens" in page
        assert not ApiToken.objects.live().exists()
        assert ChangeEvent.objects.first().sentence == "owner@acme.example revoked the API token Nightly import."

    @pytest.mark.parametrize("act", [revoke_api_token, rotate_api_token])
    @pytest.mark.parametrize("field", ["revoked_at", "expires_at"])
    def test_what_has_ended_is_neither_revoked_nor_rotated(self, acme, act, field):
        token, _ = issued(acme)
        ApiToken.objects.filter(pk=token.pk).update(**{field: timezone.now()})
        before = state()
        more = {"overlap": timedelta(0)} if act is rotate_api_token else {}
        with pytest.raises(ActionError, match="has ended already"):
            act(token=token, by=SYSTEM, now=timezone.now(), **more)
        assert state() == before

    def test_removing_who_made_it_says_that_it_goes_on(self, acme, owner):
        issued(acme, by=Actor.administrator(acme.roles["admin"]))
        page = text(owner.get(f"/workspaces/acme/dev/access-control/{acme.roles['admin'].pk}/remove/"))
        assert "1 API token that this person made will go on working." in page


def test_the_list_takes_the_same_queries_however_long(acme, owner, query_count):
    issued(acme, environments=[acme.dev])
    few = query_count(owner, LIST)
    for _ in range(5):
        issued(acme, environments=[acme.dev, acme.test])
    assert query_count(owner, LIST) == few


def test_an_empty_list_says_what_to_do(acme, signed_in):
    assert "Create one for each program" in text(signed_in("admin").get(LIST))
    assert "Owners and admins create them." in text(signed_in("viewer").get(LIST))

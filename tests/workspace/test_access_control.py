"""The pages of Access control: what each role sees and may do there."""

import re
from itertools import product
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.workspace.access import ACCESS_PAGES, EVERYBODY, invited
from tests.workspace.pages import text
from workspace.actions.invitations import State
from workspace.models import Administrator, AdministratorInvitation, AuthenticatorApp, ChangeEvent, User

CASES = [(path, readers) for pages in ACCESS_PAGES.values() for path, readers in pages]
METHODS = ("get", "post")
HOME = "/workspaces/acme/dev/access-control/"


def url(path: str, place, ids) -> str:
    return f"/workspaces/{place.workspace.slug}/dev/{path.format(**ids)}"


def ids_of(place) -> dict[str, object]:
    """The ids of everything that the pages are about."""
    invitations = [
        invited(place.workspace, place.actor, f"{role}-to-be@{place.workspace.slug}.example", role)[0]
        for role in ("viewer", "owner")
    ]
    administrators = {role: each.pk for role, each in place.roles.items()}
    return administrators | {"invited": invitations[0].pk, "to_own": invitations[1].pk}


def state():
    roles = Administrator.objects.order_by("pk").values_list("pk", "role")
    invitations = AdministratorInvitation.objects.order_by("pk").values_list("pk", "digest", "withdrawn_at")
    return list(roles), list(invitations), ChangeEvent.objects.count()


def first_table(response) -> str:
    """What the table of administrators says."""
    return re.sub(r"<[^>]+>", " ", re.search(r"<tbody>(.*?)</tbody>", response.content.decode(), re.DOTALL)[1])


@pytest.fixture
def signed_in(acme):
    """Browsers of acme's administrators whose password was given just now."""
    return lambda role: factories.sign_in(Client(), acme.roles[role])


@pytest.fixture
def owner(signed_in):
    return signed_in("owner")


def test_without_signing_in_there_is_only_the_sign_in_page(client, acme):
    ids = ids_of(acme)
    before = state()
    for (path, _), method in product(CASES, METHODS):
        response = getattr(client, method)(url(path, acme, ids))
        assert response.status_code == 302 and response["Location"].startswith("/sign-in/?next="), path
        assert state() == before, path


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_each_role_opens_what_it_may(acme, signed_in, role):
    ids, browser = ids_of(acme), signed_in(role)
    for path, readers in CASES:
        response = browser.get(url(path, acme, ids))
        if role not in readers:
            assert response.status_code == 403, path
        elif "/invitations/{" in path:
            assert response.status_code == 302 and response["Location"] == HOME, path
        elif path == "access-control/{viewer}/remove/":
            assert "can no longer open Acme" in text(response)
        else:
            assert response.status_code in (200, 302), path


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_a_role_that_may_not_open_a_page_changes_nothing_there(acme, signed_in, role):
    ids, browser = ids_of(acme), signed_in(role)
    before = state()
    for path in [path for path, readers in CASES if role not in readers]:
        response = browser.post(url(path, acme, ids), {"role": "owner", "email": "forged@acme.example"})
        assert response.status_code == 403, path
        assert re.search(
            r"Your role (Viewer|Admin) may not (manage (administrators|owners)|re(name|move) the workspace)",
            response.content.decode(),
        ), path
        assert state() == before, path


def test_another_workspace_is_absent(acme, globex, owner):
    ids = ids_of(globex)
    before = state()
    for (path, _), method in product(CASES, METHODS):
        assert getattr(owner, method)(url(path, globex, ids)).status_code == 404, path
        assert state() == before, path


def test_ids_of_another_workspace_are_as_absent_as_unknown_ones(acme, globex, owner):
    foreign = ids_of(globex)
    before = state()
    for (path, _), method in product(CASES, METHODS):
        for ids in (foreign, dict.fromkeys(foreign, uuid4())) if "{" in path else ():
            assert getattr(owner, method)(url(path, acme, ids), {"role": "viewer"}).status_code == 404, path
        assert state() == before, path


def test_what_gives_or_takes_a_role_needs_a_recent_password(acme, as_role):
    ids, browser = ids_of(acme), as_role("owner")
    before = state()
    for path, method in product([path for path, _ in CASES if re.search("role|remove|resend|new", path)], METHODS):
        response = getattr(browser, method)(url(path, acme, ids), {"role": "admin", "email": "x@y.example"})
        assert response["Location"].startswith("/confirm-identity/"), path
        assert state() == before, path


class TestList:
    def test_it_names_everybody_with_role_and_last_sign_in(self, acme, owner):
        page = text(owner.get(HOME))
        assert "owner@acme.example You Owner" in page
        assert "viewer@acme.example Viewer Off Never" in page

    def test_it_says_who_has_a_second_factor(self, acme, owner, query_count):
        before = query_count(owner, HOME)
        AuthenticatorApp.objects.create(user=acme.roles["viewer"].user, sealed_key="sealed", last_step=0)
        page = text(owner.get(HOME))
        assert "viewer@acme.example Viewer On" in page and "admin@acme.example Admin Off" in page
        assert query_count(owner, HOME) == before

    def test_an_invitation_says_who_sent_it_and_that_it_expired(self, acme, owner):
        invitation, _ = invited(acme.workspace, acme.actor)
        assert "new@acme.example Invited by owner@acme.example, just now Viewer Waiting Until" in text(owner.get(HOME))
        AdministratorInvitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now())
        assert "Expired" in text(owner.get(HOME))

    @pytest.mark.parametrize("q", ["GRACE", "hopper grace", "ｇｒａｃｅ", "grace@acme", "hopper acme.example"])
    def test_search_finds_words_of_name_and_address_in_any_order_and_spelling(self, acme, owner, q):
        user = User.objects.create_user("grace@acme.example", full_name="Grace Hopper")
        acme.workspace.administrators.create(user=user, role="viewer")
        assert re.findall(r"[\w-]+@[\w.]+", first_table(owner.get(HOME, {"q": q}))) == ["grace@acme.example"]

    def test_no_match_offers_the_whole_list(self, acme, owner):
        assert "No administrator matches" in text(owner.get(HOME, {"q": "nobody"}))

    def test_recent_changes_are_told_and_none_of_another_workspace(self, acme, globex, owner):
        invited(acme.workspace, acme.actor)
        invited(globex.workspace, globex.actor, "secret@globex.example")
        page = text(owner.get(HOME))
        assert "owner@acme.example invited new@acme.example to be Viewer of Acme." in page
        assert "globex" not in page.lower()

    def test_it_takes_the_same_queries_however_long(self, acme, owner, query_count):
        few = query_count(owner, HOME)
        for number in range(20):
            user = User.objects.create_user(f"more-{number}@acme.example")
            acme.workspace.administrators.create(user=user, role="viewer")
            invited(acme.workspace, acme.actor, f"invited-{number}@acme.example")
        assert query_count(owner, HOME) == few

    @pytest.mark.parametrize(
        ("role", "offered"),
        [
            ("owner", {"Invite administrator", "Change role", "Remove", "Leave workspace", "Withdraw"}),
            ("admin", {"Invite administrator", "Change role", "Remove", "Leave workspace", "Withdraw"}),
            ("viewer", {"Leave workspace"}),
        ],
    )
    def test_it_offers_only_what_the_role_may_do(self, acme, signed_in, role, offered):
        invited(acme.workspace, acme.actor)
        page = signed_in(role).get(HOME).content.decode()
        every = {"Invite administrator", "Change role", "Remove", "Leave workspace", "Withdraw"}
        assert {label for label in every if re.search(rf"{label}\s*</", page)} == offered
        assert (f"/access-control/{acme.roles['owner'].pk}/" in page) is (role == "owner")


class TestChanges:
    def test_a_role_is_changed_and_said(self, acme, owner):
        place = f"{HOME}{acme.roles['viewer'].pk}/role/"
        page = text(owner.post(place, {"role": "admin"}, follow=True))
        assert "viewer@acme.example is Admin now." in page and "viewer@acme.example Admin" in page

    @pytest.mark.parametrize("data", [{}, {"role": ""}, {"role": "operator"}, {"role": "OWNER"}])
    def test_a_wrong_role_is_an_error_of_its_field(self, acme, owner, data):
        before = state()
        page = text(owner.post(f"{HOME}{acme.roles['viewer'].pk}/role/", data))
        assert "One thing to correct" in page
        assert state() == before

    def test_an_admin_is_not_offered_the_role_of_owner(self, acme, signed_in):
        place, before = f"{HOME}{acme.roles['viewer'].pk}/role/", state()
        assert 'value="owner"' not in signed_in("admin").get(place).content.decode()
        assert "owner is not one of the available choices" in text(signed_in("admin").post(place, {"role": "owner"}))
        assert state() == before

    def test_who_changes_their_own_role_stays_signed_in_with_a_new_session_key(self, acme, owner):
        user = User.objects.create_user("second@acme.example")
        acme.workspace.administrators.create(user=user, role="owner")
        other, key = factories.sign_in(Client(), acme.roles["owner"]), owner.session.session_key
        owner.post(f"{HOME}{acme.roles['owner'].pk}/role/", {"role": "admin"})
        assert owner.get(HOME).status_code == 200 and owner.session.session_key != key
        assert other.get(HOME).status_code == 302

    @pytest.mark.parametrize("path", ["leave/", "{owner}/role/"])
    def test_the_last_owner_reads_what_to_do_first(self, acme, owner, path):
        page = owner.get(HOME + path.format(owner=acme.roles["owner"].pk))
        assert "You are the last owner of Acme. Make somebody else an owner first." in text(page)
        assert '<form class="card' not in page.content.decode()
        response = owner.post(HOME + path.format(owner=acme.roles["owner"].pk), {"role": "viewer"}, follow=True)
        assert "the last owner of Acme." in response.content.decode()
        assert Administrator.objects.get(pk=acme.roles["owner"].pk).role == "owner"

    def test_removal_names_who_goes_and_what_is_withdrawn(self, acme, owner):
        admin = acme.roles["admin"]
        invitation, _ = invited(acme.workspace, acme.actor.administrator(admin))
        place = f"{HOME}{admin.pk}/remove/"
        page = text(owner.get(place))
        assert "admin@acme.example can no longer open Acme, and is signed out at once." in page
        assert "1 open invitation from this person will be withdrawn." in page
        assert "admin@acme.example was removed from Acme" in text(owner.post(place, follow=True))
        invitation.refresh_from_db()
        assert invitation.state(timezone.now()) == State.WITHDRAWN

    def test_who_is_removed_elsewhere_meanwhile_is_absent(self, acme, owner):
        Administrator.objects.filter(pk=acme.roles["viewer"].pk).delete()
        assert owner.post(f"{HOME}{acme.roles['viewer'].pk}/remove/").status_code == 404

    def test_one_removes_oneself_by_leaving(self, acme, signed_in):
        admin = signed_in("admin")
        assert admin.get(f"{HOME}{acme.roles['admin'].pk}/remove/")["Location"] == f"{HOME}leave/"
        page = text(admin.post(f"{HOME}leave/", follow=True))
        assert "You have left Acme." in page and "No workspace yet" in page
        assert admin.get(HOME).status_code == 404

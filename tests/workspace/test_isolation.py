"""Who may open what: every console page of this app, for every role, and for nobody of another workspace."""

import re
from itertools import product
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.workspace.access import ACCESS_PAGES, ENVIRONMENT_PAGES, LOGIN_EXPERIENCE_PAGES, TOKEN_PAGES
from tests.workspace.builders import with_take_over
from workspace.models import ChangeEvent, EndUser, EndUserGroup
from workspace.urls import workspace_patterns

# Route → (what it is about, who may read it, who may post to it).
EVERYBODY, MANAGERS = {"viewer", "admin", "owner"}, {"admin", "owner"}
PAGES = {
    "audit-log": (None, EVERYBODY),
    "audit-log-csv": (None, EVERYBODY),
    "audit-log-json-lines": (None, EVERYBODY),
    "audit-log-event": ("event", EVERYBODY),
    "get-started": (None, EVERYBODY),
    "get-started-close": (None, EVERYBODY),
    "get-started-reopen": (None, EVERYBODY),
    "go-to": (None, EVERYBODY),
    "groups": (None, EVERYBODY),
    "group-create": (None, MANAGERS),
    "group": ("support", EVERYBODY),
    "group-edit": ("support", MANAGERS),
    "group-members-add": ("support", MANAGERS),
    "group-members-remove": ("support", MANAGERS),
    "group-history": ("support", EVERYBODY),
    "group-restore": ("taken_over", MANAGERS),
    "group-delete": ("support", MANAGERS),
    "end-users": (None, EVERYBODY),
    "end-users-csv": (None, EVERYBODY),
    "end-users-selected": (None, MANAGERS),
    "end-users-undo": ("event", MANAGERS),
    "end-user-add": (None, MANAGERS),
    "end-user-import": (None, MANAGERS),
    "end-user-import-example": (None, MANAGERS),
    "end-user-import-job": ("job", MANAGERS),
    "end-user-import-columns": ("job", MANAGERS),
    "end-user-import-continue": ("job", MANAGERS),
    "end-user-import-start": ("job", MANAGERS),
    "end-user-import-discard": ("job", MANAGERS),
    "end-user-import-report": ("job", MANAGERS),
    "end-user": ("ada", EVERYBODY),
    "end-user-edit": ("ada", MANAGERS),
    "end-user-erase": ("ada", MANAGERS),
    "end-user-merge": ("ada", MANAGERS),
    "end-user-merge-with": ("ada", MANAGERS),
    "end-user-deactivate": ("ada", MANAGERS),
    "end-user-reactivate": ("ada", MANAGERS),
}
CHANGES = [name for name, (_, readers) in PAGES.items() if readers == MANAGERS]
OF_ONE = [name for name, (subject, _) in PAGES.items() if subject]
METHODS = ("get", "post")


@pytest.fixture
def acme(acme):
    return with_take_over(acme)


@pytest.fixture
def globex(globex):
    return with_take_over(globex)


def url(name, place, *, pk=None, environment="dev", workspace=None):
    """The page, about the place's own thing unless another id is given."""
    kwargs = {"workspace": workspace or place.workspace.slug, "environment": environment}
    subject, _ = PAGES[name]
    if subject:
        kinds = {"support": "group", "event": "event", "taken_over": "event", "job": "job"}
        kwargs[kinds.get(subject, "end_user")] = pk or getattr(place, subject).pk
    if name == "end-user-merge-with":
        kwargs["other"] = place.bo.pk
    return reverse(f"workspace:{name}", kwargs=kwargs)


def state():
    """Everything that a page of this app could have changed."""
    return (
        ChangeEvent.objects.count(),
        sorted(EndUser.objects.values_list("full_name", "status")),
        sorted(EndUserGroup.objects.values_list("name", flat=True)),
    )


def neutral(response):
    """The answer without what differs from request to request."""
    page = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "", response.content.decode())
    return response.status_code, page, response["Content-Type"]


def test_no_console_route_is_missing_here():
    console = next(pattern for pattern in workspace_patterns if not hasattr(pattern, "lookup_str"))
    known = {*PAGES, *ACCESS_PAGES, *ENVIRONMENT_PAGES, *TOKEN_PAGES, *LOGIN_EXPERIENCE_PAGES}
    assert {pattern.name for pattern in console.url_patterns} == known


def test_without_signing_in_there_is_only_the_sign_in_page(acme):
    before = state()
    for name, method in product(PAGES, METHODS):
        response = getattr(Client(), method)(url(name, acme))
        assert response.status_code == 302 and response["Location"].startswith("/sign-in/?next="), name
        assert state() == before, name


@pytest.mark.parametrize("role", sorted(EVERYBODY))
def test_each_role_reads_what_it_may(acme, as_role, role):
    # Some lead to another page (nobody chosen, nothing to show, no proof, or only a POST is taken); none refuses.
    led_on = {f"end-user-import-{each}" for each in ("job", "continue", "start", "discard")}
    led_on |= {
        "group-members-remove",
        "end-users-selected",
        "end-users-undo",
        "get-started-close",
        "get-started-reopen",
        "end-user-erase",
        "end-user-reactivate",
    }
    browser = as_role(role)
    for name, (_, readers) in PAGES.items():
        expected = 403 if role not in readers else 302 if name in led_on else 200
        assert browser.get(url(name, acme)).status_code == expected, name


def test_a_viewer_changes_nothing(acme, as_role):
    before, viewer = state(), as_role("viewer")
    data = {"name": "Forged", "full_name": "Forged", "email": "forged@acme.example", "members": [acme.ada.pk]}
    for name in CHANGES:
        response = viewer.post(url(name, acme), data)
        assert response.status_code == 403, name
        assert "Your role Viewer may not manage end users and groups." in response.content.decode(), name
        assert state() == before, name


@pytest.mark.parametrize("method", METHODS)
def test_another_workspace_is_as_absent_as_none(acme, globex, owner, method):
    before, follow = state(), method == "get"
    for name in PAGES:
        foreign = getattr(owner, method)(url(name, globex), follow=follow)
        absent = getattr(owner, method)(url(name, globex, workspace="no-such-workspace"), follow=follow)
        assert foreign.status_code == 404, name
        assert neutral(foreign) == neutral(absent), name
        assert state() == before, name


def test_an_unknown_environment_is_absent(acme, owner):
    for name in PAGES:
        assert owner.get(url(name, acme, environment="staging"), follow=True).status_code == 404, name


@pytest.mark.parametrize("method", METHODS)
def test_ids_of_another_workspace_are_as_absent_as_unknown_ones(acme, globex, method):
    before, owner = state(), factories.sign_in(Client(), acme.roles["owner"])
    data = {"name": "Forged", "full_name": "Forged", "email": "forged@acme.example"}
    follow = method == "get"
    for name in OF_ONE:
        subject, _ = PAGES[name]
        foreign = getattr(owner, method)(url(name, acme, pk=getattr(globex, subject).pk), data, follow=follow)
        unknown = getattr(owner, method)(url(name, acme, pk=uuid4()), data, follow=follow)
        assert foreign.status_code == (405 if (method, name) == ("post", "audit-log-event") else 404), name
        assert neutral(foreign) == neutral(unknown), name
        assert state() == before, name


@pytest.mark.parametrize("method", METHODS)
def test_a_group_is_found_only_in_its_own_environment(acme, owner, method):
    before = state()
    for name in OF_ONE:
        if name.startswith("group"):
            assert getattr(owner, method)(url(name, acme, environment="test")).status_code == 404, name
            assert state() == before, name


def test_an_end_user_is_the_same_person_in_every_environment(acme, owner):
    assert owner.get(url("end-user", acme, environment="prod")).status_code == 200


def test_lists_and_searches_name_nobody_of_another_workspace(acme, globex, owner):
    for path in ("end-users/?access=any", "end-users/?access=any&q=globex", "groups/", "groups/?q=s"):
        page = owner.get(acme.url + path).content.decode().lower()
        assert "globex" not in page.replace('value="globex"', "").replace("q=globex", "")


def test_a_role_in_one_workspace_gives_none_in_another(acme, globex, owner):
    globex.workspace.administrators.create(user=acme.roles["owner"].user, role="viewer")
    assert owner.get(url("groups", globex)).status_code == 200
    assert owner.get(url("group-create", globex)).status_code == 403


def test_an_operator_has_no_way_into_a_workspace_without_a_role(acme, client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("op@example.com", "a long enough passphrase"))
    assert client.get(url("groups", acme)).status_code == 404


def test_changes_need_the_token_of_the_session(acme):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(acme.roles["owner"].user)
    for name in CHANGES:
        assert strict.post(url(name, acme), {"name": "Forged"}).status_code == 403
    assert strict.post("/sign-out/").status_code == 403
    assert strict.post("/sign-in/", {"email": "a@b", "password": "x"}).status_code == 403

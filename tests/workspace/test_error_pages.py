"""Error pages have the request id; no other page has. End users have one of their own."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from tests import factories

NOTHING = UUID(int=7)


@pytest.fixture
def owner(db) -> Client:
    workspace = factories.workspace("acme")
    return factories.sign_in(Client(), factories.administrator(workspace, "owner"))


def reference(response: Any) -> str:
    assert response["X-Request-ID"]
    return f"Reference <code>{response['X-Request-ID']}</code>"


def test_every_error_page_has_the_request_id_and_no_other_page_has(owner: Client, monkeypatch):
    owner.raise_request_exception = False
    pages = ["/account/", "/sign-in/acme/dev/", "/workspaces/acme/dev/groups/"]
    for path in pages:
        response = owner.get(path)
        assert response.status_code == 200 and response["X-Request-ID"] not in response.content.decode()
    errors = {
        "/nowhere/": 404,
        "/sign-in/acme/nowhere/": 404,
        f"/saml/{uuid4()}/acs": 405,
    }
    for path, status in errors.items():
        response = owner.get(path)
        assert response.status_code == status and reference(response) in response.content.decode()
    bad = owner.get("/account/", headers={"host": "evil.example"})
    assert bad.status_code == 400 and reference(bad) in bad.content.decode()
    stranger = Client(enforce_csrf_checks=True).post("/sign-in/", {"email": "a"})
    assert stranger.status_code == 403 and reference(stranger) in stranger.content.decode()

    monkeypatch.setattr("workspace.console.navigation.page_url", lambda *_: 1 / 0)
    broken = owner.get("/workspaces/acme/dev/groups/")
    assert broken.status_code == 500 and reference(broken) in broken.content.decode()


# What end users see at a wrong address


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in/acme/nowhere/",
        "/sign-in/nowhere/dev/",
        "/sign-in/acme/",
        "/sign-in/acme/dev/nowhere/",
        "/sign-in/nowhere/dev/nowhere/",
        f"/sign-in/acme/dev/sso/{NOTHING}/",
        f"/saml/{NOTHING}/metadata",
    ],
)
def test_a_mistyped_address_of_end_users_leads_nowhere_else(client: Client, db, path: str):
    factories.workspace("acme")
    response = client.get(path)
    page = response.content.decode()
    assert response.status_code == 404 and "ask your administrator for the right one" in page
    assert 'href="/"' not in page and "Workspace admin" not in page
    is_below_a_place = path.startswith("/sign-in/acme/dev/")
    assert re.findall(r'href="(/sign-in/[^"]*/)"', page) == (["/sign-in/acme/dev/"] if is_below_a_place else [])


def test_what_does_not_exist_looks_alike_whatever_part_of_it_does(client: Client, db):
    factories.workspace("acme")
    id = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
    paths = ("/sign-in/acme/nowhere/", "/sign-in/nowhere/dev/", "/sign-in/nowhere/", "/sign-in/acme/nowhere/account/x/")
    assert len({id.sub("", client.get(path).content.decode()) for path in paths}) == 1


@pytest.mark.parametrize("template", ["500.html", "503.html"])
def test_a_page_of_an_outage_is_in_the_readers_language_and_asks_no_database(rf, template: str):
    request = rf.get("/account/")
    request.request_id = "01a21d9b"
    with translation.override("de"):
        page = render_to_string(template, {"request": request, "reason": "The database is busy.", "place": ""})
    assert '<html lang="de">' in page and "01a21d9b" in page

"""A workspace opens where the administrator was last; what no longer exists leads to the nearest page that does."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from workspace.actions.environments import remove_environment
from workspace.console.places import PLACES
from workspace.events import SYSTEM

DEV, TEST = "/workspaces/acme/dev/", "/workspaces/acme/test/"


def opened(client: Client, workspace: str = "acme") -> str:
    """Where the workspace opens. That page is shown, and leads nowhere else."""
    response = client.get(f"/workspaces/{workspace}/")
    assert response.status_code == 302
    assert client.get(response["Location"]).status_code == 200
    return response["Location"]


def test_the_first_time_it_opens_on_get_started(acme, owner):
    assert opened(owner) == f"{DEV}get-started/"


@pytest.mark.parametrize(
    ("page", "place"),
    [
        ("end-users/", "end-users/"),
        ("end-users/?q=ada", "end-users/"),
        ("authentication/", "authentication/"),
        ("provisioning-activity/requests/", "provisioning-activity/requests/"),
        ("environments/", "environments/"),
        ("get-started/", "get-started/"),
        # Of what is no list, the list above.
        ("end-users/add/", "end-users/"),
        ("end-users/{ada}/", "end-users/"),
        ("groups/{support}/history/", "groups/"),
    ],
)
def test_then_where_the_administrator_was_last(acme, owner, page, place):
    there = page.format(ada=acme.ada.pk, support=acme.support.pk)
    assert owner.get(f"{DEV}end-users/export.csv").status_code == 200
    assert owner.get(f"{DEV}{there}").status_code == 200
    assert opened(owner) == f"{DEV}{place}"


def test_the_environment_of_a_page_without_a_place_counts_too(acme, owner):
    owner.get(f"{DEV}end-users/")
    owner.get(f"{TEST}end-users/{acme.bo.pk}/")
    assert opened(owner) == f"{TEST}end-users/"


def test_what_is_not_shown_or_changes_something_is_no_place(acme, owner):
    owner.get(f"{TEST}end-users/")
    owner.get(f"{DEV}groups/00000000-0000-7000-8000-000000000000/")
    owner.get(f"{DEV}go-to/")
    owner.get(f"{DEV}audit-log/", headers={"Sec-Fetch-Dest": "empty"})
    owner.post(f"{DEV}groups/new/", {"name": ""})
    assert opened(owner) == f"{TEST}end-users/"


def test_no_cookie_is_sent_for_the_page_where_one_is(acme, owner):
    assert "place" in owner.get(f"{DEV}end-users/").cookies
    assert "place" not in owner.get(f"{DEV}end-users/?q=ada").cookies


def test_the_cookie_is_for_this_workspace_and_no_script(acme, owner):
    cookie = owner.get(f"{DEV}end-users/").cookies["place"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/workspaces/acme/", True, "Lax")


def test_a_removed_environment_leads_to_the_same_page_of_the_first_one(acme, owner):
    owner.get("/workspaces/acme/prod/end-users/")
    remove_environment(environment=acme.prod, by=SYSTEM)
    assert opened(owner) == f"{DEV}end-users/"


def test_a_page_that_is_gone_or_forged_leads_to_get_started(acme, owner):
    owner.get(f"{TEST}end-users/")
    signed = owner.cookies["place"].value
    for forged in (
        "https://evil.example/",
        "//evil.example",
        "dev workspace:home",
        signed[:-1],
        signed.replace("t", "d"),
    ):
        owner.cookies["place"] = forged
        assert opened(owner) == f"{DEV}get-started/"


def test_a_place_is_of_one_account_in_one_workspace(acme, globex, owner, as_role):
    globex.workspace.administrators.create(user=acme.roles["owner"].user, role="viewer")
    owner.get(f"{TEST}end-users/")
    viewer = as_role("viewer")
    viewer.cookies["place"] = owner.cookies["place"].value
    assert opened(viewer) == f"{DEV}get-started/"
    # A browser would not even send it there.
    assert opened(owner, "globex") == "/workspaces/globex/dev/get-started/"


def test_it_stays_after_signing_out_and_in(acme, owner):
    owner.get(f"{TEST}end-users/")
    owner.post("/sign-out/")
    factories.sign_in(owner, acme.roles["owner"])
    assert opened(owner) == f"{TEST}end-users/"


def test_a_viewer_may_open_every_place(acme, as_role):
    viewer = as_role("viewer")
    for route in PLACES:
        url = reverse(route, kwargs={"workspace": "acme", "environment": "dev"})
        assert viewer.get(url).status_code == 200
        assert opened(viewer) == url


def test_who_lost_the_role_gets_what_strangers_get(acme, owner):
    owner.get(f"{TEST}end-users/")
    acme.roles["owner"].delete()
    assert owner.get("/workspaces/acme/").status_code == 404


def test_it_costs_no_query(acme, owner, query_count):
    owner.get(f"{DEV}end-users/")
    same = query_count(owner, f"{DEV}groups/")
    del owner.cookies["place"]
    assert query_count(owner, f"{DEV}groups/") == same

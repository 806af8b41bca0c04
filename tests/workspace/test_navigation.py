"""The frame of the console: where one is, where one can go, what one may."""

import pytest

pytestmark = pytest.mark.django_db


def current(items):
    return [item["label"] if "label" in item else item["name"] for item in items if item["current"]]


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("groups/", "Authentication & Groups"),
        ("groups/new/", "Authentication & Groups"),
        ("end-users/", "End users"),
        ("end-users/add/", "End users"),
    ],
)
def test_the_sidebar_says_where_one_is(acme, owner, path, entry):
    sidebar = owner.get(acme.url + path).context["sidebar"]
    assert current([item for group in sidebar for item in group["items"]]) == [entry]


def test_the_environment_switch_keeps_the_page_and_marks_prod(acme, owner):
    choices = owner.get(f"{acme.url}end-users/").context["environment_choices"]
    assert [(choice["name"], choice["url"], choice["tone"]) for choice in choices] == [
        ("DEV", "/workspaces/acme/dev/end-users/", "neutral"),
        ("TEST", "/workspaces/acme/test/end-users/", "neutral"),
        ("PROD", "/workspaces/acme/prod/end-users/", "warning"),
    ]
    assert current(choices) == ["DEV"]


def switched(client, page):
    """Where one is after choosing TEST on a page."""
    url = client.get(page).context["environment_choices"][1]["url"]
    response = client.get(url, headers={"referer": f"http://testserver{page}"}, follow=True)
    assert response.status_code == 200
    return response.request["PATH_INFO"]


def test_from_one_group_the_switch_leads_to_the_other_environments_groups(acme, owner):
    assert switched(owner, f"{acme.url}groups/{acme.support.pk}/") == "/workspaces/acme/test/groups/"
    assert switched(owner, f"{acme.url}groups/{acme.support.pk}/edit/") == "/workspaces/acme/test/groups/"


def test_the_switch_keeps_what_exists_in_the_other_environment(acme, owner):
    for page in (f"end-users/{acme.ada.pk}/", f"end-users/{acme.ada.pk}/sign-in/", "access-control/", "groups/new/"):
        assert switched(owner, f"{acme.url}{page}") == f"/workspaces/acme/test/{page}"


def test_the_switch_keeps_filters_but_not_the_place_in_the_list(acme, owner):
    page = f"{acme.url}end-users/?q=ada&status=active&sort=-name&access=any&page=1"
    choices = owner.get(page).context["environment_choices"]
    assert choices[1]["url"] == "/workspaces/acme/test/end-users/?q=ada&status=active&sort=-name"


def test_an_id_that_is_nowhere_stays_a_404_without_the_switch(acme, globex, owner):
    path, page = f"/workspaces/acme/test/groups/{acme.support.pk}/", f"{acme.url}groups/{acme.support.pk}/"
    assert owner.get(path).status_code == 404
    for before in (path, "/", "/nowhere/", f"{acme.url}groups/{globex.support.pk}/", f"{globex.url}groups/"):
        assert owner.get(path, headers={"referer": f"http://testserver{before}"}).status_code == 404
    assert owner.get(path, headers={"referer": f"http://evil.example{page}"}).status_code == 404


def test_the_logo_leads_to_where_one_is(acme, owner):
    page = owner.get("/workspaces/acme/prod/end-users/").content.decode()
    assert 'class="topbar-brand" href="/workspaces/acme/"' in page
    assert owner.get("/workspaces/acme/")["Location"] == "/workspaces/acme/prod/end-users/"


def test_the_workspace_switch_names_only_workspaces_with_a_role(acme, globex, owner):
    assert [choice["name"] for choice in owner.get(f"{acme.url}groups/").context["workspace_choices"]] == ["Acme"]
    globex.workspace.administrators.create(user=acme.roles["owner"].user, role="viewer")
    choices = owner.get(f"{acme.url}groups/").context["workspace_choices"]
    assert [choice["name"] for choice in choices] == ["Acme", "Globex"]


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("admin", True), ("owner", True)])
def test_templates_know_what_the_role_may(acme, as_role, role, may):
    allowed = as_role(role).get(f"{acme.url}groups/").context["may"]
    assert allowed["read"] and allowed["manage_people"] is may and allowed["see_secrets"] is may


def test_pages_work_without_inline_script_or_style(acme, owner):
    paths = ["groups/", "groups/new/", f"groups/{acme.support.pk}/", "end-users/", "end-users/add/"]
    paths += [f"groups/{acme.support.pk}/{action}" for action in ("edit/", "members/add/", "delete/")]
    paths += [f"end-users/{acme.ada.pk}/{action}" for action in ("", "edit/", "deactivate/")]
    for path in paths:
        content = owner.get(acme.url + path).content.decode()
        assert " style=" not in content and " onclick=" not in content and "<style" not in content
        assert content.count("<h1") == 1
        assert content.count("button-primary") <= 1

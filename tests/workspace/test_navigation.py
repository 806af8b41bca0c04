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


def test_from_one_group_the_switch_leads_to_the_other_environments_groups(acme, owner):
    choices = owner.get(f"{acme.url}groups/{acme.support.pk}/").context["environment_choices"]
    assert [choice["url"] for choice in choices][1] == "/workspaces/acme/test/groups/"


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

"""Get started: what is done in an environment, what comes next, and how an administrator closes it."""

import re
from html import unescape

import pytest

from authentication.actions.policies import switch_saml
from authentication.models import EnvironmentProvider
from tests import factories
from workspace.events import SYSTEM

PAGE = "/workspaces/acme/prod/get-started/"
TITLES = [
    "Choose how end users sign in",
    "Connect an identity provider",
    "Test the sign-in",
    "Choose the provisioning",
    "Add the first person",
]


def text(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


def states(response) -> dict[str, str]:
    """Of each step: done, or the label of its button; "!" before that of the primary one."""
    found = {}
    for step in re.findall(r'<li( class="tone-success")?>(.*?)</li>', text(response))[-5:]:
        title = re.search(r'class="row-title">([^<]*)', step[1])[1].strip()
        button = re.search(r'class="button( button-primary)?" href="[^"]*">([^<]*)<', step[1])
        word = f"{'!' if button[1] else ''}{button[2]}" if button else ""
        found[title] = "done" if step[0] else word
    return found


def connected(environment) -> EnvironmentProvider:
    """The environment's use of a provider that is set up."""
    use = factories.identity_provider(environment)
    use.identity_provider.entity_id = "https://idp.example"
    use.identity_provider.save()
    return use


def test_in_an_empty_environment_nothing_is_done_and_the_first_step_comes_next(acme, owner):
    page = owner.get(PAGE)
    assert states(page) == dict(
        zip(TITLES, ["!Choose sign-in", "Connect", "Test sign-in", "Choose provisioning", "Add end user"], strict=True)
    )
    assert "0 of 5 done" in text(page) and "The first steps in PROD." in text(page)


def test_each_step_is_done_by_what_it_asks_for(acme, owner):
    def next_step() -> str:
        return next(word for word in states(owner.get(PAGE)).values() if word.startswith("!"))

    switch_saml(environment=acme.prod, is_enabled=True, by=SYSTEM)
    assert next_step() == "!Connect"
    use = connected(acme.prod)
    assert next_step() == "!Test sign-in" and f"{use.identity_provider_id}/test/" in text(owner.get(PAGE))
    use.tested_at = use.created_at
    use.save()
    assert next_step() == "!Choose provisioning"
    assert f"{use.identity_provider_id}/provisioning/" in text(owner.get(PAGE))
    use.is_method_chosen = True
    use.save()
    assert next_step() == "!Add end user"
    acme.prod.accesses.create(end_user=acme.ada, source_kind="manual", source_id="", source_name="")
    page = owner.get(PAGE)
    assert list(states(page).values()) == ["done"] * 5 and "5 of 5 done" in text(page)
    assert 'button-primary">Close for good' in text(page)


def test_what_was_begun_goes_on(acme, owner):
    provider = factories.identity_provider(acme.prod).identity_provider_id
    page = text(owner.get(PAGE))
    assert f"{provider}/connection/" in page and f"{provider}/test/" not in page


def test_other_environments_count_for_themselves(acme, owner):
    assert states(owner.get("/workspaces/acme/dev/get-started/"))["Add the first person"] == "done"
    assert states(owner.get(PAGE))["Add the first person"] == "Add end user"


def test_a_viewer_sees_the_steps_and_who_can_take_them(acme, as_role):
    page = as_role("viewer").get(PAGE)
    assert set(states(page)) == set(TITLES) and set(states(page).values()) == {""}
    assert "Ask an owner or admin for a change." in text(page) and "Close for good" in text(page)


@pytest.mark.parametrize("role", ["viewer", "owner"])
def test_closed_it_leaves_the_sidebar_and_the_start_of_this_administrator(acme, as_role, role):
    client, other = as_role(role), as_role("admin")
    link = 'class="nav-link" href="/workspaces/acme/prod/get-started/"'
    assert link in text(client.get(PAGE))
    closed = client.post(f"{PAGE}close/", follow=True)
    assert "You find it again under Go to." in text(closed) and link not in text(closed)
    assert closed.request["PATH_INFO"] == "/workspaces/acme/prod/groups/"
    client.cookies.pop("place")
    assert client.get("/workspaces/acme/")["Location"] == "/workspaces/acme/dev/groups/"
    assert link in text(other.get(PAGE))


def test_closed_while_it_is_the_last_place_the_workspace_opens_on_the_groups(acme, owner):
    owner.post(f"{PAGE}close/")
    assert "You have closed this page" in text(owner.get(PAGE))
    assert owner.get("/workspaces/acme/")["Location"] == "/workspaces/acme/prod/groups/"


def test_go_to_finds_it_when_it_is_closed_and_it_can_be_opened_again(acme, owner):
    owner.post(f"{PAGE}close/")
    assert owner.get("/workspaces/acme/prod/go-to/?q=get+started")["Location"] == PAGE
    assert "Get started is back in your sidebar." in text(owner.post(f"{PAGE}reopen/", follow=True))
    assert 'class="nav-link" href="/workspaces/acme/prod/get-started/"' in text(owner.get(PAGE))


def test_it_is_shown_in_another_language(acme, owner):
    assert owner.get(PAGE, headers={"Accept-Language": "de"}).status_code == 200


def test_it_costs_the_same_however_much_there_is(acme, owner, query_count):
    empty = query_count(owner, PAGE)
    for name in ("Okta", "Entra", "Ping"):
        factories.identity_provider(acme.prod, name=name)
        factories.end_user(acme.prod, name=name)
    assert query_count(owner, PAGE) == empty

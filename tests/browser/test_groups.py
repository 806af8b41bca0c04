"""Groups: people picked from a searched and paged list, the history, and members restored after a take-over."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Check
from tests.browser.steps import Console
from tests.server import Server


@pytest.fixture
def acme(page: Page, server: Server) -> Console:
    return Console(page, server.demo())


def open_new_group(acme: Console, name: str) -> None:
    acme.sign_in("owner")
    acme.open("PROD", "Authentication & Groups")
    acme.page.get_by_role("link", name="Create end-user group").click()
    acme.page.get_by_label("Group name").fill(name)


def pick_on_two_pages(page: Page) -> list[str]:
    """Choose somebody on the first page and somebody who is searched for, and return their names."""
    boxes = page.get_by_role("checkbox", name="Choose ")
    top = page.get_by_role("row").nth(1).get_by_role("rowheader")
    first = top.inner_text()
    boxes.first.check()
    page.get_by_role("button", name="Next").click()
    expect(top).not_to_have_text(first)
    second = top.inner_text()
    boxes.first.check()
    page.get_by_label("Search end users").fill("Bashir")
    page.get_by_label("Search end users").press("Enter")
    expect(page.get_by_role("checkbox", name="Choose Bashir Haddad")).to_be_visible()
    page.get_by_role("checkbox", name="Choose Bashir Haddad").check()
    expect(page.get_by_role("group", name="Also chosen").get_by_role("checkbox")).to_have_count(2)
    return [first, second, "Bashir Haddad"]


def test_people_are_picked_while_searching_and_paging(page: Page, acme: Console):
    name = acme.fresh("Builders")
    open_new_group(acme, name)
    names = pick_on_two_pages(page)
    expect(page.get_by_label("Group name")).to_have_value(name)
    page.get_by_label("Group name").press("Enter")
    expect(page.get_by_role("status").filter(has_text="was created with 3 people")).to_be_visible()
    for each in names:
        expect(page.get_by_role("link", name=each)).to_be_visible()

    page.get_by_role("link", name="History", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text=f"created the group {name}")).to_be_visible()
    page.get_by_role("link", name="Members", exact=True).click()
    page.get_by_role("link", name="Add members").click()
    expect(page.get_by_role("checkbox", name=f"Choose {names[0]}")).to_have_count(0)


def test_without_javascript_people_are_picked_alike_and_mistakes_keep_them(chromium: Browser, server: Server):
    with chromium.new_context(base_url=server.origin, java_script_enabled=False) as context:
        acme = Console(context.new_page(), server.demo())
        page = acme.page
        open_new_group(acme, "Support")
        names = pick_on_two_pages(page)
        page.get_by_role("button", name="Create group").click()
        expect(page.get_by_role("group", name="What to correct")).to_contain_text("already has a group named Support")
        name = acme.fresh("Builders")
        page.get_by_label("Group name").fill(name)
        page.get_by_role("group", name="Also chosen").get_by_role("checkbox", name=names[0]).uncheck()
        page.get_by_role("button", name="Create group").click()
        expect(page.get_by_role("status").filter(has_text="was created with 2 people")).to_be_visible()
        expect(page.get_by_role("link", name=names[0])).to_have_count(0)


def test_members_that_a_push_set_aside_are_restored_from_the_history(
    page: Page, acme: Console, server: Server, check: Check
):
    provider, group = acme.fresh("Okta Prod"), acme.fresh("Field team")
    access = server.demo("--empty-scim", provider)
    acme.sign_in("owner")
    acme.open("DEV", "Authentication & Groups")
    page.get_by_role("link", name="Create end-user group").click()
    page.get_by_label("Group name").fill(group)
    page.get_by_role("checkbox", name="Choose ").first.check()
    page.get_by_role("button", name="Create group").click()
    expect(page.get_by_role("status").filter(has_text="was created with 1 person")).to_be_visible()
    where = page.url
    answer = page.request.post(
        f"{access['base_url']}/Groups",
        headers={"Authorization": f"Bearer {access['token']}"},
        data={"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": group},
    )
    assert answer.status == 201

    page.goto(where)
    page.get_by_role("link", name="History", exact=True).click()
    entry = page.get_by_role("listitem").filter(has_text="took over the group")
    expect(entry).to_be_visible()
    check(page.url)
    expect(entry.get_by_role("link", name="Request")).to_be_visible()
    entry.get_by_role("link", name="Restore").click()
    expect(page.get_by_text("1 of 1 person can be restored.")).to_be_visible()
    check(page.url)
    page.get_by_label("Group name").fill("")
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("group", name="What to correct")).to_be_focused()
    page.get_by_label("Group name").fill(f"{group} by hand")
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("status").filter(has_text="1 person was restored to")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{group} by hand")

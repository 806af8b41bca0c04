"""The charts on the overview of a provider and of Provisioning activity."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import hold_to_the_rules
from tests.browser.steps import Console, provider
from tests.server import Server


@pytest.fixture
def acme(page: Page, server: Server) -> Console:
    return Console(page, server.demo())


def test_a_chart_says_its_sum_each_day_on_hover_and_the_same_as_a_table(page: Page, acme: Console, server: Server):
    acme.sign_in("owner")
    okta = provider(server.demo(), "Okta Prod")
    page.goto(f"/workspaces/acme/prod/authentication/providers/{okta['id']}/overview/")
    chart = page.get_by_role("region", name="SCIM requests by day")
    picture = chart.get_by_role("img")
    expect(picture).to_be_visible()
    summary = picture.get_attribute("aria-label") or ""
    expect(chart.get_by_text(summary, exact=True)).to_be_visible()
    titles = chart.locator("title")
    expect(titles).to_have_count(30)
    today = titles.last.text_content()
    number = today.split(": ")[1].split()[0]
    assert number != "0"

    expect(chart.get_by_role("table")).to_be_hidden()
    chart.get_by_text("Each day as a table").press("Enter")
    expect(chart.get_by_role("row").last.get_by_role("cell").first).to_have_text(number)


@pytest.mark.parametrize("path", ["provisioning-activity/", "provisioning-activity/requests/"])
def test_an_open_table_of_a_chart_is_accessible_and_fits_a_narrow_screen(
    page: Page, acme: Console, console_errors: list[str], path: str
):
    acme.sign_in("viewer")
    page.goto(f"/workspaces/acme/prod/{path}")
    page.get_by_text("Each day as a table").click()
    hold_to_the_rules(page)
    console_errors.clear()

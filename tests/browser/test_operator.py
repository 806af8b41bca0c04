"""The operators' pages look like the console: accessible in both schemes, and no wider than a narrow screen."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Check
from tests.server import Server

# A session that has proved both factors.
_SIGN_IN = """
from django.test import Client
from tests.factories import as_operator
print(as_operator(Client(), "both-factors@op.example").session.session_key)
"""


def test_the_operators_pages_are_accessible(page: Page, check: Check, server: Server):
    key = server.commands.run("shell", "--no-imports", "-c", _SIGN_IN).split()[-1]
    page.context.add_cookies([{"name": "sessionid", "value": key, "url": server.origin}])
    for path in (
        "",
        "workspace/changeevent/",
        "workspace/user/",
        "workspace/enduser/?q=nobody",
        "workspace/user/add/",
        "workspace/workspace/add/",
        "workspace/administrator/add/",
    ):
        check(f"/operator/{path}")
    for table, other in (("user", "password"), ("changeevent", ""), ("user", "history")):
        page.goto(f"/operator/workspace/{table}/")
        page.locator("#result_list tbody th a").first.click()
        expect(page).to_have_url(re.compile("/change/"))
        check(page.url)
        if other:
            check(page.url.partition("?")[0].replace("/change/", f"/{other}/"))

"""Pages are compressed, but not those that show a secret."""

import gzip
import re

import pytest
from django.test import Client

from tests import factories
from tests.server import PROJECT


@pytest.fixture
def owner(db) -> Client:
    workspace = factories.workspace("acme")
    return factories.sign_in(Client(), factories.administrator(workspace, "owner"))


def test_pages_and_exports_are_compressed_where_the_browser_takes_it(owner: Client):
    for path in ("groups/", "audit-log/export.csv"):
        url = f"/workspaces/acme/dev/{path}"
        plain, small = owner.get(url), owner.get(url, headers={"accept-encoding": "gzip"})
        assert not plain.has_header("Content-Encoding") and small["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in small["Vary"]
        assert len(gzip.decompress(small.getvalue())) > 100


def test_a_page_that_shows_a_secret_is_not_compressed(owner: Client):
    page = owner.get("/account/two-step/", headers={"accept-encoding": "gzip"})
    assert page.status_code == 200 and b" data-secret" in page.content
    assert not page.has_header("Content-Encoding")


def test_templates_mark_every_secret():
    element = re.compile(r'name="(?:token|kept)"[^>]*>|{% include "components/(?:copy_field|code_block)[^%]*%}')
    secret = re.compile(r"clear|code=codes|value=key|{{ (?:token|kept) }}")
    elements = {
        (path.name, found): re.search(r"data-secret|secret=True", found) is not None
        for path in (PROJECT / "templates").rglob("*.html")
        for found in element.findall(path.read_text())
        if secret.search(found)
    }
    assert len(elements) >= 8
    assert [place for place, is_marked in elements.items() if not is_marked] == []

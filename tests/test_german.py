"""Pages in German have no English left: each is compared with itself in English."""

import pytest
from django.db import transaction

from tests.english_left import english_left, texts_of
from tests.matrix import world
from tests.matrix.routes import routes

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages():
    """Return the pages that an owner opens, by their addresses, each in English and in German."""
    (acme, things), (globex, _) = (world.make(slug) for slug in ("acme", "globex"))
    open_browser = world.browsers(acme, globex)["owner"]
    found = {}
    for route in routes():
        if route.pattern.startswith(("operator/", "api/", "scim/")):
            continue
        address = route.address(things)
        both = []
        for language in ("en", "de"):
            with transaction.atomic():
                response = open_browser().get(address, headers={"Accept-Language": language})
                is_page = response.status_code == 200 and response.get("Content-Type", "").startswith("text/html")
                both.append(texts_of(response.content.decode()) if is_page and not response.streaming else set())
                transaction.set_rollback(True)
        found[address] = both
    return found


def test_no_page_of_an_owner_has_english_left(pages):
    left = {address: texts for address, both in pages.items() if (texts := english_left(*both))}
    assert sum(bool(german) for _, german in pages.values()) > 60
    assert left == {}

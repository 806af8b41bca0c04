"""Two workspaces, and browsers of the first one's administrators."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


@pytest.fixture
def acme(db, worlds):
    return worlds("acme")


@pytest.fixture
def globex(db, worlds):
    return worlds("globex")


@pytest.fixture
def as_role(acme):
    """Browsers of acme's administrators: as_role("viewer").get(…)."""

    def browser(role: str) -> Client:
        client = Client()
        client.force_login(acme.roles[role].user)
        return client

    return browser


@pytest.fixture
def owner(as_role):
    return as_role("owner")


@pytest.fixture
def query_count():
    """Return a function that counts the queries of a page: query_count(client, url)."""

    def count(client: Client, url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    return count

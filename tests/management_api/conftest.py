"""A workspace, and a program that may do everything in it."""

import pytest

from tests.management_api.operations import client, token


@pytest.fixture
def acme(db, worlds):
    return worlds("acme")


@pytest.fixture
def globex(db, worlds):
    return worlds("globex")


@pytest.fixture
def program(acme):
    """A program of acme: program.get("/end-users"), program.post("/end-users", {…})."""
    return Program(*token(acme.workspace))


@pytest.fixture(autouse=True)
def no_limit(settings):
    settings.API_REQUESTS_PER_SECOND = 1_000_000


class Program:
    """Calls the API with one token."""

    def __init__(self, key, clear: str) -> None:
        self.token, self.clear, self.client = key, clear, client(clear)

    def get(self, path: str, **headers: str):
        return self.client.get(f"/api/v1{path}", headers=headers)

    def send(self, method: str, path: str, body: object = None, **headers: str):
        content = {} if body is None else body
        return getattr(self.client, method)(f"/api/v1{path}", content, content_type="application/json", headers=headers)

    def post(self, path: str, body: object = None, **headers: str):
        return self.send("post", path, body, **headers)

    def patch(self, path: str, body: object, **headers: str):
        return self.send("patch", path, body, **headers)

    def delete(self, path: str, **headers: str):
        return self.send("delete", path, **headers)


def errors_of(response) -> dict[str, str]:
    """The code of each value that is wrong, by its pointer or name."""
    return {each.get("pointer") or each["parameter"]: each["code"] for each in response.json()["errors"]}


def names(response) -> list[str]:
    assert response.status_code == 200, response.content.decode()
    return [each.get("full_name") or each["name"] for each in response.json()["items"]]

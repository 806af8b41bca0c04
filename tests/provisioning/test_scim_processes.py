"""C10, C11 from outside: a server of two workers, and clients that all write at once."""

import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.server import Server

AT_ONCE = 5  # as many changes of one group as Entra sends side by side
PASSWORD = "a long enough passphrase"
SET_PASSWORD = """
from workspace.actions.end_users import set_password
from workspace.events import SYSTEM
from workspace.models import EndUser
set_password(end_user=EndUser.objects.get(email={email!r}), password={password!r}, by=SYSTEM)
"""
# Lets the provider of a connection publish its metadata at a URL, and signs the owner in to the console.
SLOW_PROVIDER = """
from django.test import Client
from django.urls import reverse
from authentication.models import IdentityProvider
from provisioning.models import ProvisioningConnection
from workspace.models import Administrator
place = ProvisioningConnection.objects.get(pk={pk!r}).environment_provider
IdentityProvider.objects.filter(pk=place.identity_provider_id).update(metadata_source="url", metadata_url={url!r})
client = Client()
client.force_login(Administrator.objects.filter(workspace=place.environment.workspace, role="owner").first().user)
names = dict(workspace=place.environment.workspace.slug, environment=place.environment.slug)
print(client.cookies["sessionid"].value)
print(reverse("authentication:provider-metadata-refresh", kwargs=names | dict(provider=place.identity_provider_id)))
"""


class Client:
    """Requests on connections of their own, so that any worker may answer."""

    def __init__(self, access: dict[str, str]) -> None:
        self.base, self.token = urlsplit(access["base_url"]), access["token"]

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"}
        connection = HTTPConnection(self.base.netloc, timeout=60)
        connection.request(method, self.base.path + path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response.status, json.loads(text) if text else None

    def user(self, name: str) -> str:
        status, body = self.call("POST", "/Users", {"userName": f"{name}@acme.example", "displayName": name})
        assert status == 201, body
        return body["id"]

    def members(self, group: str) -> set[str]:
        _, body = self.call("GET", f"/Groups/{group}")
        return {member["value"] for member in body.get("members", [])}


@pytest.fixture
def client(server: Server, request: pytest.FixtureRequest) -> Client:
    """A fresh connection in acme/DEV, named after the test."""
    return Client(server.demo("--empty-scim", request.node.name[:60]))


def test_c10_writers_of_one_group_on_two_workers_lose_nothing(client: Client):
    ids = [client.user(f"processes{n}") for n in range(20)]
    stay, leave, come = ids[:4], ids[4:12], ids[12:]
    body = {"displayName": "Written at once", "members": [{"value": pk} for pk in stay + leave]}
    group = client.call("POST", "/Groups", body)[1]["id"]
    operations: list[dict[str, Any]] = [{"op": "remove", "path": f'members[value eq "{pk}"]'} for pk in leave]
    operations += [{"op": "add", "path": "members", "value": [{"value": pk}]} for pk in come]
    operations += [{"op": "replace", "path": "displayName", "value": "Written at once"}] * 4

    def send(operation: dict[str, Any]) -> int:
        return client.call("PATCH", f"/Groups/{group}", {"Operations": [operation]})[0]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(send, operations[::2] + operations[1::2])) == {204}
    assert client.members(group) == {*stay, *come}
    # Each change that changed something counted once.
    assert client.call("GET", f"/Groups/{group}")[1]["meta"]["version"] == f'W/"{1 + len(leave) + len(come)}"'


def test_c11_the_next_request_fails_on_every_worker(client: Client, server: Server):
    pk = client.user("deprovisioned")
    email = "deprovisioned@acme.example"
    server.commands.run("shell", "-c", SET_PASSWORD.format(email=email, password=PASSWORD))
    browser = Browser(server.origin, "/sign-in/acme/dev/")
    browser.sign_in(email)
    assert browser.account(40) == {200}
    status, _ = client.call("PATCH", f"/Users/{pk}", {"Operations": [{"op": "replace", "value": {"active": False}}]})
    assert status == 200
    assert browser.account(40) == {302}


class Browser:
    """Signs in by password, then asks for the account page again and again."""

    def __init__(self, origin: str, place: str) -> None:
        self.host, self.place = urlsplit(origin).netloc, place
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}"}
        connection = HTTPConnection(self.host, timeout=60)
        connection.request(method, self.place + path, urlencode(form or {}), headers)
        response = connection.getresponse()
        text = response.read().decode()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return response.status, text

    def sign_in(self, email: str) -> None:
        _, page = self.ask("GET", "")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, page
        form = {"csrfmiddlewaretoken": token[1], "email": email, "password": PASSWORD}
        assert self.ask("POST", "password/", form)[0] == 302

    def account(self, times: int) -> set[int]:
        return {self.ask("GET", "account/")[0] for _ in range(times)}


def test_slow_metadata_holds_up_no_scim_request(client: Client, server: Server):
    """Administrators fetch more slow metadata at once than there are threads."""
    with silent() as listener, ThreadPoolExecutor(AT_ONCE + 1) as pool:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        code = SLOW_PROVIDER.format(pk=client.base.path.split("/")[2], url=url)
        session, path = server.commands.run("shell", "-c", code).split()[-2:]
        fetches = [pool.submit(refresh, server, session, path) for _ in range(AT_ONCE + 1)]
        fetching, _ = listener.accept()
        statuses = {client.call("GET", "/Users")[0] for _ in range(20)}
        with fetching:
            fetching.settimeout(0)
            fetching.recv(4096)  # the request
            with pytest.raises(BlockingIOError):  # it still waits for the answer
                fetching.recv(1)
        listener.close()
        assert statuses == {200}
        assert [each.result() for each in fetches] == [302] * len(fetches)


@contextmanager
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and answers none."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        yield listener


def refresh(server: Server, session: str, path: str) -> int:
    """Fetch the metadata of a provider again, as an administrator does in the console."""
    browser = Browser(server.origin, path)
    token = "a" * 32
    browser.cookies |= {"sessionid": session, "csrftoken": token}
    return browser.ask("POST", "", {"csrfmiddlewaretoken": token})[0]

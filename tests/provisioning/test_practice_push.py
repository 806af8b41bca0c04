"""The practice IdP pushes people and groups: over HTTP to the real server, and wrongly if asked to."""

import json
import socket
import urllib.request
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

import pytest

from provisioning.practice_idp.scim.access import Access
from provisioning.practice_idp.scim.client import Refused
from provisioning.practice_idp.scim.directory import Directory
from provisioning.practice_idp.scim.push import DIALECTS, Entra, Okta, Push
from tests.provisioning.practice import two_people
from tests.server import Server

both = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)


@dataclass(frozen=True)
class Service:
    """The users and groups of one test, read from the service."""

    access: Access
    mark: str

    def users(self) -> list[dict[str, Any]]:
        return self._found("Users", "userName", f"@{self.mark}.example")

    def people(self) -> dict[str, bool]:
        """Return whether each user is active, by the local part of the address."""
        return {each["userName"].partition("@")[0]: each["active"] for each in self.users()}

    def groups(self) -> dict[str, list[str]]:
        """Return the members of each group, by the first word of its name."""
        names = {each["id"]: each["userName"].partition("@")[0] for each in self.users()}
        return {
            each["displayName"].split()[0]: [names[member["value"]] for member in each.get("members", [])]
            for each in self._found("Groups", "displayName", self.mark)
        }

    def delete(self, user: dict[str, Any]) -> None:
        self._ask(f"/Users/{user['id']}", "DELETE")

    def _found(self, kind: str, attribute: str, end: str) -> list[dict[str, Any]]:
        query = urlencode({"filter": f'{attribute} ew "{end}"', "count": 200})
        return json.loads(self._ask(f"/{kind}?{query}"))["Resources"]

    def _ask(self, path: str, method: str = "GET") -> bytes:
        headers = {"Authorization": f"Bearer {self.access.token}"}
        request = urllib.request.Request(self.access.base_url + path, headers=headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return response.read()


@pytest.fixture
def mark() -> str:
    """A random part of names, which tells the data of one test from that of the others."""
    return token_hex(4)


@pytest.fixture(scope="module")
def made(server: Server) -> dict[str, str]:
    """Base URL and token of a new connection for all tests of this module."""
    return server.demo("--empty-scim", "Practice")


@pytest.fixture
def service(made: dict[str, str], mark: str) -> Service:
    return Service(Access(made["base_url"], made["token"]), mark)


@pytest.fixture
def directory(mark: str) -> Directory:
    return two_people(mark)


def pushing(server: Server, service: Service, dialect: type) -> Push:
    return Push(server.origin, service.access, dialect)


def requests_of(push: Push) -> list[str]:
    """Return the requests with their statuses, the oldest first."""
    return [f"{each.method} {each.path.split('?')[0]} {each.status}" for each in reversed(push.exchanges)]


# What arrives. --------------------------------------------------------------------------------------------------------


@both
def test_people_and_groups_arrive(server, service, directory, dialect):
    push = pushing(server, service, dialect)
    assert push.count_changes(directory) == 3
    outcome = push.everything(directory)
    assert outcome.done == {"people created": 2, "groups created": 1, "members added": 1, "members removed": 0}
    assert outcome.problems == [] and push.count_changes(directory) == 0
    assert service.people() == {"ada": True, "bo": True}
    assert service.groups() == {"Engineers": ["ada"]}
    before = len(push.exchanges)
    assert not push.everything(directory).done and len(push.exchanges) == before


@both
def test_changes_arrive(server, service, directory, mark, dialect):
    push = pushing(server, service, dialect)
    push.everything(directory)
    ada, bo = directory.people.values()
    (group,) = directory.groups.values()
    directory.save_person(ada.key, email=f"augusta@{mark}.example", name="Augusta Winter", is_active=False)
    directory.save_group(group.key, name=f"Builders {mark}", members=[bo.key])
    assert push.count_changes(directory) == 2
    assert push.everything(directory).problems == []
    assert service.people() == {"augusta": False, "bo": True}
    assert service.groups() == {"Builders": ["bo"]}


@pytest.mark.parametrize(("dialect", "left"), [(Okta, {"ada": False}), (Entra, {})], ids=["okta", "entra"])
def test_okta_never_deletes_anybody_but_entra_does(server, service, directory, dialect, left):
    push = pushing(server, service, dialect)
    push.everything(directory)
    ada, _ = directory.people
    (group,) = directory.groups
    directory.remove_person(ada)
    directory.remove_group(group)
    assert push.everything(directory).problems == []
    assert service.people() == {"bo": True} | left
    assert service.groups() == {}


@both
def test_who_is_there_already_is_taken_over(server, service, directory, dialect):
    pushing(server, service, dialect).everything(directory)
    ada, _ = directory.people.values()
    directory.save_person(ada.key, email=ada.email, name="Ada Summer")
    again = pushing(server, service, dialect).everything(directory)
    assert again.problems == [] and "people created" not in again.done
    assert {each["displayName"] for each in service.users()} == {"Ada Summer", "Bo Berg"}
    assert service.groups() == {"Engineers": ["ada"]}


def test_whoever_is_off_is_not_introduced(server, service, mark):
    directory, push = Directory(), pushing(server, service, Okta)
    directory.save_person("", email=f"off@{mark}.example", name="", is_active=False)
    assert push.count_changes(directory) == 0
    push.everything(directory)
    assert service.people() == {}


@pytest.mark.parametrize(
    ("dialect", "operation"),
    [
        (Okta, {"op": "replace", "value": {"active": False}}),
        (Entra, {"op": "Replace", "path": "active", "value": "False"}),
    ],
    ids=["okta", "entra"],
)
def test_each_idp_deactivates_in_its_own_words(server, service, directory, dialect, operation):
    push = pushing(server, service, dialect)
    push.everything(directory)
    ada = next(iter(directory.people.values()))
    directory.save_person(ada.key, email=ada.email, name=ada.name, is_active=False)
    push.everything(directory)
    (exchange, *_) = push.exchanges
    assert (exchange.method, json.loads(exchange.body)["Operations"]) == ("PATCH", [operation])
    assert service.people() == {"ada": False, "bo": True}


@pytest.mark.parametrize(("dialect", "first"), [(Okta, []), (Entra, None)], ids=["okta", "entra"])
def test_each_idp_creates_groups_before_it_names_members(server, service, directory, dialect, first):
    push = pushing(server, service, dialect)
    push.everything(directory)
    members, created, *_ = push.exchanges
    assert (created.method, json.loads(created.body).get("members")) == ("POST", first)
    (operation,) = json.loads(members.body)["Operations"]
    assert operation["path"] == "members" and len(operation["value"]) == 1


# What goes wrong. -----------------------------------------------------------------------------------------------------


@both
def test_a_wrong_filter_drops_ninety_of_a_hundred_until_the_next_push(server, service, mark, dialect):
    directory, push = Directory(), pushing(server, service, dialect)
    for number in range(100):
        directory.save_person("", email=f"person-{number}@{mark}.example", name="")
    assert push.apply_wrong_filter().done == {}
    assert push.everything(directory).done == {"people created": 100}
    assert push.apply_wrong_filter().done == {"people deactivated": 90}
    assert sum(service.people().values()) == 10
    assert push.count_changes(directory) == 90
    assert push.everything(directory).done == {"people reactivated": 90}
    assert sum(service.people().values()) == 100


def test_a_wrong_token_is_refused_in_words(server, service):
    push = pushing(server, service, Okta)
    push.test()
    with pytest.raises(Refused, match=r"The token is not accepted\..* live SCIM token"):
        push.test_with_wrong_token()
    assert requests_of(push) == ["GET /Users 200", "GET /Users 401"]


def test_a_burst_keeps_one_answer_of_each_status(server, service):
    push = pushing(server, service, Entra)
    statuses = push.send_burst()
    assert sum(statuses.values()) == 200
    assert sorted(each.status for each in push.exchanges) == sorted(statuses)


def test_one_refusal_does_not_hold_up_the_others(server, service, directory, mark):
    directory.save_person("", email=f"cleo@{mark}.example{'x' * 600}", name="Cleo")
    directory.save_person("", email=f"dan@{mark}.example", name="Dan")
    outcome = pushing(server, service, Okta).everything(directory)
    assert outcome.done["people created"] == 3
    (problem,) = outcome.problems
    assert problem.startswith(f"cleo@{mark}.example")


def test_what_was_deleted_elsewhere_is_found_missing_and_made_again(server, service, directory):
    push = pushing(server, service, Entra)
    push.everything(directory)
    service.delete(next(each for each in service.users() if each["displayName"] == "Bo Berg"))
    bo = next(each for each in directory.people.values() if each.name == "Bo Berg")
    directory.save_person(bo.key, email=bo.email, name="Bo Dahl")
    (problem,) = push.everything(directory).problems
    assert "It is not there any more." in problem
    assert push.everything(directory).done["people created"] == 1


def test_a_refused_token_stops_the_push_at_once(server, service, directory):
    push = Push(server.origin, replace(service.access, token="scim_wrongtoken_0000"), Okta)
    outcome = push.everything(directory)
    assert outcome.problems[-1] == "The push stopped there." and len(push.exchanges) == 1


def test_no_answer_is_said_in_words(directory):
    with socket.socket() as nobody:  # bound, but does not listen
        nobody.bind(("127.0.0.1", 0))
        console = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        outcome = Push(console, Access(f"{console}/scim/x/v2", "token"), Okta).everything(directory)
    assert "does not respond" in outcome.problems[0] and not outcome.done

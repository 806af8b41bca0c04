"""The practice IdP pushes people and groups: over HTTP to the real server, and wrongly where that was asked for."""

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from secrets import token_hex
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import pytest

from provisioning.practice_idp.demo import Demo, Person, Target, parse
from provisioning.practice_idp.saml.idp import Misunderstood
from provisioning.practice_idp.scim import pages as scim_pages
from provisioning.practice_idp.scim.client import Access, NotOurs, Refused, access
from provisioning.practice_idp.scim.desk import Desk
from provisioning.practice_idp.scim.dialects import DIALECTS, Entra, Okta
from provisioning.practice_idp.scim.directory import Directory, Unfit
from provisioning.practice_idp.scim.push import Push
from provisioning.practice_idp.server import Server as Practice
from tests.provisioning.test_practice_idp import demo_data
from tests.server import Server

CONSOLE = "http://127.0.0.1:8000"
BASE_URL = f"{CONSOLE}/scim/7f3a0000-0000-4000-8000-000000000000/v2"
both = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)


@dataclass(frozen=True)
class Service:
    """What the service knows of one test's people and groups, asked with the token of the practice IdP."""

    access: Access
    mark: str

    def users(self) -> list[dict[str, Any]]:
        return self._found("Users", "userName", f"@{self.mark}.example")

    def people(self) -> dict[str, bool]:
        """Who is there by the name in the address, and who of them is active."""
        return {each["userName"].partition("@")[0]: each["active"] for each in self.users()}

    def groups(self) -> dict[str, list[str]]:
        """The groups by the first word of their names, with the names of their members."""
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
    """Tells what one test makes from what others do."""
    return token_hex(4)


@pytest.fixture(scope="module")
def made(server: Server) -> dict[str, str]:
    """Base URL and token of a fresh connection for all of these tests."""
    return server.demo("--empty-scim", "Practice")


@pytest.fixture
def service(made: dict[str, str], mark: str) -> Service:
    return Service(Access(made["base_url"], made["token"]), mark)


@pytest.fixture
def directory(mark: str) -> Directory:
    """Ada and Bo, and a group with Ada."""
    directory = Directory()
    ada = directory.save_person("", email=f"ada@{mark}.example", name="Ada Winter")
    directory.save_person("", email=f"bo@{mark}.example", name="Bo Berg")
    directory.save_group("", name=f"Engineers {mark}", members=[ada.key])
    return directory


def pushing(server: Server, service: Service, dialect: type) -> Push:
    return Push(server.origin, service.access, dialect)


def said(push: Push) -> list[str]:
    """The conversation so far, oldest first."""
    return [f"{each.method} {each.path.split('?')[0]} {each.status}" for each in reversed(push.said)]


# What arrives. --------------------------------------------------------------------------------------------------------


@both
def test_people_and_groups_arrive(server, service, directory, dialect):
    push = pushing(server, service, dialect)
    assert push.waiting(directory) == 3
    outcome = push.everything(directory)
    assert outcome.done == {"people created": 2, "groups created": 1, "members added": 1, "members removed": 0}
    assert outcome.problems == [] and push.waiting(directory) == 0
    assert service.people() == {"ada": True, "bo": True}
    assert service.groups() == {"Engineers": ["ada"]}
    before = len(push.said)
    assert not push.everything(directory).done and len(push.said) == before


@both
def test_changes_arrive(server, service, directory, mark, dialect):
    push = pushing(server, service, dialect)
    push.everything(directory)
    ada, bo = directory.people.values()
    (group,) = directory.groups.values()
    directory.save_person(ada.key, email=f"augusta@{mark}.example", name="Augusta Winter", is_active=False)
    directory.save_group(group.key, name=f"Builders {mark}", members=[bo.key])
    assert push.waiting(directory) == 2
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
    assert push.waiting(directory) == 0
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
    (exchange, *_) = push.said
    assert (exchange.method, json.loads(exchange.body)["Operations"]) == ("PATCH", [operation])
    assert service.people() == {"ada": False, "bo": True}


@pytest.mark.parametrize(("dialect", "first"), [(Okta, []), (Entra, None)], ids=["okta", "entra"])
def test_each_idp_creates_groups_before_it_names_members(server, service, directory, dialect, first):
    push = pushing(server, service, dialect)
    push.everything(directory)
    members, created, *_ = push.said
    assert (created.method, json.loads(created.body).get("members")) == ("POST", first)
    (operation,) = json.loads(members.body)["Operations"]
    assert operation["path"] == "members" and len(operation["value"]) == 1


# What goes wrong. -----------------------------------------------------------------------------------------------------


@both
def test_a_wrong_filter_drops_ninety_of_a_hundred_until_the_next_push(server, service, mark, dialect):
    directory, push = Directory(), pushing(server, service, dialect)
    for number in range(100):
        directory.save_person("", email=f"person-{number}@{mark}.example", name="")
    assert push.drop().done == {}
    assert push.everything(directory).done == {"people created": 100}
    assert push.drop().done == {"people deactivated": 90}
    assert sum(service.people().values()) == 10
    assert push.waiting(directory) == 90
    assert push.everything(directory).done == {"people reactivated": 90}
    assert sum(service.people().values()) == 100


def test_a_wrong_token_is_refused_in_words(server, service):
    push = pushing(server, service, Okta)
    push.test()
    with pytest.raises(Refused, match=r"The token is not accepted\..* Copy a live one from the console\."):
        push.test_with_a_wrong_token()
    assert said(push) == ["GET /Users 200", "GET /Users 401"]


def test_a_burst_keeps_one_answer_of_each_status(server, service):
    push = pushing(server, service, Entra)
    statuses = push.burst()
    assert sum(statuses.values()) == 200
    assert sorted(each.status for each in push.said) == sorted(statuses)


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
    assert outcome.problems[-1] == "The push stopped there." and len(push.said) == 1


def test_no_answer_is_said_in_words(directory):
    with socket.socket() as nobody:  # bound, but does not listen
        nobody.bind(("127.0.0.1", 0))
        console = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        outcome = Push(console, Access(f"{console}/scim/x/v2", "token"), Okta).everything(directory)
    assert "does not answer" in outcome.problems[0] and not outcome.done


# Where it goes. -------------------------------------------------------------------------------------------------------


def test_only_connections_of_its_own_console_are_asked():
    assert access(f" {BASE_URL}/ ", " scim_a_b ", console=CONSOLE) == Access(BASE_URL, "scim_a_b")


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        CONSOLE,
        f"{CONSOLE}/operator/",
        BASE_URL.replace("127.0.0.1", "127.0.0.1.foreign.example"),
        BASE_URL.replace("127.0.0.1:8000", "127.0.0.1:8000@foreign.example"),
        BASE_URL.replace(":8000", ":80001"),
        BASE_URL.replace(":8000", ":9000"),
        BASE_URL.replace("http:", "https:"),
        f"{BASE_URL}/../../../operator",
        f"{BASE_URL}?aadOptscim062020",
        f"{BASE_URL}\r\nHost: foreign.example",
        "http://169.254.169.254/scim/7f3a0000-0000-4000-8000-000000000000/v2",
    ],
    ids=repr,
)
def test_no_other_address_is_ever_asked(base_url):
    with pytest.raises(NotOurs):
        access(base_url, "scim_a_b", console=CONSOLE)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ünïcode", "x" * 501])
def test_what_cannot_be_a_token_is_not_sent(token):
    with pytest.raises(NotOurs):
        access(BASE_URL, token, console=CONSOLE)


# The directory. -------------------------------------------------------------------------------------------------------


def test_the_directory_takes_the_demos_people_with_their_groups_once():
    directory, people = Directory(), [Person("ada@acme.example", "Ada", ("Sales",)), Person("bo@acme.example", "Bo")]
    assert (directory.add_demo(people), directory.add_demo(people)) == (2, 0)
    (sales,) = directory.groups.values()
    assert [directory.people[key].name for key in sales.members] == ["Ada"]


def test_a_hundred_example_people_have_different_addresses():
    directory = Directory()
    assert directory.add_examples("push.example") == len(directory.people) == 100
    assert sorted(len(group.members) for group in directory.groups.values()) == [50, 100]


def test_the_directory_refuses_what_would_be_ambiguous(directory):
    ada, bo = directory.people.values()
    with pytest.raises(Unfit):
        directory.save_person(bo.key, email=ada.email.upper(), name="Bo")
    with pytest.raises(Unfit):
        directory.save_person("", email="nobody", name="")
    with pytest.raises(Unfit):
        directory.save_group("", name=next(iter(directory.groups.values())).name.upper(), members=[])
    with pytest.raises(Unfit):
        directory.save_group("", name=" ", members=[])
    assert directory.save_person(ada.key, email=ada.email.upper(), name="").email == ada.email.upper()


def test_who_is_removed_leaves_the_groups(directory):
    (group,) = directory.groups.values()
    directory.remove_person(next(iter(group.members)))
    assert group.members == set()


# The pages. -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def demo(tmp_path, server: Server, made: dict[str, str]) -> Demo:
    """What the practice IdP knows: one connection that takes SCIM."""
    data = demo_data(tmp_path, origin=server.origin)
    data["environments"][0]["providers"][0]["scim"] = made
    return parse(data)


@pytest.fixture
def desk(demo: Demo) -> Desk:
    return Desk(demo)


def do(desk: Desk, path: str, **fields: str) -> str:
    """Send a form, and read the page that it leads to."""
    return desk.act(path, {name: [value] for name, value in fields.items()}) or desk.page(scim_pages.HOME, "")


def choose(desk: Desk, **fields: str) -> str:
    return do(desk, scim_pages.TARGET, **{"target": "7f3a", "dialect": "okta"} | fields)


def test_the_demo_names_the_connections_that_take_scim(demo, made):
    assert demo.targets == (Target("7f3a", "Okta Test", "acme", "TEST", made["base_url"], made["token"]),)


def test_the_conversation_is_shown_without_the_token(desk, made, mark):
    choose(desk)
    do(desk, scim_pages.PERSON, email=f"ada@{mark}.example", name="Ada <Winter>", active="on")
    page = do(desk, scim_pages.RUN, do="push")
    assert "Pushed – people created: 1." in page and "Ada &lt;Winter&gt;" in page
    assert "<code>POST /Users</code>" in page and "Authorization: Bearer scim_••••••" in page
    assert made["token"] not in page and "<Winter>" not in page


def test_a_pasted_connection_is_used_and_its_token_never_shown(desk, made):
    pasted = {"target": "pasted", "base_url": made["base_url"], "token": made["token"]}
    assert made["token"] not in choose(desk, **pasted)
    assert "The connection works." in do(desk, scim_pages.RUN, do="test")
    assert 'role="alert"' in choose(desk, **pasted | {"base_url": "https://foreign.example/scim"})


def test_every_choice_that_does_not_fit_is_explained(desk):
    assert 'role="alert"' in choose(desk, dialect="another")
    with pytest.raises(Misunderstood):
        do(desk, scim_pages.RUN, do="push")
    choose(desk)
    with pytest.raises(Misunderstood):
        do(desk, scim_pages.RUN, do="another")
    assert "Enter an email address" in do(desk, scim_pages.PERSON, email="nobody")
    assert "Enter a name" in do(desk, scim_pages.GROUP, name="")
    for path in (scim_pages.PERSON, scim_pages.GROUP):
        with pytest.raises(Misunderstood):
            do(desk, path, key="gone", name="x", email="x@push.example")
        with pytest.raises(Misunderstood):
            desk.page(path, "key=gone")


def test_refusals_of_the_service_are_shown_in_words(desk):
    choose(desk)
    page = do(desk, scim_pages.RUN, do="wrong-token")
    assert '<div role="alert"><p>The token is not accepted.' in page and '<b class="refused">401</b>' in page
    assert "answered: 200 with 200." in do(desk, scim_pages.RUN, do="burst")


# The program. ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def practice(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Practice]:
    """The practice IdP on a free port."""
    monkeypatch.setattr(Demo, "port", 0)
    with Practice(demo) as practice:
        practice.names = {f"127.0.0.1:{practice.server_port}"}
        Thread(target=practice.serve_forever).start()
        yield practice
        practice.shutdown()


def send(practice: Practice, path: str, form: dict[str, str], **headers: str) -> tuple[int, str]:
    """Send a form as a browser does, and follow to where it leads."""
    origin = f"http://127.0.0.1:{practice.server_port}"
    request = urllib.request.Request(origin + path, urlencode(form).encode(), {"Origin": origin} | headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


PERSON = {"email": "ada@push.example", "name": "Ada Winter", "active": "on"}


def test_a_form_is_done_and_leads_back(practice):
    assert send(practice, scim_pages.TARGET, {"target": "7f3a", "dialect": "entra"})[0] == 200
    status, page = send(practice, scim_pages.PERSON, PERSON)
    assert status == 200 and "ada@push.example" in page and "<script" not in page and "style=" not in page


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://foreign.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": CONSOLE}, 403),
        ({"Origin": ""}, 403),
        ({"Host": "rebound.example"}, 421),
    ],
    ids=str,
)
def test_a_form_of_another_page_does_nothing(practice, headers, status):
    send(practice, scim_pages.TARGET, {"target": "7f3a", "dialect": "okta"})
    assert send(practice, scim_pages.PERSON, PERSON, **headers)[0] == status
    assert "ada@push.example" not in practice.desk.page(scim_pages.HOME, "")

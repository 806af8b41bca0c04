"""The push pages of the practice IdP: its directory, its connection, and its forms."""

import re
from collections.abc import Iterator
from secrets import token_hex

import pytest

from provisioning.practice_idp.demo import Demo, DemoPerson, Target, parse
from provisioning.practice_idp.errors import BadRequest, InvalidInput
from provisioning.practice_idp.markup import PUSH_URL
from provisioning.practice_idp.replies import Redirect
from provisioning.practice_idp.scim import pages as scim_pages
from provisioning.practice_idp.scim.access import Access, parse_access
from provisioning.practice_idp.scim.directory import Directory
from provisioning.practice_idp.scim.site import PushSite
from provisioning.practice_idp.server import Server as Practice
from tests.provisioning.practice import demo_data, response_of, running, two_people
from tests.server import Server

CONSOLE = "http://127.0.0.1:8000"
BASE_URL = f"{CONSOLE}/scim/7f3a0000-0000-4000-8000-000000000000/v2"


@pytest.fixture(scope="module")
def made(server: Server) -> dict[str, str]:
    """Base URL and token of a new connection for all tests of this module."""
    return server.demo("--empty-scim", "Practice")


@pytest.fixture
def mark() -> str:
    """A random part of names, which tells the data of one test from that of the others."""
    return token_hex(4)


@pytest.fixture
def directory(mark: str) -> Directory:
    return two_people(mark)


# Where it goes. -------------------------------------------------------------------------------------------------------


def test_only_connections_of_its_own_console_are_asked():
    assert parse_access(f" {BASE_URL}/ ", " scim_a_b ", console=CONSOLE) == Access(BASE_URL, "scim_a_b")


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
    with pytest.raises(InvalidInput):
        parse_access(base_url, "scim_a_b", console=CONSOLE)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ünïcode", "x" * 501])
def test_what_cannot_be_a_token_is_not_sent(token):
    with pytest.raises(InvalidInput):
        parse_access(BASE_URL, token, console=CONSOLE)


# The directory. -------------------------------------------------------------------------------------------------------


def test_the_directory_takes_the_demos_people_with_their_groups_once():
    directory, people = (
        Directory(),
        [DemoPerson("ada@acme.example", "Ada", ("Sales",)), DemoPerson("bo@acme.example", "Bo")],
    )
    assert (directory.add_demo(people), directory.add_demo(people)) == (2, 0)
    (sales,) = directory.groups.values()
    assert [directory.people[key].name for key in sales.members] == ["Ada"]


def test_a_hundred_example_people_have_different_addresses():
    directory = Directory()
    assert directory.add_examples("push.example") == len(directory.people) == 100
    assert sorted(len(group.members) for group in directory.groups.values()) == [50, 100]


def test_the_directory_refuses_what_would_be_ambiguous(directory):
    ada, bo = directory.people.values()
    with pytest.raises(InvalidInput):
        directory.save_person(bo.key, email=ada.email.upper(), name="Bo")
    with pytest.raises(InvalidInput):
        directory.save_person("", email="nobody", name="")
    with pytest.raises(InvalidInput):
        directory.save_group("", name=next(iter(directory.groups.values())).name.upper(), members=[])
    with pytest.raises(InvalidInput):
        directory.save_group("", name=" ", members=[])
    assert directory.save_person(ada.key, email=ada.email.upper(), name="").email == ada.email.upper()


def test_who_is_removed_leaves_the_groups(directory):
    (group,) = directory.groups.values()
    directory.remove_person(next(iter(group.members)))
    assert group.members == set()


# The pages. -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def demo(tmp_path, server: Server, made: dict[str, str]) -> Demo:
    """A demo with one connection for SCIM."""
    data = demo_data(tmp_path, origin=server.origin)
    data["environments"][0]["providers"][0]["scim"] = made
    return parse(data)


@pytest.fixture
def desk(demo: Demo) -> PushSite:
    return PushSite(demo)


def do(desk: PushSite, path: str, **fields: str) -> str:
    """Submit a form and return the page that follows."""
    reply = desk.submit(path, {name: [value] for name, value in fields.items()})
    return desk.page(reply.path, "") if isinstance(reply, Redirect) else reply


def choose(desk: PushSite, **fields: str) -> str:
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
    with pytest.raises(BadRequest):
        do(desk, scim_pages.RUN, do="push")
    choose(desk)
    with pytest.raises(BadRequest):
        do(desk, scim_pages.RUN, do="another")
    assert "Enter an email address" in do(desk, scim_pages.PERSON, email="nobody")
    assert "Enter a name" in do(desk, scim_pages.GROUP, name="")
    for path in (scim_pages.PERSON, scim_pages.GROUP):
        with pytest.raises(BadRequest):
            do(desk, path, key="gone", name="x", email="x@push.example")
        with pytest.raises(BadRequest):
            desk.page(path, "gone")


def test_refusals_of_the_service_are_shown_in_words(desk):
    choose(desk)
    page = do(desk, scim_pages.RUN, do="wrong-token")
    assert '<div role="alert"><p>The token is not accepted.' in page and '<b class="refused">401</b>' in page
    assert "answered: 200 with 200." in do(desk, scim_pages.RUN, do="burst")


def notice(page: str) -> str:
    return re.search(r'<div role="(?:status|alert)"><p>(.*?)</p>', page)[1]


def test_each_action_says_what_happened_also_after_a_reload(desk, mark):
    choose(desk)
    saved = do(desk, scim_pages.PERSON, email=f"ada@{mark}.example", name="Ada <b>", active="on")
    assert notice(saved) == "Ada &lt;b&gt; is saved in the directory. Push now to send the change."
    key = re.search(rf"{scim_pages.PERSON}\?key=([^\"]+)", saved)[1]
    assert "is saved in the directory" in notice(do(desk, scim_pages.GROUP, name=f"G {mark}", member=key))
    pushed = do(desk, scim_pages.RUN, do="push")
    assert notice(pushed) == "Pushed – people created: 1, groups created: 1, members added: 1. Requests sent: 5."
    assert notice(desk.page(PUSH_URL)) == notice(pushed)
    assert "Ada &lt;b&gt; is removed" in notice(do(desk, scim_pages.PERSON, key=key, do="remove"))
    assert "people deactivated: 1" in notice(do(desk, scim_pages.RUN, do="push"))
    assert notice(do(desk, scim_pages.RUN, do="push")) == "There are no changes to push."


def test_the_console_can_name_the_connection(desk, made):
    page = desk.page(PUSH_URL, base_url=f'{made["base_url"]}">')
    assert f'name="base_url" value="{made["base_url"]}&quot;&gt;"' in page
    assert 'value="pasted" checked' in page


# The program. ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def practice(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Practice]:
    with running(demo, monkeypatch) as practice:
        yield practice


def send(practice: Practice, path: str, form: dict[str, str], **headers: str) -> tuple[int, str]:
    """Submit a form as a browser does and return status and text of the page that follows."""
    return response_of(practice, path, form, **{"Origin": f"http://127.0.0.1:{practice.server_port}"} | headers)


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
    assert "ada@push.example" not in practice.push.page(PUSH_URL, "")

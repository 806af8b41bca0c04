"""C7: whatever fits into a body is refused soon, and changes nothing.

Soon is counted in calls, which are the same on every machine; most of these take 0.1 µs or less. What one call may
take is compared with the same of a quarter of the size.
"""

import cProfile
import json
import time
from typing import Any

import pytest

from provisioning.actions.connection_settings import set_strict
from provisioning.models import ProvisionedUser
from provisioning.payload import body as bodies
from provisioning.payload import documents, patch, queries
from provisioning.payload.limits import MAX_VALUES, MOST
from provisioning.payload.masking import masked_request
from provisioning.payload.members import MAX_MEMBERS
from tests.provisioning.refusals import dump, is_refused
from tests.scim import ENTERPRISE, PATCH_OP, USER, okta_group, okta_user
from workspace.events import SYSTEM

pytestmark = pytest.mark.django_db
MOST_CALLS = 350_000
# A thousand operations, as many as are advertised, take about a million.
MOST_CALLS_OF_CHANGES = 2_000_000
MEGABYTE = 1_000_000
DOUBTFUL = {"active": "perhaps"}


def names(length: int, start: str = "u") -> dict[str, int]:
    """As many names as fit, none of which is known."""
    return {f"{start}{n:05}": n for n in range(length // (len(start) + 14))}


def operations(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def members(count: int, start: int = 0) -> list[dict[str, str]]:
    return [{"value": f"01a2099e-8adc-7840-80c7-{n:012}"} for n in range(start, start + count)]


def change(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def addresses(count: int, domain: str = "x") -> list[dict[str, str]]:
    return [{"value": f"{n}@{domain}.example"} for n in range(count)]


def in_brackets(count: int) -> str:
    return " or ".join(['value eq "x"'] * count)


USERS = {
    "unknown names": okta_user("bob") | names(MEGABYTE),
    "unknown names, just too many": okta_user("bob") | names(25_000),
    "unknown paths": okta_user("bob") | names(MEGABYTE, "name.u"),
    "unknown names of an extension": okta_user("bob") | names(MEGABYTE, f"{ENTERPRISE}:u"),
    "unknown names within": okta_user("bob") | {"name": names(MEGABYTE)},
    "unknown names within each": okta_user("bob", emails=[names(15_000)] * 60),
    "unknown names under a URN": okta_user("bob") | {USER: names(MEGABYTE)},
    "many addresses": okta_user("bob", emails=addresses(20_000)),
    "addresses as JSON": okta_user("bob", emails=json.dumps(addresses(20_000))),
    "numbers for addresses": okta_user("bob", emails=[1] * 300_000),
    "wrong addresses": okta_user("bob", emails=[{"value": []}] * 60_000),
    "many lists": okta_user("bob", x=[[]] * 250_000),
    "deep lists": okta_user("bob", x=[json.loads("[" * 18 + "]" * 18)] * 25_000),
    "many objects": okta_user("bob", x=[{}] * 250_000),
    "many schemas": okta_user("bob", schemas=[f"urn:{n}" for n in range(50_000)]),
    "a long userName": okta_user("bob", userName="x" * MEGABYTE),
    "a userName that folds to more": okta_user("bob", userName="ﷺ" * 160_000),
    "a long name": okta_user("bob", **DOUBTFUL) | {"." * MEGABYTE: 1},
}
# What is left out of these.
TOO_LONG = {
    "title": {"title": "x" * MEGABYTE},
    "displayName": {"displayName": "ﷺ" * 160_000},
    "emails": {"emails": [{"value": "ﷺ" * 160_000}]},
    "photos": {"photos": [{"value": "https://x.example/" + "x" * MEGABYTE}]},
    "nickName": {"nickName": {"value": ["x"] * 30_000}},
    "roles": {"roles": [{"value": str(n)} for n in range(201)]},
    "x509Certificates": {"x509Certificates": [{"value": []} for n in range(999)]},
}
USER_CHANGES = {
    "unknown names": operations({"op": "replace", "value": names(MEGABYTE)}),
    "no paths": operations({"op": "add", "value": {f'roles[value eq "{n}"].type': "x" for n in range(999)}}),
    "filters that find each other's entry": operations(
        *[change(f'roles[value eq "{n}" or display pr].type', "x") for n in range(1000)]
    ),
    "addresses, one each": operations(*[change("emails", addresses(1, f"x{n}")) for n in range(1000)]),
    "too many operations": operations(*[change("title", "x")] * 1001),
    "addresses": operations(*[change("emails", addresses(250, f"x{n}")) for n in range(99)]),
    "filters": operations(*[change(f"roles[{in_brackets(19)}].display", "x") for _ in range(1000)]),
    "filters, just too many": operations(*[change(f"roles[{in_brackets(19)}].display", "x") for _ in range(105)]),
    "objects": operations(*[change("name", names(15_000)) for _ in range(60)]),
    "names in operations": operations(
        *[change("title", "x") | names(15_000) for _ in range(60)], change("active", "x")
    ),
    "no operations": {"Operations": [{}] * 250_000},
}
GROUP_CHANGES = {
    "unknown": operations(change("members", members(10_000))),
    "unknown, a hundred each": operations(*[change("members", members(100, n)) for n in range(0, 10_000, 100)]),
    "no ids": operations(change("members", [{"value": str(n)} for n in range(10_000)])),
    "in a filter": operations({"op": "remove", "path": f"members[{in_brackets(40_000)}]"}),
    "in a text": operations(change("members", json.dumps(members(18_000)))),
    "one each": operations(*[change("members", members(1, n)) for n in range(1000)]),
}
SEARCHES = {
    "attributes": {"attributes": [f"a{n}" for n in range(50_000)]},
    "attributes in a text": {"attributes": ",".join(f"{USER}:a{n}" for n in range(10_000))},
    "both": {"attributes": ["a"] * 20_000, "excludedAttributes": ["a"] * 20_000},
    "names": names(MEGABYTE) | {"filter": "nonsense"},
    "a filter": {"filter": "x" * MEGABYTE},
    "an order": {"sortBy": f"{ENTERPRISE}:" + "manager." * 120_000},
}


def answered_soon(scim, method: str, path: str, body: Any, most: int = MOST_CALLS) -> Any:
    """The answer to a body that fits, after few calls."""
    content = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    assert len(content) <= bodies.MAX_BYTES
    profile = cProfile.Profile()
    with profile:
        answer = scim.call(method, path, content)
    assert sum(entry.callcount for entry in profile.getstats()) < most
    return answer


def refused_soon(scim, method: str, path: str, body: Any, most: int = MOST_CALLS) -> Any:
    """The answer to a body that is refused, with all tables as they were, after few calls."""
    before = dump()
    answer = answered_soon(scim, method, path, body, most)
    assert is_refused(answer, answer.status, answer.body.get("scimType"))
    assert answer.status in {400, 413}
    assert dump() == before
    return answer


@pytest.fixture
def warm(scim):
    """What only the first requests do is done."""
    user = scim.user()
    group = scim.group(members=[user])
    scim.patch(f"/Users/{user}", change('emails[type eq "work"].display', "x"))
    scim.patch(f"/Groups/{group}", {"op": "remove", "path": f'members[value eq "{user}"]'})
    scim.get('/Users?filter=title eq "x"')
    return scim, user, group


@pytest.mark.parametrize("body", USERS.values(), ids=USERS)
def test_c7_a_user_that_is_too_much_is_refused_soon(warm, body):
    scim, user, _ = warm
    refused_soon(scim, "POST", "/Users", body)
    refused_soon(scim, "PUT", f"/Users/{user}", body)


@pytest.mark.parametrize("body", USER_CHANGES.values(), ids=USER_CHANGES)
def test_c7_a_change_that_is_too_much_is_refused_soon(warm, body):
    scim, user, _ = warm
    refused_soon(scim, "PATCH", f"/Users/{user}", body, MOST_CALLS_OF_CHANGES)


@pytest.mark.parametrize("name", TOO_LONG)
def test_c7_a_user_is_taken_soon_without_what_is_too_much(warm, name):
    scim, user, _ = warm
    assert name not in answered_soon(scim, "POST", "/Users", okta_user("bob") | TOO_LONG[name]).body
    answer = answered_soon(scim, "PUT", f"/Users/{user}", okta_user(active=False) | TOO_LONG[name])
    assert (answer.status, answer.body["active"], name in answer.body) == (200, False, False)
    changes = [{"op": "replace", "path": path, "value": value} for path, value in TOO_LONG[name].items()]
    answer = answered_soon(scim, "PATCH", f"/Users/{user}", operations(*changes, change("active", True)))
    assert (answer.status, answer.body["active"], name in answer.body) == (200, True, False)
    assert any(note.startswith(f"Left out {name}") for note in scim.connection.requests.latest("id").notes)


def test_c8_a_thousand_operations_are_taken_soon(warm):
    scim, user, _ = warm
    texts = [change("title", str(n)) for n in range(1000)]
    one = [change('emails[type eq "work"].display', str(n)) for n in range(1000)]
    removed = [{"op": "remove", "path": "emails", "value": addresses(1, f"x{n}")} for n in range(1000)]
    relative = [change("profileUrl", str(n)) for n in range(999)]
    for sent in (texts, one, removed, [*relative, change("title", "Dr")]):
        answer = answered_soon(scim, "PATCH", f"/Users/{user}", operations(*sent), 3 * MOST_CALLS_OF_CHANGES)
        assert answer.status == 200, answer.body
    assert answer.body["title"] == "Dr"
    assert "profileUrl" not in answer.body


@pytest.mark.parametrize("body", GROUP_CHANGES.values(), ids=GROUP_CHANGES)
def test_c7_members_that_are_too_much_are_refused_soon(warm, body):
    scim, _, group = warm
    refused_soon(scim, "PATCH", f"/Groups/{group}", body)


def test_c8_many_filters_of_members_are_refused_soon(warm):
    scim, _, group = warm
    text = 'type eq "User" and (value eq "{}" or value eq "x")'
    changes = [{"op": "remove", "path": f"members[{text.format(n)}]"} for n in range(1000)]
    refused_soon(scim, "PATCH", f"/Groups/{group}", operations(*changes), MOST_CALLS_OF_CHANGES)


def test_c7_a_group_of_unknown_members_is_refused_soon(warm):
    scim, _, group = warm
    body = okta_group("Builders") | {"members": members(10_000)}
    refused_soon(scim, "POST", "/Groups", body)
    answer = refused_soon(scim, "PUT", f"/Groups/{group}", body)
    assert members(1)[0]["value"] in answer.body["detail"]


@pytest.mark.parametrize("body", SEARCHES.values(), ids=SEARCHES)
def test_c7_a_search_that_is_too_much_is_refused_soon(warm, body):
    refused_soon(warm[0], "POST", "/Users/.search", body)


def test_c7_many_parameters_are_refused_soon(warm):
    scim = warm[0]
    few = "&".join(f"a{n}={n}" for n in range(999))
    for query in (f"{few}&filter=nonsense", f"{few}&{few}", "attributes=" + ",".join(f"a{n}" for n in range(10_000))):
        refused_soon(scim, "GET", f"/Users?{query}", b"")


@pytest.mark.parametrize(
    "body",
    ['{"x": "' + "password" * 120_000, '{"password"' + " " * MEGABYTE, "{" + '"password":' * 90_000, "[" * 99_999],
)
def test_c7_what_is_no_json_is_refused_soon(warm, body):
    refused_soon(warm[0], "POST", "/Users", body.encode())


def test_c7_many_operations_on_a_long_list_are_refused_soon(scim):
    pk = scim.user(roles=[{"value": f"role {n}"} for n in range(100)])
    changes = [change(f'roles[value eq "role {n}"].display', "x") for n in range(100)]
    refused_soon(scim, "PATCH", f"/Users/{pk}", operations(*changes))
    answer = answered_soon(scim, "PATCH", f"/Users/{pk}", operations(*changes[:50]), MOST_CALLS_OF_CHANGES)
    assert [role["display"] for role in answer.body["roles"][:50]] == ["x"] * 50


@pytest.mark.parametrize("sign", ["", "-"])
def test_c7_a_number_of_many_digits_is_refused_and_logged_as_a_text(warm, sign):
    digits = sign + "9" * 4_000
    body = b'{"userName": "bob", "title": %s}' % digits.encode()
    refused_soon(warm[0], "POST", "/Users", body)
    assert digits in masked_request(body)


# Where one call does it all


def seconds(call: Any) -> float:
    """The least that it takes, of three times."""
    taken = []
    for _ in range(3):
        began = time.process_time()
        call()
        taken.append(time.process_time() - began)
    return min(taken)


def split(blanks: str) -> None:
    with pytest.raises(Exception, match="Name the members"):
        patch.split([{"op": "remove", "path": f"members[value{blanks}]"}])


@pytest.mark.parametrize(
    "call",
    [
        lambda length: split(" " * length),
        lambda length: masked_request(b'{"x": "' + b"password" * (length // 8)),
        lambda length: masked_request(b'{"x": "' + b'\\"' * (length // 2)),
        lambda length: documents._is_longer("ﷺ" * length, 254),
    ],
    ids=["blanks among members", "a name in the log", "quotes in the log", "an address"],
)
def test_c7_no_text_takes_more_than_its_length(call):
    short, long = (seconds(lambda length=length: call(length)) for length in (10_000, 40_000))
    assert long < 8 * short + 0.03


# What is not too much


def test_c7_all_that_c8_allows_fits():
    whole = {"value": "x" * 36, "display": "", "type": "User", "$ref": "x"}
    assert len(bodies.loads(json.dumps({"members": [whole] * MAX_MEMBERS}))["members"]) == MAX_MEMBERS


def test_c7_a_large_user_is_taken(scim):
    roles = [{"value": f"role {n}", "display": "A role", "type": "x"} for n in range(MAX_VALUES - 1)]
    pk = scim.user(roles=roles, **{f"unknown{n}": n for n in range(900)}, title="x" * 20_000)
    document = ProvisionedUser.objects.get(pk=pk).document
    assert (len(document["roles"]), len(document["title"])) == (MAX_VALUES - 1, 20_000)
    many = [{"value": f"another {n}"} for n in range(2)]
    assert scim.patch(f"/Users/{pk}", {"op": "add", "path": "roles", "value": many}).status == 200
    assert ProvisionedUser.objects.get(pk=pk).document == document
    assert "Keep at most 200" in scim.connection.requests.latest("id").notes[0]
    set_strict(connection=scim.connection, is_strict=True, by=SYSTEM)
    answer = scim.patch(f"/Users/{pk}", {"op": "add", "path": "roles", "value": many})
    assert is_refused(answer, 400, "invalidValue")
    assert "200" in answer.body["detail"]


def test_c7_a_change_of_many_attributes_is_taken(scim):
    pk = scim.user()
    most = MOST["changes"][0]
    values = [{f"unknown{n}": n for n in range(most // 2)}, {f"unknown{n}": n for n in range(most // 2 - 1)}]
    changes = [{"op": "replace", "value": value} for value in (*values, {"title": "x"})]
    assert scim.patch(f"/Users/{pk}", *changes).body["title"] == "x"
    assert is_refused(scim.patch(f"/Users/{pk}", *changes, changes[-1]), 413)


def test_c7_an_answer_may_be_asked_for_by_many_names(scim):
    scim.user()
    wanted = [f"a{n}" for n in range(queries.MAX_NAMES - 1)]
    assert scim.post("/Users/.search", {"attributes": ["userName", *wanted]}).body["Resources"][0]["userName"]
    assert is_refused(scim.post("/Users/.search", {"attributes": ["x", "y", *wanted]}), 400, "invalidValue")


def test_c10_blanks_between_the_words_of_a_filter_of_members_say_nothing(scim):
    ada, bob, cleo = (scim.user(name) for name in ("ada", "bob", "cleo"))
    group = scim.group(members=[ada, bob, cleo])
    path = f'members[ value  eq "{ada}"\n OR\tvalue EQ "{cleo}" ]'
    assert scim.patch(f"/Groups/{group}", {"op": "remove", "path": path}).status == 204
    assert [member["value"] for member in scim.get(f"/Groups/{group}").body["members"]] == [bob]

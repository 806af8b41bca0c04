"""The dialects of the practice IdP against bodies that were recorded of Okta and Microsoft Entra ID.

The recorded bodies are written out here and in `tests.scim`: taken from the code, they would prove nothing.
"""

from typing import Any

import pytest

from provisioning.practice_idp.scim.dialect import Dialect
from provisioning.practice_idp.scim.directory import Group, Person
from provisioning.practice_idp.scim.entra import Entra
from provisioning.practice_idp.scim.okta import Okta
from tests.scim import PATCH_OP, entra_group, entra_user, okta_group, okta_user

ADA = Person("ada", "ada@example.com", "Ada Example")
ENGINEERS = Group("engineers", "Engineers")
IN_ENTRA = Person("entra-ada", ADA.email, ADA.name)
USERS_BY_NAME = "/Users?filter=userName+eq+%22ada%40example.com%22"
GROUPS_BY_NAME = "displayName+eq+%22Engineers%22"
OKTA = [
    ("GET", "/Users?startIndex=1&count=2", None),
    ("GET", f"{USERS_BY_NAME}&startIndex=1&count=100", None),
    ("POST", "/Users", okta_user()),
    ("GET", "/Users/u1", None),
    ("PUT", "/Users/u1", okta_user() | {"id": "u1", "displayName": "Ada Lovelace",
                                        "name": {"givenName": "Ada", "familyName": "Lovelace"}}),
    ("PATCH", "/Users/u1", {"op": "replace", "value": {"active": True}}),
    ("PATCH", "/Users/u1", {"op": "replace", "value": {"active": False}}),
    ("GET", f"/Groups?filter={GROUPS_BY_NAME}&startIndex=1&count=100", None),
    ("POST", "/Groups", okta_group()),
    ("PATCH", "/Groups/g1", {"op": "replace", "path": "members", "value": [{"value": "u1"}]}),
    ("PATCH", "/Groups/g1", {"op": "add", "path": "members", "value": [{"value": "u2"}]}),
    ("PATCH", "/Groups/g1", {"op": "remove", "path": 'members[value eq "u2"]'}),
    ("PATCH", "/Groups/g1", {"op": "replace", "value": {"id": "g1", "displayName": "Builders"}}),
    ("DELETE", "/Groups/g1", None),
]  # fmt: skip
ENTRA = [
    ("GET", "/Users?filter=userName+eq+%22<random>%22", None),
    ("GET", USERS_BY_NAME, None),
    ("POST", "/Users", entra_user()),
    ("PATCH", "/Users/u1", [
        {"op": "Replace", "path": "userName", "value": "ada@example.com"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "ada@example.com"},
        {"op": "Replace", "path": "displayName", "value": "Ada Lovelace"},
        {"op": "Replace", "path": "name.formatted", "value": "Ada Lovelace"},
        {"op": "Replace", "path": "name.givenName", "value": "Ada"},
        {"op": "Replace", "path": "name.familyName", "value": "Lovelace"},
        {"op": "Replace", "path": "externalId", "value": "entra-ada"},
    ]),
    ("PATCH", "/Users/u1", {"op": "Replace", "path": "active", "value": "True"}),
    ("DELETE", "/Users/u1", None),
    ("GET", f"/Groups?excludedAttributes=members&filter={GROUPS_BY_NAME}", None),
    ("POST", "/Groups", entra_group()),
    ("PATCH", "/Groups/g1", {"op": "Add", "path": "members", "value": [{"$ref": None, "value": "u1"}]}),
    ("PATCH", "/Groups/g1", {"op": "Add", "path": "members", "value": [{"$ref": None, "value": "u2"}]}),
    ("PATCH", "/Groups/g1", {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "u2"}]}),
    ("PATCH", "/Groups/g1", {"op": "Replace", "path": "displayName", "value": "Builders"}),
    ("DELETE", "/Groups/g1", None),
]  # fmt: skip


class Recorder:
    """Keeps what is sent, and answers like a service that has Ada as u1 and the group as g1."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Any]] = []

    def send(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        self.sent.append((method, path, body))
        if method == "POST":
            return {"id": "u1" if path == "/Users" else "g1"}
        return okta_user() | {"id": "u1"} if (method, path) == ("GET", "/Users/u1") else {}


def requests_of(dialect: type[Dialect], person: Person, group: Group) -> list[tuple[str, str, Any]]:
    """Return the requests for everything that a dialect can say."""
    recorder = Recorder()
    idp = dialect(recorder)
    idp.test()
    assert idp.find_user(person) is None
    user = idp.create_user(person)
    idp.update_user(user, Person(person.key, person.email, "Ada Lovelace"))
    idp.set_active(user, True)
    idp.remove_user(user)
    assert idp.find_group(group) is None
    pk = idp.create_group(group)
    idp.set_members(pk, [user])
    idp.add_members(pk, ["u2"])
    idp.remove_members(pk, ["u2"])
    idp.rename_group(pk, "Builders")
    idp.remove_group(pk)
    return recorder.sent


def recorded(requests: list[tuple[str, str, Any]]) -> list[tuple[str, str, Any]]:
    """Return the recorded requests, with the envelope of each PATCH."""
    return [
        (method, path, {"schemas": [PATCH_OP], "Operations": body if isinstance(body, list) else [body]})
        if method == "PATCH"
        else (method, path, body)
        for method, path, body in requests
    ]


def test_okta_sends_what_was_recorded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("secrets.token_urlsafe", lambda _: "1mz050nq")
    assert requests_of(Okta, ADA, ENGINEERS) == recorded(OKTA)


def test_entra_sends_what_was_recorded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("provisioning.practice_idp.scim.entra.uuid4", lambda: "<random>")
    sent = requests_of(Entra, IN_ENTRA, Group("entra-Engineers", "Engineers"))
    (_, _, new_user) = sent[2]
    unmapped = {name: value for name, value in entra_user().items() if name not in new_user}
    assert unmapped.keys() == {"nickName", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}
    sent[2] = ("POST", "/Users", new_user | unmapped)
    assert sent == [(method, path.replace("<random>", "%3Crandom%3E"), body) for method, path, body in recorded(ENTRA)]


@pytest.mark.parametrize("dialect", [Okta, Entra], ids=["okta", "entra"])
def test_a_large_group_is_pushed_in_several_requests(dialect: type[Dialect]):
    recorder = Recorder()
    dialect(recorder).remove_members("g1", [f"u{number}" for number in range(250)])
    assert len(recorder.sent) == 3

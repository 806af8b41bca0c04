"""Random worlds of connections and people, and the requests of IdPs in them."""

import json
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

from provisioning.models import ProvisionedUser
from provisioning.payload.resources import ACCESS
from tests.provisioning.by_hand import ADDRESSES, GROUP_NAMES, by_hand
from tests.scim import ENTERPRISE, GROUP, PATCH_OP, USER, Answer, Scim, entra_user, make_connection, okta_user
from workspace.actions.end_users import create_end_user
from workspace.actions.groups import create_group
from workspace.events import SYSTEM
from workspace.profile import Profile

Body = dict[str, Any] | bytes | None
NAMES = ["ada", "ADA", "Ada", "bob", "straße", "STRASSE", "ﬁn", "zoë", "cy "]
FLAGS = [True, False, "True", "False", "true", "FALSE", "0", "1", 0, 1, 0.0, None, [], {}, "no", [True], " true"]
OPS = ["replace", "Replace", "REPLACE", "add", "Add", "remove", "replace ", "", None, 1]
PATHS = ["active", "Active", " active", "active.value", f"{USER}:active", f"{USER.lower()}:Active", "", None]
SCHEMAS = [[PATCH_OP], [PATCH_OP.lower()], [PATCH_OP, "urn:x"], [], PATCH_OP, None]
# What may stand in JSON, and what may not.
RAW = [
    b"", b"{", b"null", b"[]", b"{}", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b'{"a": NaN}', b'{"active": 1e400}',
    b'{"active": -0}', b'{"a": "\\ud800"}', b'{"a": "\\u0000"}', b'{"a": ' + b"9" * 30 + b"}", b"[" * 50 + b"]" * 50,
    b'{"a":' * 25 + b"1" + b"}" * 25, b'{"a": "\xe9"}',
]  # fmt: skip
HEADERS: list[dict[str, str]] = [
    {"Content_Type": "text/plain"}, {"Content_Type": "application/json; charset=latin-1"}, {"If_Match": "*"},
    {"If_Match": 'W/"1"'}, {"If_Match": '"1"'}, {"If_Match": 'W/"2", W/"3"'}, {"If_Match": "1"}, {"If_Match": ""},
    {"If_None_Match": "*"}, {"If_None_Match": 'W/"1"'}, {"Content_Encoding": "gzip"}, {"Accept": "text/html"},
    {"X_HTTP_Method_Override": "DELETE"}, {"Accept_Language": "de"}, {"Prefer": "return=minimal"},
    {"Authorization": "Basic x"}, {"Authorization": "Bearer scim_x_y"},
    {"Authorization": ""}, {"Host": "evil.example"},
]  # fmt: skip
PAGES = [
    "", "&count=1", "&startIndex=2", "&cursor=", "&sortBy=userName&sortOrder=descending", "&count=0", "&count=-1",
    "&count=x", "&startIndex=99999999999", "&cursor=x", "&attributes=id", "&cursor=&count=1", "&sortBy=nope",
]  # fmt: skip
QUERIES = [
    "",
    "",
    "",
    "?attributes=active",
    "?excludedAttributes=groups,members",
    "?attributes=",
    "?x=%00",
    "?=",
    f"?attributes={ACCESS}",
]


class World:
    """Three connections of one workspace and one of another; `step` returns a request or a change by hand."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311
        self.clients = [
            Scim(make_connection()),
            Scim(make_connection(name="Entra Dev")),
            Scim(make_connection(name="Okta Prod", environment="PROD")),
            Scim(make_connection("globex", "Entra Prod", "PROD")),
        ]
        self.place = self.clients[0].connection.environment
        self.workspace = self.place.workspace
        profile = Profile("By Hand", "hand@example.com", SYSTEM.source)
        create_end_user(workspace=self.workspace, profile=profile, environments=[self.place], by=SYSTEM)
        create_group(environment=self.place, name="By hand", members=[], by=SYSTEM)
        self.ids: dict[str, list[list[str]]] = {
            "Users": [[] for _ in self.clients],
            "Groups": [[] for _ in self.clients],
        }
        for number, client in enumerate(self.clients):
            for name in ("ada", "bob")[: self.random.randint(1, 2)]:
                self.ids["Users"][number].append(client.user(name, active=self.random.random() < 0.8))
            members = self._some(self.ids["Users"][number])
            self.ids["Groups"][number].append(client.group("Sales" if number == 1 else "Engineers", members))
        for _ in range(self.random.choice([0, 0, 0, 1, 3])):
            by_hand(self.random, self.random.choice(self.clients))()

    def pick(self, values: list[Any], first: float = 0.6) -> Any:
        """One of the values, mostly one of the first three."""
        return self.random.choice(values[:3] if self.random.random() < first else values)

    def step(self) -> tuple[str, Callable[[], Answer | None], Callable[[Answer], None]]:
        """What happens next: what it is, the call, and what is learnt from its answer once it stays."""
        if self.random.random() < 0.2:
            number = self.pick([0, 0, 1, 2, 3])
            change = by_hand(self.random, self.clients[number])
            return f"by hand: {number} {change}", change, lambda answer: None
        number = self.pick([0, 0, 0, 1, 2, 3])
        method, kind, path, body = self._request(number)
        headers: dict[str, str] = {}
        client = self.clients[number]
        if method in ("PUT", "PATCH", "POST") and self.random.random() < 0.04:
            body = self.random.choice(RAW)
        if self.random.random() < 0.1:
            headers = self.random.choice(HEADERS)

        def learn(answer: Answer) -> None:
            if method == "POST" and answer.status == 201:
                self.ids[kind][number].append(answer.body["id"])

        return f"{number} {method} {path} {body!r} {headers}", lambda: client.call(method, path, body, **headers), learn

    # Requests. --------------------------------------------------------------------------------------------------------

    def _request(self, number: int) -> tuple[str, str, str, Body]:
        kind = self.pick(["Users", "Users", "Groups"], 1)
        query = self.pick(QUERIES, 0.9)
        if self.random.random() < 0.12:
            return self.pick(["GET", "GET", "GET", "HEAD", "OPTIONS"]), kind, self._list(kind, number), None
        if self.random.random() < 0.04:
            return "POST", "Bulk", "/Bulk", self._bulk(number)
        pk = self._id(kind, number)
        path = f"/{kind}/{pk}"
        verb = self.pick(["PATCH", "PATCH", "POST", "PUT", "GET", "DELETE"], 0.8)
        if verb == "POST":
            return verb, kind, f"/{kind}{query}", self._user(number) if kind == "Users" else self._group(number)
        body: Body = None
        if verb == "PUT":
            body = self._user(number) if kind == "Users" else self._group(number)
        elif verb == "PATCH":
            body = self._patch(number, kind, pk)
        return verb, kind, path + query, body

    def _id(self, kind: str, number: int) -> str:
        own = self.ids[kind][number]
        if own and self.random.random() < 0.85:
            return self.random.choice(own)
        foreign = [pk for rows in self.ids.values() for each in rows for pk in each]
        pk = self.random.choice(foreign or ["x"])
        odd = [pk, pk.upper(), pk.replace("-", ""), f"{{{pk}}}", f"{pk}%0A", f"{pk}/", f"{pk}%2F..", f".%2F{pk}",
               "%00", "00000000-0000-7000-8000-000000000000", "x", "..", ".search", "%2e%2e", "Me", "a/b", "%E2%98%83",
               f"{pk} "]  # fmt: skip
        return self.random.choice(odd)

    def _some(self, ids: list[str]) -> list[str]:
        return self.random.sample(ids, self.random.randint(0, len(ids)))

    def _emails(self) -> list[dict[str, Any]]:
        count = self.random.choice([0, 1, 1, 1, 2, 3])
        found = [{"value": self.pick(ADDRESSES), "type": self.pick(["work", "home", "Work"])} for _ in range(count)]
        return [each | ({"primary": True} if not place else {}) for place, each in enumerate(found)]

    def _user(self, number: int) -> dict[str, Any]:
        name = self.pick(NAMES)
        body = self.pick([okta_user, entra_user])(name.strip())
        more: dict[str, Any] = {
            "active": self.pick(FLAGS), "emails": self._emails(), "userName": self.pick([*ADDRESSES, *NAMES]),
            "externalId": self.pick(["shared", f"x{number}", "", None, 7]), "title": self.pick(["Dr.", "%s", "\u2028"]),
            ENTERPRISE: {"manager": {"value": self._id("Users", number)}}, "nickName": self.pick(["N", "", "x" * 400]),
            "groups": [{"value": "x"}], "id": "own", "meta": {"version": "x"}, "colour": "blue", "name": "flat",
            "schemas": self.pick([[USER], [USER, ENTERPRISE], [ENTERPRISE], [], "x"]), "roles": [{"value": "a"}] * 2,
            "USERNAME": "twice@example.com", "displayName": self.pick(["Ada", "  ", "a\x01b", "x" * 251]),
        }  # fmt: skip
        for key in self.random.sample(sorted(more), self.random.choice([0, 0, 1, 1, 2, 3])):
            body[key] = more[key]
        if self.random.random() < 0.15:
            body.pop(self.random.choice(sorted(body)))
        return body

    def _members(self, number: int) -> list[dict[str, Any]]:
        ids = [self._id("Users", number) for _ in range(self.pick([1, 1, 2, 0, 3], 0.7))]
        ids += self.pick([[], [], ids[:1], [each.upper() for each in ids]], 0.8)
        return [{"value": pk} | self.pick([{}, {}, {"display": "x"}, {"type": "Group"}], 0.8) for pk in ids]

    def _group(self, number: int) -> dict[str, Any]:
        body: dict[str, Any] = {"schemas": [GROUP], "displayName": self.pick(GROUP_NAMES, 0.4)}
        if self.random.random() < 0.6:
            body["members"] = self._members(number)
        if self.random.random() < 0.3:
            body["externalId"] = self.pick(["shared", "g", "", 7])
        return body

    def _patch(self, number: int, kind: str, pk: str) -> Body:
        def operation() -> dict[str, Any]:
            return self._switch(pk) if kind == "Users" else self._member(number)

        operations = [operation()]
        if self.random.random() < 0.15:
            operations.append(self.pick([operation(), self._other(number, kind)]))
        if self.random.random() < 0.15:
            operations = [self._other(number, kind)]
        if self.random.random() < 0.05:
            operations.reverse()
        schemas = self.pick(SCHEMAS, 0) if self.random.random() < 0.08 else [PATCH_OP]
        body: dict[str, Any] = {"schemas": schemas, "Operations": operations}
        if self.random.random() < 0.05:
            text = json.dumps(body)
            return self.pick([
                b"\xef\xbb\xbf" + text.encode(), text.replace('"value"', '"op": "remove", "value"', 1).encode(),
                text.replace("true", "-0").encode(), text.encode("utf-16"), text.replace("Oper", "oper").encode(),
            ], 0)  # fmt: skip
        return body

    def _switch(self, pk: str) -> dict[str, Any]:
        user = ProvisionedUser.objects.filter(pk=pk).first() if len(pk) == 36 else None
        turned = not user.is_active if user else False
        flag = self.pick([turned, turned, str(turned), *FLAGS], 0.75)
        return self.pick([
            {"op": self.pick(OPS, 0.9), "path": self.pick(PATHS, 0), "value": flag} if self.random.random() < 0.3
            else {"op": self.pick(OPS, 0.9), "path": "active", "value": flag},
            {"op": self.pick(OPS, 0.9), "value": {"active": flag}},
            {"op": "replace", "path": "active", "value": turned},
            {"op": "replace", "value": {"active": flag, "id": "own"}},
            {"op": "replace", "value": json.dumps({"active": flag})},
            {"op": "replace", "path": "active", "value": [{"value": flag}]},
        ], 0.85)  # fmt: skip

    def _member(self, number: int) -> dict[str, Any]:
        members = self._members(number)
        one = members[0]["value"] if members else "x"
        return self.pick([
            {"op": "add", "path": "members", "value": members},
            {"op": "add", "path": "members", "value": members[:1]},
            {"op": "Add", "path": "members", "value": members[:1]},
            {"op": "remove", "path": f'members[value eq "{one}"]'},
            {"op": "remove", "path": "members", "value": members},
            {"op": "replace", "path": "members", "value": members},
            {"op": "remove", "path": "members"},
            {"op": "add", "value": {"members": members}},
            {"op": "add", "path": "members", "value": one},
            {"op": "add", "path": f"{GROUP}:members", "value": members},
            {"op": "add", "path": "Members", "value": members[0] if members else None},
        ], 0.75)  # fmt: skip

    def _other(self, number: int, kind: str) -> dict[str, Any]:
        if kind == "Groups":
            return self.pick([
                {"op": "replace", "path": "displayName", "value": self.pick(GROUP_NAMES, 0.4)},
                {"op": "replace", "value": {"displayName": self.pick(GROUP_NAMES, 0.4)}},
                {"op": "add", "path": "externalId", "value": self.pick(["g", 7])},
                {"op": "remove", "path": "displayName"}, {"op": "add", "path": "colour", "value": "blue"},
            ])  # fmt: skip
        return self.pick([
            {"op": "replace", "path": "userName", "value": self.pick([*ADDRESSES, *NAMES])},
            {"op": "replace", "path": "emails", "value": self._emails()},
            {"op": "replace", "path": "displayName", "value": self.pick(["Ada", "Eda", "x" * 251])},
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": self.pick(ADDRESSES)},
            {"op": "remove", "path": self.pick(["emails", "active", "displayName", "userName"])},
            {"op": "add", "path": f"{ENTERPRISE}:manager", "value": self._id("Users", number)},
            {"op": "replace", "value": {"name.familyName": "B", "active": self.pick(FLAGS)}},
        ], 0.4)  # fmt: skip

    def _bulk(self, number: int) -> dict[str, Any]:
        operations = []
        for place in range(self.random.randint(1, 4)):
            method, kind, path, body = self._request(number)
            if method in ("POST", "PUT", "PATCH", "DELETE") and kind != "Bulk" and not isinstance(body, bytes):
                operations.append({"method": method, "path": path, "data": body, "bulkId": f"b{place}"})
        return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}

    def _list(self, kind: str, number: int) -> str:
        name = self.pick(["userName", "externalId", "displayName", "USERNAME", "id", "emails.value", "active", "nope"])
        value = self.pick([*ADDRESSES, "shared", *GROUP_NAMES, self._id(kind, number)], 0.6)
        text = self.pick(
            [f'{name} eq "{value}"', f'({name} eq "{value}")', f'{name} EQ "{value}"', f'{name} sw "a"', ""]
        )
        more = self.pick(PAGES, 0.7)
        return f"/{kind}?filter={quote(text)}{more}" if text else f"/{kind}?{more[1:]}"

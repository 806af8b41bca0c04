"""Plays what a client says, step by step: whole answers are compared, and after each step all that is in the database.

What a server chooses is written as a name in angle brackets: `<ada>` is the id of what the step named "ada" created,
`<base>` the Base URL, `<time>` a moment, `<detail>` what an error says.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from provisioning.models import ProvisionedMembership, ScimRequest
from provisioning.payload.resources import Group, User
from tests.provisioning.ways import check_both_ways
from tests.scim import GROUP, USER, Answer, Scim
from workspace.models import EndUser, EndUserGroup

Document = dict[str, Any]
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Conversation:
    """One client, the ids it was told, and what everything it said must have led to."""

    content_type = "application/scim+json; charset=utf-8"

    def __init__(self, scim: Scim) -> None:
        self.scim = scim
        self.ids: dict[str, str] = {}
        self.people: dict[str, str] = {}
        self.groups: dict[str, set[str]] = {}

    def say(
        self,
        line: str,
        body: Document | None = None,
        *,
        status: int,
        answer: Document | None = None,
        named: str = "",
        notes: Iterable[str] = (),
        people: dict[str, str | None] | None = None,
        groups: dict[str, set[str] | None] | None = None,
    ) -> None:
        """One request, its whole answer, and the deviations that were tolerated.

        `people` and `groups` are what it changes; None takes away, and everything else must be as before.
        """
        method, _, path = self._filled(line).partition(" ")
        sent = None if body is None else self._filled(json.dumps(body)).encode()
        model = {"Users": User, "Groups": Group}.get(re.split("[/?]", path)[1])
        if sent and model and method in ("POST", "PUT"):
            check_both_ways({name: value for name, value in json.loads(sent).items() if name != "members"}, model)
        got = self.scim.call(method, path, sent, Content_Type=self.content_type)
        assert got.status == status, got.body
        if named:
            self.ids[named] = got.body["id"]
        assert self._named(got) == answer
        _check_headers(got)
        assert sorted(self._notes()) == sorted([*notes, *self.notes_of(path)])
        self._expect(people, groups)
        assert _people() == self.people
        assert _granted() == _provisioned() == self.groups

    def notes_of(self, path: str) -> list[str]:
        """What is tolerated whatever the request is about."""
        return ["a slash at the end of the path"] if path.partition("?")[0].endswith("/") else []

    def _filled(self, text: str) -> str:
        for name, pk in self.ids.items():
            text = text.replace(f"<{name}>", pk)
        return text.replace("<base>", self.scim.connection.base_url).replace("<time>", "2026-01-02T03:04:05.678Z")

    def _named(self, got: Answer) -> Any:
        """The answer with the names of what the server chose."""
        text = got.content.decode()
        for name, pk in self.ids.items():
            text = text.replace(pk, f"<{name}>")
        text = _TIME.sub("<time>", text.replace(self.scim.connection.base_url, "<base>"))
        document = json.loads(text) if text else None
        if got.status >= 400:
            assert document.pop("detail")
            document["detail"] = "<detail>"
        return document

    def _notes(self) -> list[str]:
        return ScimRequest.objects.filter(connection=self.scim.connection).latest("id").notes

    def _expect(self, people: dict[str, str | None] | None, groups: dict[str, set[str] | None] | None) -> None:
        self.people = {key: value for key, value in (self.people | (people or {})).items() if value is not None}
        self.groups = {key: value for key, value in (self.groups | (groups or {})).items() if value is not None}


def user(name: str, version: int = 1, /, **attributes: Any) -> Document:
    """A User as an answer shows it; an extension among the attributes is one of its schemas."""
    extensions = [attribute for attribute in attributes if ":" in attribute]
    return _resource("User", name, version, [USER, *extensions]) | attributes


def group(name: str, version: int = 1, /, *, members: Iterable[str] = (), **attributes: Any) -> Document:
    """A Group as an answer shows it, with the names of its members."""
    shown = [{"value": f"<{one}>", "$ref": f"<base>/Users/<{one}>", "type": "User"} for one in members]
    return _resource("Group", name, version, [GROUP]) | ({"members": shown} if shown else {}) | attributes


def membership(name: str, display: str) -> Document:
    """An entry of a User's groups."""
    return {"value": f"<{name}>", "$ref": f"<base>/Groups/<{name}>", "display": display, "type": "direct"}


def page(*resources: Document, total: int | None = None) -> Document:
    """A list from its beginning."""
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": len(resources) if total is None else total,
        "startIndex": 1,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


def error(status: int, scim_type: str = "") -> Document:
    """A refusal."""
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": "<detail>"}
    return body | ({"scimType": scim_type} if scim_type else {})


def _resource(kind: str, name: str, version: int, schemas: list[str]) -> Document:
    meta = {
        "resourceType": kind,
        "created": "<time>",
        "lastModified": "<time>",
        "location": f"<base>/{kind}s/<{name}>",
        "version": f'W/"{version}"',
    }
    return {"schemas": schemas, "id": f"<{name}>", "meta": meta}


def _check_headers(got: Answer) -> None:
    """The headers say what the document says."""
    assert got.headers["Content-Type"] == "application/scim+json"
    if got.status == 204:
        assert got.content == b""
    elif version := got.body.get("meta", {}).get("version"):
        assert (got.headers["ETag"], got.headers["Location"]) == (version, got.body["meta"]["location"])


def _people() -> dict[str, str]:
    """Every person by address: the name, the environments, and whether deactivated."""
    found = {}
    for person in EndUser.objects.prefetch_related("accesses__environment"):
        places = sorted(access.environment.name for access in person.accesses.all())
        where = f" in {', '.join(places)}" if places else ""
        found[person.email] = f"{person.full_name}{where}{'' if person.is_active else ', deactivated'}"
    return found


def _granted() -> dict[str, set[str]]:
    """Every end-user group with the addresses of its members."""
    groups = EndUserGroup.objects.filter(is_everyone=False).prefetch_related("memberships__end_user")
    return {each.name: {row.end_user.email for row in each.memberships.all()} for each in groups}


def _provisioned() -> dict[str, set[str]]:
    """The same by the connection's own records."""
    groups: dict[str, set[str]] = {name: set() for name in _granted()}
    rows = ProvisionedMembership.objects.values_list("group__display_name", "user__end_user__email")
    for name, email in rows:
        groups[name].add(email)
    return groups

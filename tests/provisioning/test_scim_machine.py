"""Any order of calls leaves what a few dictionaries say; nothing fails with 5xx, nobody sees another connection."""

import os
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from provisioning.models import ProvisionedMembership
from tests.scim import Answer, Scim, make_connection, okta_group, okta_user
from workspace.models import EndUser, EnvironmentAccess, GroupMembership

# More of them by hand: WALKS=500
WALKS = int(os.environ.get("WALKS", "15"))
UNKNOWN = "01a2099e-8adc-7840-80c7-920880ceb065"

NAMES = st.sampled_from(["ada", "ADA", "bob", "BOB", "cleo"])
GROUPS = st.sampled_from(["Engineers", "ENGINEERS", "Straße", "STRASSE", "everyone", "Taken"])
PICKS = st.integers(0, 7)
SETS = st.lists(PICKS, max_size=3)
FLAGS = st.booleans()
SWITCHES = st.sampled_from(
    [
        lambda value: {"op": "replace", "value": {"active": value}},
        lambda value: {"op": "Replace", "path": "active", "value": str(value)},
        lambda value: {"op": "add", "path": "active", "value": value},
    ]
)


# What cannot be applied, or says nothing, and stands in the way of no other change.
BESIDE = st.sampled_from(
    [
        {"op": "replace", "path": "profileUrl", "value": "relative"},
        {"op": "Add", "path": "manager", "value": {"displayName": "Bob"}},
        {"op": "remove", "path": "manager.value"},
        {"op": "add", "path": "department", "value": ["a", "b"]},
        {"op": "replace", "path": 'colours[type eq "x"].value', "value": "x"},
        {"op": "replace", "path": 'phoneNumbers[type eq "x" or type eq "y"].value', "value": "1"},
        {"op": "replace", "value": {"groups": [], "meta": None, "nickName": {"a": 1}}},
        {"op": "add", "path": "roles", "value": [{"value": []}, 5, {"value": "5"}]},
        {"op": "replace", "path": "displayName", "value": "x" * 251},
    ]
)
BAD_FIELDS = st.sampled_from(
    [
        {},
        {"profileUrl": "relative"},
        {"manager": {"displayName": "Bob"}},
        {"phoneNumbers": [{"value": []}]},
        {"title": {}},
    ]
)
DOUBTFUL = st.sampled_from(
    [
        {"op": "replace", "path": "active", "value": "perhaps"},
        {"op": "replace", "path": "active.value", "value": False},
        {"op": "replace", "value": {"userName": ["x", "y"]}},
        {"op": "remove", "path": "userName"},
        {"op": "add", "path": "title x", "value": "x"},
    ]
)


class Provisioning(RuleBasedStateMachine):
    """One connection is changed; another workspace, and another connection of the same environment, are not."""

    @initialize()
    def begin(self) -> None:
        self.whole = transaction.atomic()
        self.whole.__enter__()
        self.scim = Scim(make_connection())
        self.users: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, str] = {}
        self.members: dict[str, set[str]] = {}
        self.people: set[str] = set()
        self.deleted: list[str] = []
        self.others = [Scim(make_connection("globex", "Entra Prod")), Scim(make_connection("acme", "Entra Dev"))]
        self.foreign = [pk for other in self.others for pk in (other.user("zoe"), other.group("Taken"))]
        self.before = self.elsewhere()

    def teardown(self) -> None:
        assert self.elsewhere() == self.before
        transaction.set_rollback(True)
        self.whole.__exit__(None, None, None)

    def elsewhere(self) -> list[bytes]:
        """What the other connections show of themselves."""
        return [other.get(path).content for other in self.others for path in ("/Users", "/Groups")]

    # What is said. ----------------------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        answer = self.scim.call(method, path, body)
        assert answer.status < 500, answer.body
        if answer.status < 400:
            assert not [pk for pk in self.foreign if pk in answer.content.decode()]
        return answer

    def patch(self, path: str, *operations: dict[str, Any]) -> Answer:
        return self.call("PATCH", path, {"Operations": operations})

    def one(self, known: dict[str, Any], pick: int) -> str:
        """An id: of a resource there is, or one that names nothing in this connection."""
        ids = [*known, *self.deleted[-2:], *self.foreign[:1], UNKNOWN]
        return ids[pick % len(ids)]

    def refused(self, answer: Answer, *statuses: int) -> bool:
        """Whether the request must be, and was, refused."""
        if statuses:
            assert answer.status in statuses, answer.body
        return bool(statuses)

    # Users. -----------------------------------------------------------------------------------------------------------

    @rule(name=NAMES, active=FLAGS, bad=BAD_FIELDS)
    def create_user(self, name: str, active: bool, bad: dict[str, Any]) -> None:
        answer = self.call("POST", "/Users", okta_user(name, active=active) | bad)
        address = f"{name}@example.com"
        if self.refused(answer, *[409] * (address.casefold() in self.names())):
            return
        assert answer.status == 201, answer.body
        self.users[answer.body["id"]] = {"userName": address, "active": active}
        self.people.add(address.casefold())

    @rule(pick=PICKS, name=NAMES, active=st.sampled_from([True, False, None]), bad=BAD_FIELDS)
    def replace_user(self, pick: int, name: str, active: bool | None, bad: dict[str, Any]) -> None:
        pk = self.one(self.users, pick)
        body = okta_user(name, active=active) | bad
        answer = self.call("PUT", f"/Users/{pk}", body)
        if self.refused(answer, *[404] * (pk not in self.users)):
            return
        old, new = self.users[pk]["userName"].casefold(), f"{name}@example.com".casefold()
        # The address of somebody who was deleted here stays with that person.
        if self.refused(answer, *[409] * (new != old and new in self.people)):
            return
        assert answer.status == 200, answer.body
        self.people = self.people - {old} | {new}
        self.users[pk]["userName"] = f"{name}@example.com"
        if active is not None:
            self.users[pk]["active"] = active

    @rule(pick=PICKS, switch=SWITCHES, active=FLAGS, beside=st.lists(BESIDE, max_size=3), first=FLAGS)
    def switch_user(self, pick: int, switch: Any, active: bool, beside: list[dict[str, Any]], first: bool) -> None:
        pk = self.one(self.users, pick)
        changes = [switch(active), *beside] if first else [*beside, switch(active)]
        answer = self.patch(f"/Users/{pk}", *changes)
        if not self.refused(answer, *[404] * (pk not in self.users)):
            assert (answer.status, answer.body["active"]) == (200, active)
            self.users[pk]["active"] = active

    @rule(pick=PICKS, switch=SWITCHES, active=FLAGS, doubtful=DOUBTFUL)
    def doubt_user(self, pick: int, switch: Any, active: bool, doubtful: dict[str, Any]) -> None:
        pk = self.one(self.users, pick)
        assert self.refused(self.patch(f"/Users/{pk}", switch(active), doubtful), 400 if pk in self.users else 404)

    @rule(pick=PICKS)
    def delete_user(self, pick: int) -> None:
        pk = self.one(self.users, pick)
        answer = self.call("DELETE", f"/Users/{pk}")
        if not self.refused(answer, *[404] * (pk not in self.users)):
            assert answer.status == 204
            del self.users[pk]
            self.deleted.append(pk)
            for members in self.members.values():
                members.discard(pk)

    # Groups. ----------------------------------------------------------------------------------------------------------

    @rule(name=GROUPS, picks=SETS)
    def create_group(self, name: str, picks: list[int]) -> None:
        ids = [self.one(self.users, pick) for pick in picks]
        answer = self.call("POST", "/Groups", okta_group(name, ids))
        if not self.refused(answer, *self.reasons(name, ids)):
            assert answer.status == 201, answer.body
            self.groups[answer.body["id"]] = name
            self.members[answer.body["id"]] = set(ids)

    @rule(pick=PICKS, name=GROUPS, pathless=FLAGS)
    def rename_group(self, pick: int, name: str, pathless: bool) -> None:
        pk = self.one(self.groups, pick)
        named = {"op": "replace", "path": "displayName", "value": name}
        whole = {"op": "replace", "value": {"id": pk, "displayName": name}}
        answer = self.patch(f"/Groups/{pk}", whole if pathless else named)
        if self.refused(answer, *[404] * (pk not in self.groups)):
            return
        if not self.refused(answer, *self.reasons(name, but=pk)):
            assert answer.status == 204, answer.body
            self.groups[pk] = name

    @rule(pick=PICKS, name=GROUPS, picks=st.none() | SETS)
    def replace_group(self, pick: int, name: str, picks: list[int] | None) -> None:
        pk = self.one(self.groups, pick)
        ids = [self.one(self.users, each) for each in picks or []]
        body = okta_group(name, ids)
        if picks is None:
            del body["members"]
        answer = self.call("PUT", f"/Groups/{pk}", body)
        if self.refused(answer, *[404] * (pk not in self.groups)):
            return
        if not self.refused(answer, *self.reasons(name, ids, but=pk)):
            assert answer.status == 200, answer.body
            self.groups[pk] = name
            if picks is not None:
                self.members[pk] = set(ids)

    @rule(pick=PICKS, verb=st.sampled_from(["add", "replace"]), picks=SETS)
    def add_members(self, pick: int, verb: str, picks: list[int]) -> None:
        pk = self.one(self.groups, pick)
        ids = [self.one(self.users, each) for each in picks]
        answer = self.patch(
            f"/Groups/{pk}", {"op": verb, "path": "members", "value": [{"value": each} for each in ids]}
        )
        if self.refused(answer, *[404] * (pk not in self.groups)):
            return
        if not self.refused(answer, *[400] * bool(set(ids) - set(self.users))):
            assert answer.status == 204, answer.body
            self.members[pk] = set(ids) | (self.members[pk] if verb == "add" else set())

    @rule(pick=PICKS, picks=SETS, how=st.sampled_from(["by value", "by filter", "all"]))
    def remove_members(self, pick: int, picks: list[int], how: str) -> None:
        pk = self.one(self.groups, pick)
        ids = [self.one(self.users, each) for each in [*picks, 0]]
        text = " or ".join(f'value eq "{each}"' for each in ids)
        operation: dict[str, Any] = {"op": "remove", "path": f"members[{text}]" if how == "by filter" else "members"}
        if how == "by value":
            operation["value"] = [{"value": each} for each in ids]
        answer = self.patch(f"/Groups/{pk}", operation)
        if not self.refused(answer, *[404] * (pk not in self.groups)):
            assert answer.status == 204, answer.body
            self.members[pk] = set() if how == "all" else self.members[pk] - set(ids)

    @rule(pick=PICKS, steps=st.lists(st.tuples(st.sampled_from(["add", "remove", "keep"]), PICKS), max_size=6))
    def change_members_one_by_one(self, pick: int, steps: list[tuple[str, int]]) -> None:
        pk = self.one(self.groups, pick)
        operations: list[dict[str, Any]] = []
        left, named = set(self.members.get(pk, ())), set()
        for verb, each in steps:
            user = self.one(self.users, each)
            if verb == "keep":
                operations.append({"op": "remove", "path": f'members[not (value eq "{user}")]'})
                left &= {user}
                continue
            operations.append({"op": verb, "path": "members", "value": [{"value": user}]})
            left = left | {user} if verb == "add" else left - {user}
            named |= {user} if verb == "add" else set()
        answer = self.patch(f"/Groups/{pk}", *operations, {"op": "add", "path": "colour", "value": "blue"})
        if self.refused(answer, *[404] * (pk not in self.groups)):
            return
        if not self.refused(answer, *[400] * bool(named - set(self.users))):
            assert answer.status == 204, answer.body
            self.members[pk] = left

    @rule(pick=PICKS)
    def delete_group(self, pick: int) -> None:
        pk = self.one(self.groups, pick)
        answer = self.call("DELETE", f"/Groups/{pk}")
        if not self.refused(answer, *[404] * (pk not in self.groups)):
            assert answer.status == 204
            del self.groups[pk], self.members[pk]

    # Lists. -----------------------------------------------------------------------------------------------------------

    @rule(name=NAMES, pick=PICKS, group_pick=PICKS, start=st.integers(-1, 3), count=st.integers(-1, 3))
    def list_users(self, name: str, pick: int, group_pick: int, start: int, count: int) -> None:
        pk, group = self.one(self.users, pick), self.one(self.groups, group_pick)
        address = f"{name}@example.com".casefold()
        members = self.members.get(group, set())
        meant = {
            f'userName eq "{address.upper()}"': lambda each, user: user["userName"].casefold() == address,
            "active eq true": lambda each, user: user["active"],
            'not (active eq "false")': lambda each, user: user["active"],
            f'id eq "{pk}" or active eq false': lambda each, user: each == pk or not user["active"],
            f'id ne "{pk}"': lambda each, user: each != pk,
            f'groups.value eq "{group}" and userName pr': lambda each, user: each in members,
        }
        for text, matches in meant.items():
            expected = [each for each, user in self.users.items() if matches(each, user)]
            answer = self.call("POST", "/Users/.search", {"filter": text, "startIndex": start, "count": count})
            first = max(start, 1) - 1
            assert (answer.status, answer.body["totalResults"]) == (200, len(expected)), text
            assert [user["id"] for user in answer.body["Resources"]] == expected[first : first + max(count, 0)], text

    @rule(name=GROUPS, pick=PICKS)
    def list_groups(self, name: str, pick: int) -> None:
        pk = self.one(self.users, pick)
        meant = {
            f'displayName eq "{name}"': lambda each: self.groups[each].casefold() == name.casefold(),
            f'members.value eq "{pk}"': lambda each: pk in self.members[each],
            f'not (members.value eq "{pk}")': lambda each: pk not in self.members[each],
        }
        for text, matches in meant.items():
            answer = self.call("POST", "/Groups/.search", {"filter": text})
            assert [group["id"] for group in answer.body["Resources"]] == [
                each for each in self.groups if matches(each)
            ]

    # What must hold. --------------------------------------------------------------------------------------------------

    def names(self) -> set[str]:
        return {user["userName"].casefold() for user in self.users.values()}

    def reasons(self, name: str, ids: list[str] = (), but: str = "") -> list[int]:  # type: ignore[assignment]
        """The statuses that may refuse a group of that name with these members."""
        taken = {other.casefold() for pk, other in self.groups.items() if pk != but} | {"taken"}
        if self.groups.get(but, "everyone") != "everyone":
            taken.add("everyone")  # a group with members of its own cannot become the one that has everybody
        return [409] * (name.casefold() in taken) + [400] * bool(set(ids) - set(self.users))

    @invariant()
    def memberships_are_those_of_the_model(self) -> None:
        meant = {(pk, each) for pk, members in self.members.items() for each in members}
        rows = ProvisionedMembership.objects.filter(group__connection=self.scim.connection)
        assert {(str(row.group_id), str(row.user_id)) for row in rows} == meant
        place = self.scim.connection.environment
        granted = GroupMembership.objects.filter(group__environment=place).exclude(group__name="Taken")
        assert {(row.group.name.casefold(), row.end_user.email.casefold()) for row in granted} == {
            (self.groups[pk].casefold(), self.users[each]["userName"].casefold())
            for pk, each in meant
            if self.groups[pk] != "everyone"
        }

    @invariant()
    def access_is_that_of_the_active(self) -> None:
        rows = EnvironmentAccess.objects.filter(**self.scim.connection.source.fields())
        held = {row.end_user.email.casefold() for row in rows}
        assert held == {user["userName"].casefold() for user in self.users.values() if user["active"]}
        ours = EndUser.objects.filter(workspace__slug="acme").exclude(email="zoe@example.com")
        assert {person.email.casefold(): person.is_active for person in ours} == {
            address: address in held for address in self.people
        }

    @invariant()
    def answers_are_those_of_the_model(self) -> None:
        users = self.call("GET", "/Users").body["Resources"]
        assert {user["id"]: {key: user[key] for key in ("userName", "active")} for user in users} == self.users
        groups = self.call("GET", "/Groups").body["Resources"]
        assert {group["id"]: group["displayName"] for group in groups} == self.groups
        shown = {group["id"]: {each["value"] for each in group.get("members", [])} for group in groups}
        assert shown == self.members


@pytest.mark.django_db
def test_any_order_of_calls_leaves_what_the_model_says():
    run_state_machine_as_test(
        Provisioning,
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=20,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        ),
    )

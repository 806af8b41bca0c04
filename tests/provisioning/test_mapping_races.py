"""R3 with mappings: members, people and mappings change at the same time, on connections of their own."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from django.db import connection as database

from provisioning.actions.connection_settings import choose_attributes, set_only_mapped
from provisioning.models import GroupMapping
from provisioning.payload.profile import profile
from tests import factories
from tests.provisioning.mapped import add, due, fresh, granted, remove
from tests.scim import Scim, make_connection, okta_user
from workspace.events import SYSTEM
from workspace.models import EndUserGroup, Environment
from workspace.refusals import ActionError

THREADS, ROUNDS = 6, 4


@pytest.fixture
def prod(scim):
    place = Environment.objects.create(
        workspace=scim.connection.environment.workspace, name="PROD", slug="prod", kind="prod", position=2
    )
    EndUserGroup.objects.create(environment=place, name="Everyone", is_everyone=True)
    return place


def at_once(calls):
    """What the calls return, which run side by side."""

    def run(call):
        try:
            return call()
        finally:
            database.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, calls))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_what_is_granted_is_what_is_due_after_everything_at_once(transactional_db, scim, prod, seed):
    ids = [scim.user(f"u{number}") for number in range(6)]
    paths = [f"/Groups/{scim.group(name, ids[:3])}" for name in ("Alpha", "Beta")]
    group = factories.group(prod, name="Operations")
    add(scim, "Beta", prod)

    def request(method, path, body=None):
        return lambda: Scim(scim.connection, scim.token).call(method, path, body).status

    def change(function, *values, **named):
        def run():
            try:
                function(*values, **named)
            except ActionError:
                return 409
            return 204

        return run

    def member(path, op, pk):
        return request("PATCH", path, {"Operations": [{"op": op, "path": "members", "value": [{"value": pk}]}]})

    def active(pk, value):
        return request("PATCH", f"/Users/{pk}", {"Operations": [{"op": "replace", "value": {"active": value}}]})

    calls = [member(path, "add", pk) for path in paths for pk in ids[3:]]
    calls += [member(path, "remove", pk) for path in paths for pk in ids[:2]]
    calls += [active(pk, value) for value in (False, True) for pk in ids[2:5]]
    calls += [change(add, scim, "Alpha", target) for target in (group, prod)]
    calls += [change(set_only_mapped, connection=fresh(scim), only_mapped=value, by=SYSTEM) for value in (True, False)]
    calls += [change(remove, GroupMapping.objects.get()), request("DELETE", f"/Users/{ids[5]}")]
    calls += [request("POST", "/Groups", {"displayName": "Gamma", "members": [{"value": ids[4]}]})]
    Random(seed).shuffle(calls)  # noqa: S311

    statuses = at_once(calls)

    assert set(statuses) <= {200, 201, 204, 400, 404, 409, 503}, statuses
    assert granted(scim) == due(scim)


def test_a_group_that_is_pushed_while_it_is_mapped_ends_up_mapped(transactional_db, scim, prod):
    other = Scim(make_connection(name="Entra Dev"))
    ids = [other.user("ada")]
    for number in range(8):
        name = f"Group {number}"
        at_once(
            [
                lambda name=name: Scim(other.connection, other.token).group(name, ids),
                lambda name=name: add(other, name, prod),
            ]
        )
        assert granted(other) == due(other)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_every_profile_is_what_the_chosen_attributes_say_after_everything_at_once(transactional_db, scim, seed):
    ids = [scim.user(f"u{number}", displayName=f"D{number}", nickName=f"N{number}") for number in range(6)]

    def update(pk, **attributes):
        operation = {"op": "replace", "value": attributes}
        return lambda: Scim(scim.connection, scim.token).patch(f"/Users/{pk}", operation).status

    def choose(name_from, email_from):
        chosen = {"name_from": name_from, "email_from": email_from}
        return lambda: choose_attributes(connection=fresh(scim), **chosen, by=SYSTEM) and 200

    calls = [update(pk, displayName=f"D of {pk}", nickName=f"N of {pk}") for pk in ids]
    calls += [update(pk, userName=f"{number}@new.example") for number, pk in enumerate(ids)]
    calls += [lambda: Scim(scim.connection, scim.token).post("/Users", okta_user("new", nickName="New")).status]
    calls += [choose("nickName", "userName"), choose("", ""), choose("userName", "work")]
    Random(seed).shuffle(calls)  # noqa: S311

    assert set(at_once(calls)) <= {200, 201}

    chosen = fresh(scim)
    for row in chosen.users.select_related("end_user"):
        wanted = profile(row.document, chosen.name_from, chosen.email_from)
        assert (row.end_user.full_name, row.end_user.email) == wanted

"""A change of `active` alone: by one statement it stores what the whole way stores, or nothing."""

from functools import partial

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from provisioning.actions.connection_settings import choose_attributes, set_only_mapped
from provisioning.actions.records import switching
from provisioning.payload import body as bodies
from provisioning.scim.adapters import UserAdapter
from tests.provisioning import mapped
from tests.provisioning.races import at_once, held
from tests.provisioning.stored import rolled_back, stored
from tests.scim import PATCH_OP, Scim, entra_user, make_connection, okta_user
from workspace.actions.access import set_manual_access
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, EnvironmentAccess

pytestmark = pytest.mark.django_db


def body(is_active, **operation):
    return {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": is_active} | operation]}


BODIES = {
    "Okta": lambda is_active: {
        "schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"active": is_active}}]
    },
    "Entra": lambda is_active: body(str(is_active), op="Replace"),
    "plain": body,
}  # fmt: skip


@pytest.fixture(autouse=True)
def done(monkeypatch):
    """Whether each call of the quick way did its work."""
    original, found = UserAdapter.switch, []

    def switch(*args):
        found.append(original(*args))
        return found[-1]

    monkeypatch.setattr(UserAdapter, "switch", staticmethod(switch))
    return found


def both_ways(scim, monkeypatch, call):
    """What the quick way answers and stores, which must be the same as the whole way's."""

    def outcome():
        answer = call()
        shown = answer.body if answer.status >= 400 else answer.body | {"meta": answer.body["meta"]["version"]}
        return answer.status, answer.headers.get("ETag"), shown, stored()

    with rolled_back():
        quick = outcome()
    with rolled_back(), monkeypatch.context() as patched:
        patched.setattr(UserAdapter, "switch", staticmethod(lambda *args: False))
        assert outcome() == quick
    return quick


@pytest.mark.parametrize("is_strict", [False, True])
@pytest.mark.parametrize("sent", BODIES)
def test_both_ways_store_the_same_rows_column_by_column(scim, monkeypatch, done, sent, is_strict):
    pks = [scim.user("ada"), scim.post("/Users", entra_user("bob")).body["id"]]
    scim.group(members=pks)
    type(scim.connection).objects.update(is_strict=is_strict)
    for is_active in (False, True):
        for pk in pks:
            switch = partial(scim.call, "PATCH", f"/Users/{pk}", BODIES[sent](is_active))
            both_ways(scim, monkeypatch, switch)
            switch()
    assert (bool(done) and all(done)) is (sent == "plain" or not is_strict)


def other_idp(scim):
    assert Scim(make_connection(name="Entra Dev")).post("/Users", okta_user()).status == 201


def access_by_hand(scim):
    set_manual_access(end_user=EndUser.objects.get(), environments=[scim.connection.environment], by=SYSTEM)


def map_the_group(scim):
    mapped.add(scim, "Engineers", scim.connection.environment)


def only_mapped(scim):
    set_only_mapped(connection=mapped.fresh(scim), only_mapped=True, by=SYSTEM)


def other_name(scim):
    choose_attributes(connection=mapped.fresh(scim), name_from="nickName", email_from="", by=SYSTEM)


def deactivate(scim):
    EndUser.objects.update(status=EndUser.Status.DEACTIVATED, updated_at=timezone.now())


def rename_provider(scim):
    type(scim.connection.environment_provider.identity_provider).objects.update(name="Renamed")


def change_again(scim):
    pk = scim.connection.users.get().pk
    assert scim.patch(f"/Users/{pk}", {"op": "replace", "path": "title", "value": "Countess"}).status == 200


CHANGES = [
    other_idp, access_by_hand, map_the_group, only_mapped, other_name, deactivate, rename_provider, change_again
]  # fmt: skip


@pytest.mark.parametrize("is_active", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_both_ways_do_the_same_for_every_person_and_connection(scim, monkeypatch, change, is_active):
    ada = scim.user()
    scim.group(members=[ada])
    if is_active:
        scim.call("PATCH", f"/Users/{ada}", body(False))
    change(scim)
    both_ways(scim, monkeypatch, lambda: scim.call("PATCH", f"/Users/{ada}", body(is_active)))


@pytest.mark.parametrize("is_active", [False, True])
@pytest.mark.parametrize("change", set(CHANGES) - {rename_provider})
def test_what_has_just_changed_holds(scim, monkeypatch, done, change, is_active):
    """Something happens after the user was read, and before anything is stored."""
    ada = scim.user()
    scim.group(members=[ada])
    if is_active:
        scim.call("PATCH", f"/Users/{ada}", body(False))
    read = switching.profile_of

    def meanwhile(*args):
        monkeypatch.setattr(switching, "profile_of", read)
        change(scim)
        done.clear()
        return read(*args)

    with rolled_back():
        change(scim)
        after = scim.call("PATCH", f"/Users/{ada}", body(is_active)), states(scim)
    monkeypatch.setattr(switching, "profile_of", meanwhile)
    during = scim.call("PATCH", f"/Users/{ada}", body(is_active)), states(scim)
    assert during[0].status == after[0].status == 200
    assert during[1] == after[1]
    is_safe = is_active and change in (other_idp, access_by_hand)
    assert done == [False] or is_safe


def states(scim):
    """Who is active and may enter where, and the events."""
    users = scim.connection.users.values_list("is_active", "version", "document__active", "end_user__status")
    accesses = EnvironmentAccess.objects.order_by("source_name", "environment__slug")
    events = ChangeEvent.objects.order_by("pk").values_list("action", "before__status", "after__status")
    return list(users), list(accesses.values_list("source_name", "environment__slug")), list(events)


@pytest.mark.parametrize(
    ("path", "sent", "headers", "status"),
    [
        ("/Users/00000000-0000-7000-8000-000000000000", body(False), {}, 404),
        ("/Users/{}", body(False), {"If-Match": 'W/"7"'}, 412),
        ("/Users/{}", body("no"), {}, 400),
        ("/Users/{}", b"{", {}, 400),
        ("/Users/00000000-0000-7000-8000-000000000000", b"{", {}, 404),
        ("/Users/{}?attributes=active", body(False), {}, 200),
        ("/Users/{}", body(True), {}, 200),
    ],
)
def test_what_is_refused_or_changes_nothing_is_the_same(scim, monkeypatch, done, path, sent, headers, status):
    ada = scim.user()

    def call():
        answer = scim.call("PATCH", path.format(ada), sent, **headers)
        answer.body.setdefault("meta", {"version": ""})
        return answer

    assert both_ways(scim, monkeypatch, call)[0] == status
    assert not any(done)


def test_a_body_is_read_once_and_noted_only_where_it_counts(scim, monkeypatch):
    """Nobody reads the body of a request for an unknown user."""
    paths, original, read = [f"/Users/{scim.user()}", f"/Groups/{scim.group()}"], bodies.parse, []
    monkeypatch.setattr(bodies, "parse", lambda content: read.append(content) or original(content))
    for sent in (b"{", BODIES["Entra"](False), body("x", path="title"), body("x", op="Add", path="x")):
        for path in paths:
            read.clear()
            scim.call("PATCH", path, sent)
            assert len(read) == 1
        unknown = scim.call("PATCH", "/Users/00000000-0000-7000-8000-000000000000", sent)
        assert unknown.status == 404 and scim.connection.requests.latest("id").notes == []


def test_it_is_one_statement_on_postgresql(transactional_db, scim, done):
    ada = scim.user()
    scim.call("PATCH", f"/Users/{ada}", body(False))
    for is_active in (True, False):
        with CaptureQueriesContext(database) as queries:
            scim.call("PATCH", f"/Users/{ada}", body(is_active))
        assert len(queries) == (3 if database.vendor == "postgresql" else 10)
    assert done == [True] * 3


def test_a_switch_whose_row_of_the_log_cannot_be_stored_changes_nothing(transactional_db, scim, monkeypatch):
    ada = scim.user()
    before = states(scim)
    monkeypatch.setattr("provisioning.scim.request_log.Entry.row", lambda entry, *rest: EndUser.objects.get())
    assert scim.call("PATCH", f"/Users/{ada}", body(False)).status == 409
    assert states(scim) == before


def test_c10_switches_at_once_end_as_in_some_order(transactional_db, scim):
    ada = scim.user()
    calls = [("PATCH", f"/Users/{ada}", body(is_active)) for is_active in [False, True] * 9]
    assert {answer.status for answer in at_once(scim, calls)} == {200}
    (is_active, version, said, status), *_ = states(scim)[0]
    events = list(ChangeEvent.objects.filter(action__startswith="end_user.access").values_list("action", flat=True))
    ended = events.count("end_user.access_ended")
    assert (len(events), ended) == (version - 1, version // 2)
    assert (said, status) == (is_active, "active" if is_active else "deactivated")
    assert EnvironmentAccess.objects.count() == is_active


def test_c10_it_waits_for_an_administrator_and_follows_the_choice(transactional_db, scim, done):
    """A new mapping has given access elsewhere, which ends too."""
    ada = scim.user()
    scim.group(members=[ada])
    prod = Scim(make_connection(name="Prod", environment="PROD")).connection.environment
    with held(lambda: mapped.add(scim, "Engineers", prod)):
        [answer] = at_once(scim, [("PATCH", f"/Users/{ada}", body(False))])
    assert (answer.status, done) == (200, [False])
    assert not EnvironmentAccess.objects.exists()
    assert EndUser.objects.get().status == "deactivated"

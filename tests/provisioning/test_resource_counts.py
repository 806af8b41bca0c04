"""How many Users and Groups a list says there are: kept by the database, whatever makes or deletes them."""

import json
from itertools import product

import pytest
from django.apps import apps
from django.db import connection as database
from django.db import transaction
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from provisioning.models import ProvisionedGroup, ProvisionedUser, ResourceCount
from provisioning.triggers import drop_triggers, make_triggers
from tests.provisioning.races import at_once
from tests.scim import SEARCH, okta_user
from workspace.models import EndUser

pytestmark = pytest.mark.django_db
KINDS = {"User": ProvisionedUser, "Group": ProvisionedGroup}


def counted():
    """What the counts say of each connection, after a look that it is true."""
    kept = {kind: {} for kind in KINDS}
    for row in ResourceCount.objects.all():
        kept[row.kind][row.connection_id] = kept[row.kind].get(row.connection_id, 0) + row.total
    for kind, model in KINDS.items():
        there = dict(model.objects.values_list("connection").annotate(Count("pk")))
        assert {pk: total for pk, total in kept[kind].items() if total} == there
    return kept


def said(scim, path="/Users", **asked):
    """The totalResults of a page of one, by number and by cursor."""
    pages = [
        scim.post(f"{path}/.search", {"schemas": [SEARCH], "count": 1} | how | asked) for how in ({}, {"cursor": ""})
    ]
    [total] = {page.body["totalResults"] for page in pages}
    return total


def test_those_of_each_connection_are_counted_apart(scim, other):
    for name in ("ada", "bob", "cy"):
        scim.user(name)
    other.user("ada")
    other.group("Engineers")
    assert (said(scim), said(scim, "/Groups"), said(scim, "")) == (3, 0, 3)
    assert (said(other), said(other, "/Groups"), said(other, "")) == (1, 1, 2)
    counted()


def test_who_is_refused_is_not_counted(scim):
    scim.user("ada")
    assert scim.post("/Users", okta_user("ada")).status == 409
    assert said(scim) == 1
    counted()


def test_who_is_deleted_is_counted_no_more(scim, other):
    pk, group = scim.user("ada"), scim.group("Engineers")
    scim.user("bob")
    other.user("ada")
    assert scim.delete(f"/Users/{pk}").status == 204
    assert scim.delete(f"/Groups/{group}").status == 204
    assert (said(scim), said(scim, "/Groups"), said(other)) == (1, 0, 1)
    counted()


def test_sets_of_rows_are_counted_too(scim, other):
    """Deleted with their people, of two connections by one statement; inserted together, twice."""
    for name in ("ada", "bob", "cy", "di"):
        scim.user(name)
        other.user(name)
    assert ProvisionedUser.objects.filter(user_name__startswith="c").delete()[0]
    EndUser.objects.filter(email__startswith="d").delete()
    assert (said(scim), said(other)) == (2, 2)
    new = [ProvisionedGroup(connection=scim.connection, display_name=name, display_name_key=name) for name in "ab"]
    ProvisionedGroup.objects.bulk_create(new)
    again = [ProvisionedGroup(connection=scim.connection, display_name="b", display_name_key=name) for name in "bcd"]
    ProvisionedGroup.objects.bulk_create(again, ignore_conflicts=True)
    assert said(scim, "/Groups") == 4
    counted()


def test_a_change_of_a_resource_changes_no_count(scim):
    pk = scim.user("ada")
    scim.user("bob")
    scim.patch(f"/Users/{pk}", {"op": "replace", "path": "active", "value": False})
    scim.put(f"/Users/{pk}", okta_user("ada2"))
    ProvisionedUser.objects.update(is_active=True)
    assert said(scim) == 2
    counted()


def test_what_is_rolled_back_was_never_counted(scim):
    scim.user("ada")
    with transaction.atomic():
        scim.user("bob")
        ProvisionedUser.objects.filter(user_name__startswith="ada").delete()
        transaction.set_rollback(True)
    counted()


def test_the_counts_of_a_connection_go_with_it(scim, other):
    scim.user("ada")
    scim.group("Engineers")
    other.user("ada")
    scim.connection.users.all().delete()
    scim.connection.delete()
    assert {row.connection_id for row in ResourceCount.objects.all()} == {other.connection.pk}
    counted()


def test_requests_at_the_same_time_are_all_counted(transactional_db, scim):
    first = [scim.user(f"first{number}") for number in range(6)]
    calls = [("POST", "/Users", okta_user(f"u{number}")) for number in range(12)]
    calls += [("DELETE", f"/Users/{pk}", None) for pk in first]
    calls += [("POST", "/Groups", {"displayName": f"G{number}"}) for number in range(6)]
    assert {answer.status for answer in at_once(scim, calls)} == {201, 204}
    assert (said(scim), said(scim, "/Groups")) == (12, 6)
    counted()


def test_nobody_waits_for_a_count(transactional_db, scim):
    if database.vendor != "postgresql":
        return  # SQLite has one writer
    pk = scim.user("ada")
    with transaction.atomic():
        scim.user("bob")
        created, deleted = at_once(scim, [("POST", "/Users", okta_user("cy")), ("DELETE", f"/Users/{pk}", None)])
        assert (created.status, deleted.status) == (201, 204)
        scim.user("di")
    assert said(scim) == 3
    assert ResourceCount.objects.count() > 1
    counted()


def test_what_was_there_before_the_triggers_is_counted_by_the_migration(transactional_db, scim, other):
    scim.user("ada")
    ResourceCount.objects.all().delete()
    with database.schema_editor() as editor:
        drop_triggers(apps, editor)
    scim.user("bob")
    other.group("Engineers")
    assert not ResourceCount.objects.exists()
    with database.schema_editor() as editor:
        make_triggers(apps, editor)
    scim.user("cy")
    scim.user("di")
    assert (said(scim), said(other, "/Groups")) == (4, 1)
    counted()


@pytest.mark.parametrize("order", ["", "userName", "title", "externalId"])
@pytest.mark.parametrize("direction", ["ascending", "descending"])
def test_every_page_says_how_many_there_are(scim, order, direction):
    for name, fields in {"a": {"title": "T"}, "b": {}, "c": {"title": "S"}, "d": {"externalId": "1"}}.items():
        scim.user(name, **fields)
    for start, count in product([1, 2, 3, 4, 6], [0, 1, 2, 5]):
        asked = {"sortBy": order, "sortOrder": direction, "startIndex": start, "count": count}
        body = scim.post("/Users/.search", {"schemas": [SEARCH]} | asked).body
        assert (body["totalResults"], body["itemsPerPage"]) == (4, min(count, max(0, 5 - start))), asked


def test_behind_the_end_nobody_is_looked_for(scim):
    for name in ("ada", "bob", "cy"):
        scim.user(name)
    with CaptureQueriesContext(database) as captured:
        body = scim.get("/Users?startIndex=4").body
    assert (body["totalResults"], body["itemsPerPage"], body["Resources"]) == (3, 0, [])
    assert 'FROM "provisioning_provisioneduser"' not in json.dumps(captured.captured_queries).replace("\\", "")


@pytest.mark.parametrize(("path", "order"), [("/Users", ""), ("/Users", "displayName"), ("", "")])
@pytest.mark.parametrize("how", [{"startIndex": 2}, {"cursor": ""}])
def test_a_full_page_counts_no_rows(scim, path, order, how):
    for name in ("ada", "bob", "cy", "di"):
        scim.user(name, displayName=name)
    body = {"schemas": [SEARCH], "count": 2, "sortBy": order} | how
    with CaptureQueriesContext(database) as captured:
        assert scim.post(f"{path}/.search", body).body["totalResults"] == 4
    assert "COUNT(" not in json.dumps(captured.captured_queries).upper()

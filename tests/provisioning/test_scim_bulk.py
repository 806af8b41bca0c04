"""POST /Bulk (RFC 7644 section 3.7)."""

import json

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from provisioning.actions.records import users as user_records
from provisioning.models import ProvisionedUser, ScimRequest
from provisioning.payload import bulk_jobs
from provisioning.payload.errors import ScimError
from provisioning.payload.tolerance import Tolerance
from tests.scim import ENTERPRISE, PATCH_OP, okta_group, okta_user
from workspace.models import ChangeEvent, EndUser

pytestmark = pytest.mark.django_db
REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def post(name, bulk_id=None, **fields):
    data = okta_user(name, **fields)
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id or name, "data": data}


def post_group(name, *members, bulk_id=None):
    data = okta_group(name, list(members))
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id or name, "data": data}


def patch(path, *operations, **more):
    return {"method": "PATCH", "path": path, "data": {"schemas": [PATCH_OP], "Operations": list(operations)}} | more


def manager(reference):
    return {ENTERPRISE: {"manager": {"value": reference}}}


def bulk(scim, *operations, status=200, **more):
    answer = scim.post("/Bulk", {"schemas": [REQUEST], "Operations": list(operations)} | more)
    assert answer.status == status, answer.body
    if status != 200:
        return answer.body
    assert answer.body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]
    return answer.body["Operations"]


def statuses(results):
    return " ".join(result["status"] for result in results)


def id_of(result):
    return result["location"].rpartition("/")[2]


def members(scim, pk):
    return [member["value"] for member in scim.get(f"/Groups/{pk}").body.get("members", [])]


def test_each_operation_does_what_a_single_request_does(scim):
    ada, bob = scim.user("ada"), scim.user("bob")
    group = scim.group("Builders", [ada])
    results = bulk(
        scim,
        post("cleo"),
        {"method": "PUT", "path": f"/Users/{ada}", "data": okta_user("ada", displayName="Lady Ada")},
        patch(f"/Users/{bob}", {"op": "replace", "path": "active", "value": False}),
        patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": bob}]}),
        {"method": "DELETE", "path": f"/Users/{ada}"},
    )
    assert statuses(results) == "201 200 200 204 204"
    base = scim.connection.base_url
    cleo = id_of(results[0])
    assert results[0] == {
        "method": "POST",
        "bulkId": "cleo",
        "version": 'W/"1"',
        "location": f"{base}/Users/{cleo}",
        "status": "201",
    }
    assert results[1] == {"method": "PUT", "version": 'W/"2"', "location": f"{base}/Users/{ada}", "status": "200"}
    assert results[3]["location"] == f"{base}/Groups/{group}"
    assert results[4] == {"method": "DELETE", "location": f"{base}/Users/{ada}", "status": "204"}
    assert scim.get(f"/Users/{cleo}").body["userName"] == "cleo@example.com"
    assert EndUser.objects.get(email="ada@example.com").full_name == "Lady Ada"
    assert scim.get(f"/Users/{bob}").body["active"] is False
    assert members(scim, group) == [bob]


def test_the_events_are_those_of_single_requests(scim, other):
    def made(client, call):
        before = set(ChangeEvent.objects.values_list("pk", flat=True))
        call(client)
        place, name = client.connection.environment.name, client.connection.name
        events = ChangeEvent.objects.exclude(pk__in=before).order_by("pk")
        return [(event.action, event.sentence.replace(place, "").replace(name, "")) for event in events]

    single = made(scim, lambda one: (one.user("ada"), one.group("Builders")))
    assert made(other, lambda one: bulk(one, post("ada"), post_group("Builders"))) == single


def test_new_resources_are_named_by_their_bulk_id(scim):
    results = bulk(
        scim,
        post_group("Builders", "bulkId:ada", "bulkId:bob"),
        post("ada", **manager("bulkId:bob")),
        post("bob"),
        patch("/Users/bulkId:ada", {"op": "add", "path": "title", "value": "Dr"}),
        patch("/Groups/bulkId:Builders", {"op": "remove", "path": 'members[value eq "bulkId:bob"]'}),
        {"method": "PUT", "path": "/Users/bulkId:bob", "bulkId": "second", "data": okta_user("bob", title="Mr")},
    )
    assert statuses(results) == "201 201 201 200 204 200"
    assert [result.get("bulkId") for result in results] == ["Builders", "ada", "bob", None, None, "second"]
    group, ada, bob = map(id_of, results[:3])
    assert [id_of(result) for result in results[3:]] == [ada, group, bob]
    shown = scim.get(f"/Users/{ada}").body
    assert (shown["title"], shown[ENTERPRISE]["manager"]["value"]) == ("Dr", bob)
    assert members(scim, group) == [ada]
    assert scim.get(f"/Users/{bob}").body["title"] == "Mr"


def test_references_within_urls(scim):
    results = bulk(
        scim,
        post("ada"),
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": "g",
            "data": okta_group("Builders") | {"members": [{"$ref": "../Users/bulkId:ada"}]},
        },
    )
    assert statuses(results) == "201 201"
    assert members(scim, id_of(results[1])) == [id_of(results[0])]


def test_operations_wait_only_for_what_they_refer_to(scim):
    ada = scim.user("ada")
    results = bulk(
        scim,
        {"method": "DELETE", "path": f"/Users/{ada}"},
        patch("/Users/bulkId:again", {"op": "add", "path": "title", "value": "Dr"}),
        post("ada", "again"),
        {"method": "DELETE", "path": "/Users/bulkId:again"},
        post("ada", "once more"),
    )
    assert statuses(results) == "204 200 201 204 201"


def test_circles_are_refused_and_the_rest_is_done(scim):
    results = bulk(
        scim,
        post("ada", **manager("bulkId:bob")),
        post("bob", **manager("bulkId:ada")),
        post("cleo"),
        post("dora", **manager("bulkId:dora")),
        post_group("Builders", "bulkId:ada"),
    )
    assert statuses(results) == "409 409 201 409 409"
    assert "circle" in results[0]["response"]["detail"]
    assert "location" not in results[0]
    assert list(scim.connection.users.values_list("user_name", flat=True)) == ["cleo@example.com"]


def test_a_long_chain_is_no_circle(scim):
    chain = [post(f"u{n}", **manager(f"bulkId:u{n + 1}")) for n in range(60)]
    assert statuses(bulk(scim, *chain, post("u60"))) == " ".join(["201"] * 61)


def test_what_refers_to_a_failure_fails(scim):
    scim.user("ada")
    results = bulk(scim, post("ada"), post_group("A", "bulkId:ada"), post_group("B", "bulkId:nobody"), post_group("C"))
    assert statuses(results) == "409 400 400 201"
    assert results[0]["response"]["scimType"] == "uniqueness"
    assert results[1]["response"]["scimType"] == "invalidValue"
    assert "bulkId:nobody" in results[2]["response"]["detail"]


def test_each_operation_is_all_or_nothing_for_itself(scim):
    pk = scim.user()
    results = bulk(
        scim,
        patch(
            f"/Users/{pk}",
            {"op": "replace", "path": "title", "value": "Dr"},
            {"op": "remove", "path": "userName"},
        ),
        patch(f"/Users/{pk}", {"op": "replace", "path": "nickName", "value": "A"}),
    )
    assert statuses(results) == "400 200"
    shown = scim.get(f"/Users/{pk}").body
    assert (shown.get("title"), shown["nickName"]) == (None, "A")


def test_a_failing_program_concerns_one_operation(scim, monkeypatch):
    save_emails = user_records._save_emails

    def fail(user):
        if user.user_name.startswith("bob"):
            EndUser.objects.update(full_name="half way")
            raise RuntimeError("secret detail")
        save_emails(user)

    monkeypatch.setattr(user_records, "rows_of_new_user", lambda user, by: [])
    monkeypatch.setattr(user_records, "_save_emails", fail)
    results = bulk(scim, post("ada"), post("bob"), post("cleo"))
    assert statuses(results) == "201 500 201"
    assert "secret" not in json.dumps(results)
    assert not EndUser.objects.filter(full_name="half way").exists()


def test_fail_on_errors(scim):
    missing = {"method": "DELETE", "path": "/Users/x"}
    assert statuses(bulk(scim, missing, post("ada"), missing, post("bob"), failOnErrors=2)) == "404 201 404"
    assert statuses(bulk(scim, missing, post("cleo"), failOnErrors=1)) == "404"
    assert statuses(bulk(scim, missing, post("cleo"), FAILONERRORS=3)) == "404 201"
    for bad in (0, -1, "1", True, 1.5):
        assert bulk(scim, post("dora"), failOnErrors=bad, status=400)["scimType"] == "invalidValue"
    assert statuses(bulk(scim, missing, post("dora"), failOnErrors=None)) == "404 201"


def test_versions(scim):
    pk = scim.user()
    change = {"op": "add", "path": "title", "value": "Dr"}
    results = bulk(scim, patch(f"/Users/{pk}", change, version='W/"2"'), patch(f"/Users/{pk}", change, version='W/"1"'))
    assert statuses(results) == "412 200"
    assert results[1]["version"] == 'W/"2"'


@pytest.mark.parametrize(
    ("operation", "status", "scim_type"),
    [
        ({}, "400", "invalidSyntax"),
        ({"method": "GET", "path": "/Users"}, "400", "invalidSyntax"),
        ({"method": 5, "path": "/Users"}, "400", "invalidSyntax"),
        ({"method": "POST", "bulkId": "a", "data": {}}, "400", "invalidPath"),
        ({"method": "POST", "path": "/Bulk", "bulkId": "a", "data": {}}, "400", "invalidPath"),
        ({"method": "POST", "path": "/Users/.search/x", "bulkId": "a", "data": {}}, "400", "invalidPath"),
        ({"method": "POST", "path": "https://evil.example/Users", "bulkId": "a", "data": {}}, "400", "invalidPath"),
        ({"method": "POST", "path": "/Users", "bulkId": "a"}, "400", "invalidSyntax"),
        ({"method": "POST", "path": "/Users", "bulkId": "a", "data": []}, "400", "invalidSyntax"),
        ({"method": "POST", "path": "/Users", "bulkId": "a", "data": {}}, "400", "invalidValue"),
        ({"method": "POST", "path": "/Users/x", "bulkId": "a", "data": {}}, "405", None),
        ({"method": "DELETE", "path": "/Users"}, "405", None),
        ({"method": "DELETE", "path": "/Users/x"}, "404", None),
        ({"method": "DELETE", "path": "/Users/bulkId:x"}, "404", None),
        ({"method": "PUT", "path": "/Users/x", "data": {}}, "404", None),
    ],
)
def test_an_operation_that_is_wrong_fails_alone(scim, operation, status, scim_type):
    results = bulk(scim, operation, post("ada", "other"))
    expected = (status, scim_type, status)
    assert (results[0]["status"], results[0]["response"].get("scimType"), results[0]["response"]["status"]) == expected
    assert results[1]["status"] == "201"


def test_requests_that_are_none(scim):
    for bad in ({}, {"Operations": {}}, {"Operations": ["x"]}, {"Operations": None}):
        answer = scim.post("/Bulk", bad)
        assert (answer.status, answer.body["scimType"]) == (400, "invalidSyntax")
    assert bulk(scim, post("ada", "same"), post("bob", "same"), status=400)["scimType"] == "invalidSyntax"
    assert not EndUser.objects.exists()
    assert bulk(scim) == []
    assert scim.get("/Bulk").status == 405
    assert scim.call("POST", "/Bulk/", {"schemas": [REQUEST], "Operations": []}).status == 200


def test_limits(scim):
    answer = bulk(scim, *[{"method": "DELETE", "path": "/Users/x"}] * 1001, status=413)
    assert "1,000" in answer["detail"]
    answer = bulk(scim, post("ada", title="x" * 1024 * 1024), status=413)
    assert "1 MB" in answer["detail"]
    assert not EndUser.objects.exists()
    assert statuses(bulk(scim, *[{"method": "DELETE", "path": "/Users/x"}] * 1000)) == " ".join(["404"] * 1000)


def test_foreign_resources_are_unknown_ones(scim, other):
    bob, theirs = other.user("bob"), other.group("Theirs")
    ada = scim.user("ada")
    unknown = ada[:-4] + "0000"
    results = bulk(
        scim,
        *[
            operation
            for pk, group in ((bob, theirs), (unknown, unknown))
            for operation in (
                {"method": "DELETE", "path": f"/Users/{pk}"},
                {"method": "PUT", "path": f"/Users/{pk}", "data": okta_user("x")},
                patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": ada}]}),
            )
        ],
        post_group("Ours", bob),
    )
    assert statuses(results) == "404 404 404 404 404 404 400"
    assert [result["response"] for result in results[:3]] == [result["response"] for result in results[3:6]]
    assert "bob@" not in json.dumps(results)
    assert other.get(f"/Users/{bob}").status == 200
    assert scim.connection.groups.count() == 0


def test_the_log_has_one_row_without_secrets(scim):
    data = okta_user("bob", active="True") | {"favouriteColour": "blue"}
    bulk(scim, post("ada", active="True"), {"method": "post", "path": "Users", "data": data})
    row = ScimRequest.objects.get()
    assert (row.method, row.status, row.path) == ("POST", 200, f"{scim.base}/Bulk")
    assert row.notes == [
        "method sent as post",
        "path of a bulk operation without its first slash",
        "bulkId left out",
        "active sent as text",
        "Ignored the unknown attribute favouriteColour",
    ]
    assert "1mz050nq" not in row.request_body


def test_a_token_is_needed_once(scim):
    def cost(*operations):
        with CaptureQueriesContext(database) as captured:
            bulk(scim, *operations)
        return len(captured), sum("scimtoken" in query["sql"].lower() for query in captured)

    cost(post("warm"))
    one, tokens = cost(post("a1"))
    ten, more_tokens = cost(*(post(f"b{n}") for n in range(10)))
    twenty, _ = cost(*(post(f"c{n}") for n in range(20)))
    assert tokens == more_tokens <= 2
    assert twenty - ten == ten - one + (ten - one) // 9  # the same for each operation
    scim.token = "scim_nope_nope"
    assert scim.post("/Bulk", {"Operations": [post("dora")]}).status == 401
    assert not ProvisionedUser.objects.filter(user_name_key="dora@example.com").exists()


def test_order_of_operations():
    def ordered(*pairs):
        sent = [
            {"method": "POST", "path": "/Users", "bulkId": name, "data": {"x": f"bulkId:{needs}" if needs else ""}}
            for name, needs in pairs
        ]
        found = bulk_jobs.operations({"Operations": sent}, Tolerance())
        return [pairs[number][0] for number in bulk_jobs.order(found)]

    assert ordered(("a", ""), ("b", ""), ("c", "")) == ["a", "b", "c"]
    assert ordered(("a", "c"), ("b", ""), ("c", "")) == ["b", "c", "a"]
    assert ordered(("a", "b"), ("b", "c"), ("c", "")) == ["c", "b", "a"]
    assert ordered(("a", "b"), ("b", "a"), ("c", "")) == ["c"]
    with pytest.raises(ScimError):
        bulk_jobs.operations({"Operations": "x"}, Tolerance())


def test_a_server_that_stops_between_two_operations_leaves_a_row_that_says_so(scim, monkeypatch):
    insert = user_records.insert_new_user

    def stop(user, rows):
        if user.user_name.startswith("bob"):
            raise KeyboardInterrupt
        return insert(user, rows)

    monkeypatch.setattr(user_records, "insert_new_user", stop)
    with pytest.raises(KeyboardInterrupt):
        bulk(scim, post("ada"), post("bob"))
    row = ScimRequest.objects.get()
    assert (row.status, "stopped" in row.error) == (500, True)
    assert ProvisionedUser.objects.filter(user_name__startswith="ada").exists()

"""End users and groups through the API: what is answered, what is stored, and what is refused."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.management_api.conftest import Program, errors_of, names
from tests.management_api.operations import token
from tests.plans import plans
from tests.workspace.builders import OKTA
from tests.workspace.crowds import add_people
from workspace.models import ChangeEvent, EndUser, EnvironmentAccess, GroupMembership


def person(number: int, **more: object) -> dict[str, object]:
    return {"full_name": f"Person {number}", "email": f"p{number}@example.com", **more}


class TestEndUsers:
    def test_a_person_is_created_as_in_the_console_by_the_token(self, acme, program):
        given = person(1, environments=[str(acme.dev.pk)], groups=[str(acme.support.pk)])
        answer = program.post("/end-users", given)
        assert answer.status_code == 201
        content = answer.json()
        assert answer["Location"].endswith(f"/api/v1/end-users/{content['id']}")
        assert content["access"] == [
            {"environment": str(acme.dev.pk), "sources": [{"kind": "manual", "id": "", "name": "Added by hand"}]}
        ]
        assert [group["name"] for group in content["groups"]] == ["Support"]
        event = ChangeEvent.objects.of(acme.workspace).about(content["id"]).get()
        assert (event.action, event.actor_kind, event.actor_id) == (
            "end_user.created",
            "api_token",
            str(program.token.pk),
        )
        assert event.request_id == answer["X-Request-ID"]
        assert program.get(f"/end-users/{content['id']}").json() == content

    def test_what_the_form_refuses_is_refused_with_the_field(self, acme, program):
        taken = program.post("/end-users", person(1, email="ADA@acme.example"))
        assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")
        assert errors_of(taken) == {"/email": "email_taken"}
        wrong = program.post("/end-users", person(1, email="nobody"))
        assert (wrong.status_code, errors_of(wrong)) == (422, {"/email": "invalid_email"})
        elsewhere = program.post("/end-users", person(1, groups=[str(acme.support.pk)]))
        assert (elsewhere.status_code, errors_of(elsewhere)) == (400, {"/groups/0": "no_access"})
        pushed = person(1, environments=[str(acme.dev.pk)], groups=[str(acme.engineering.pk)])
        assert program.post("/end-users", pushed).json()["code"] == "read_only"

    def test_places_of_another_workspace_are_as_unknown_as_any(self, acme, globex, program):
        for pk in (globex.dev.pk, acme.ada.pk):
            answer = program.post("/end-users", person(1, environments=[str(pk)]))
            assert (answer.status_code, errors_of(answer)) == (400, {"/environments/0": "unknown"})
        answer = program.post(f"/groups/{acme.support.pk}/members", {"end_users": [str(globex.ada.pk)]})
        assert (answer.status_code, errors_of(answer)) == (400, {"/end_users/0": "unknown"})
        assert not GroupMembership.objects.filter(group=acme.support, end_user=globex.ada).exists()

    def test_a_thousand_people_are_created_with_one_event(self, acme, program):
        places = {"environments": [str(acme.dev.pk)], "groups": [str(acme.support.pk)]}
        people = [person(number, **places) for number in range(1000)]
        with CaptureQueriesContext(connection) as queries:
            answer = program.post("/end-users/batch", {"end_users": people}, **{"Idempotency-Key": "first"})
        assert answer.status_code == 200, answer.content.decode()[:500]
        assert [each["email"] for each in answer.json()["items"]] == [each["email"] for each in people]
        assert acme.dev.accesses.count() == 1002 and acme.support.memberships.count() == 1001
        event = ChangeEvent.objects.of(acme.workspace).first()
        assert event.action == "end_users.created" and event.sentence == "Program added 1,000 people."
        assert event.subjects.filter(kind="enduser").count() == 1000
        assert len(queries) < 60

    def test_of_many_all_are_refused_with_the_error_of_each_by_its_index(self, acme, program):
        people = [
            person(1),
            person(2, email="x"),
            person(3, email="ada@ACME.example"),
            person(4, email="P1@example.com"),
        ]
        answer = program.post("/end-users/batch", {"end_users": people})
        assert answer.status_code == 422
        assert errors_of(answer) == {
            "/end_users/1/email": "invalid_email",
            "/end_users/2/email": "email_taken",
            "/end_users/3/email": "email_repeated",
        }
        assert not EndUser.objects.filter(email_key="p1@example.com").exists()
        wrong = program.post(
            "/end-users/batch", {"end_users": [person(1), {**person(2), "role": "x"}, person(3, email=3)]}
        )
        assert (wrong.status_code, errors_of(wrong)) == (
            400,
            {"/end_users/1/role": "unknown_field", "/end_users/2/email": "invalid"},
        )
        assert program.post("/end-users/batch", {"end_users": [person(1)] * 1001}).status_code == 400

    def test_what_is_left_out_of_a_change_stays(self, acme, program):
        url = f"/end-users/{acme.ada.pk}"
        assert program.patch(url, {"full_name": "Ada Summer"}).json()["email"] == "ada@acme.example"
        access = program.patch(url, {"environments": [str(acme.prod.pk)]}).json()["access"]
        assert [each["environment"] for each in access] == [str(acme.prod.pk)]
        events = ChangeEvent.objects.count()
        assert program.patch(url, {}).status_code == 200
        assert ChangeEvent.objects.count() == events

    def test_what_an_idp_manages_is_refused(self, acme, program):
        answer = program.patch(f"/end-users/{acme.bo.pk}", {"full_name": "Bo"})
        assert (answer.status_code, answer.json()["code"]) == (422, "read_only")
        for path in ("remove-from-group", "add-to-group"):
            answer = program.post(f"/end-users/{acme.bo.pk}/{path}", {"group": str(acme.engineering.pk)})
            assert (answer.status_code, answer.json()["code"]) == (422, "read_only")

    def test_a_person_leaves_comes_back_and_is_forgotten(self, acme, program):
        url = f"/end-users/{acme.ada.pk}"
        assert program.delete(f"{url}/personal-data").json()["code"] == "active"
        assert program.post(f"{url}/deactivate").json()["status"] == "deactivated"
        assert program.post(f"{url}/reactivate").json()["status"] == "active"
        # A kept answer names the person too.
        program.post(f"{url}/deactivate", **{"Idempotency-Key": "once"})
        assert program.delete(f"{url}/personal-data").status_code == 204
        assert program.get(url).status_code == 404
        again = program.post(f"{url}/deactivate", **{"Idempotency-Key": "once"})
        assert (again.status_code, again.json()["code"]) == (409, "answer_deleted")

    def test_few_and_many_people_of_a_provider_are_found(self, acme, program, monkeypatch):
        EnvironmentAccess.objects.create(end_user=acme.ada, environment=acme.test, **OKTA.fields())
        for few in (1000, 0):
            monkeypatch.setattr("workspace.api.end_users._FEW", few)
            found = program.get(f"/end-users?provider={OKTA.name}&environment={acme.test.pk}")
            assert names(found) == ["Ada Winter", "Bo Lund"]
            assert names(program.get("/end-users?provider=Nobody")) == []

    def test_lists_are_filtered_and_paged(self, acme, globex, program):
        program.post("/end-users", person(1, environments=[str(acme.prod.pk)]))
        assert names(program.get("/end-users")) == ["Ada Winter", "Bo Lund", "Person 1"]
        assert names(program.get("/end-users?query=wint")) == ["Ada Winter"]
        assert names(program.get("/end-users?emails=BO@acme.example&emails=x@y.z")) == ["Bo Lund"]
        assert names(program.get(f"/end-users?ids={acme.ada.pk}&ids={globex.ada.pk}")) == ["Ada Winter"]
        assert names(program.get(f"/end-users?environment={acme.test.pk}")) == ["Bo Lund"]
        assert names(program.get(f"/end-users?provider={OKTA.name}")) == ["Bo Lund"]
        assert names(program.get(f"/end-users?group={acme.support.pk}")) == ["Ada Winter"]
        assert names(program.get(f"/end-users?group={acme.everyone.pk}")) == ["Ada Winter", "Bo Lund"]
        assert names(program.get(f"/end-users?group={globex.support.pk}")) == []
        assert names(program.get("/end-users?status=deactivated")) == []
        seen, cursor = [], ""
        while cursor is not None:
            answer = program.get(f"/end-users?limit=1{cursor and f'&cursor={cursor}'}")
            seen += names(answer)
            cursor = answer.json()["next"]
        assert seen == names(program.get("/end-users"))

    def test_a_list_reads_as_often_however_long(self, acme, program):
        def queries() -> int:
            with CaptureQueriesContext(connection) as found:
                for path in ("/end-users", "/groups", f"/groups/{acme.support.pk}/members", "/audit-events"):
                    assert program.get(path).status_code == 200
            return len(found)

        queries()
        few = queries()
        for number in range(5):
            factories.group(acme.dev, factories.end_user(acme.dev, acme.prod, name=f"P {number}"), name=f"G {number}")
        assert queries() == few
        with CaptureQueriesContext(connection) as one:
            program.get(f"/end-users/{acme.ada.pk}")
        assert len(one) <= 4


class TestGroups:
    def test_a_group_is_created_renamed_filled_emptied_and_deleted(self, acme, program):
        given = {"environment": str(acme.dev.pk), "name": "Sales", "members": [str(acme.ada.pk)]}
        group = program.post("/groups", given).json()
        url = f"/groups/{group['id']}"
        assert (group["member_count"], group["source"]["kind"], group["is_everyone"]) == (1, "manual", False)
        assert program.patch(url, {"name": "Sales EU"}).json()["name"] == "Sales EU"
        people = {"end_users": [str(acme.bo.pk), str(acme.ada.pk)]}
        assert program.post(f"{url}/members", people).json() == {"changed": 1}
        assert names(program.get(f"{url}/members")) == ["Ada Winter", "Bo Lund"]
        assert program.post(f"{url}/members/remove", people).json() == {"changed": 2}
        assert program.post(f"/end-users/{acme.ada.pk}/add-to-group", {"group": group["id"]}).status_code == 204
        assert program.get(url).json()["member_count"] == 1
        assert program.post(f"/end-users/{acme.ada.pk}/remove-from-group", {"group": group["id"]}).status_code == 204
        assert program.delete(url).status_code == 204
        assert program.get(url).status_code == 404

    def test_groups_of_idps_and_everyone_are_read_only(self, acme, program):
        for group in (acme.engineering, acme.everyone):
            assert program.patch(f"/groups/{group.pk}", {"name": "X"}).json()["code"] == "read_only"
            assert program.delete(f"/groups/{group.pk}").json()["code"] == "read_only"
            answer = program.post(f"/groups/{group.pk}/members", {"end_users": [str(acme.ada.pk)]})
            assert answer.json()["code"] == "read_only"

    def test_only_people_with_access_can_be_members(self, acme, program):
        group = factories.group(acme.prod, name="Prod")
        answer = program.post(f"/groups/{group.pk}/members", {"end_users": [str(acme.ada.pk)]})
        assert errors_of(answer) == {"/end_users/0": "unknown"}
        answer = program.post(f"/end-users/{acme.ada.pk}/add-to-group", {"group": str(group.pk)})
        assert (answer.status_code, answer.json()["code"]) == (422, "no_access")

    def test_a_taken_name_is_a_conflict(self, acme, program):
        answer = program.post("/groups", {"environment": str(acme.dev.pk), "name": "SUPPORT"})
        assert (answer.status_code, errors_of(answer)) == (409, {"/name": "group_name_taken"})


class TestTokensOfSomeEnvironments:
    @pytest.fixture
    def limited(self, acme):
        return Program(*token(acme.workspace, environments=[acme.test]))

    def test_it_sees_what_is_there(self, acme, limited):
        assert names(limited.get("/environments")) == ["TEST"]
        assert names(limited.get("/end-users")) == ["Bo Lund"]
        assert [each["environment"] for each in limited.get("/end-users").json()["items"][0]["access"]] == [
            str(acme.test.pk)
        ]
        assert {each["environment"] for each in limited.get("/groups").json()["items"]} == {str(acme.test.pk)}
        for path in (f"/end-users/{acme.ada.pk}", f"/groups/{acme.support.pk}", f"/environments/{acme.dev.pk}"):
            assert limited.get(path).status_code == 404
        assert all(each["environment"] == str(acme.test.pk) for each in limited.get("/audit-events").json()["items"])

    def test_it_changes_nobody_who_has_access_elsewhere_too(self, acme, limited):
        cy = factories.end_user(acme.dev, acme.test, name="Cy Moor")
        for path in ("deactivate", "reactivate"):
            answer = limited.post(f"/end-users/{cy.pk}/{path}")
            assert (answer.status_code, answer.json()["code"]) == (403, "other_environments")
        assert limited.patch(f"/end-users/{cy.pk}", {"full_name": "C"}).json()["code"] == "other_environments"
        # It takes access to its own environment, and leaves that to others.
        assert limited.patch(f"/end-users/{cy.pk}", {"environments": []}).status_code == 200
        assert [access.environment for access in cy.accesses.all()] == [acme.dev]

    def test_it_adds_people_there_only(self, acme, limited):
        assert limited.post("/end-users", person(1)).status_code == 400
        assert errors_of(limited.post("/end-users", person(1, environments=[str(acme.dev.pk)]))) == {
            "/environments/0": "unknown"
        }
        assert limited.post("/end-users", person(1, environments=[str(acme.test.pk)])).status_code == 201

    def test_what_is_of_the_whole_workspace_is_not_for_it(self, limited):
        for path, body in (
            ("/administrators/invitations", {"email": "a@b.example", "role": "admin"}),
            ("/environments", {"name": "X", "kind": "dev"}),
        ):
            assert limited.post(path, body).json()["code"] == "other_environments"


@pytest.mark.parametrize("places", [None, ["dev"], ["prod"]], ids=["all", "dev", "prod"])
def test_a_list_of_an_environment_or_a_group_leads_through_all_of_it_once(acme, globex, places):
    people = add_people(acme, 7, environments=[acme.dev]) + add_people(acme, 3, environments=[acme.dev, acme.prod])
    for person in people[::2]:
        EnvironmentAccess.objects.create(environment=acme.dev, end_user=person, source_kind="jit", source_id="okta")
    # A token of some environments sees no member without access to them.
    for each in people[3:] + add_people(acme, 2, environments=[]):
        GroupMembership.objects.create(group=acme.support, end_user=each)
        GroupMembership.objects.create(group=acme.support, end_user=each, source_kind="jit", source_id="okta")
    allowed = None if places is None else [getattr(acme, name) for name in places]
    program = Program(*token(acme.workspace, environments=allowed))
    visible = EndUser.objects.filter(workspace=acme.workspace)
    if allowed:
        visible = visible.filter(accesses__environment__in=allowed)
    for query, wanted in (
        (f"environment={acme.dev.pk}", {"accesses__environment": acme.dev} if places != ["prod"] else {"pk__in": []}),
        (f"group={acme.support.pk}", {"memberships__group": acme.support} if places != ["prod"] else {"pk__in": []}),
        (f"environment={globex.dev.pk}", {"pk__in": []}),
        (f"group={globex.support.pk}", {"pk__in": []}),
        (f"environment={acme.dev.pk}&query=person", {"accesses__environment": acme.dev, "name_key__contains": "person"}
            if places != ["prod"] else {"pk__in": []}),
    ):  # fmt: skip
        found, path = [], f"/end-users?limit=4&{query}"
        while path:
            answer = program.get(path).json()
            found += [each["id"] for each in answer["items"]]
            path = answer["next"] and f"/end-users?limit=4&{query}&cursor={answer['next']}"
        assert found == [
            str(pk) for pk in visible.filter(**wanted).order_by("pk").distinct().values_list("pk", flat=True)
        ]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL sorts nothing either")
@pytest.mark.parametrize("query", ["environment", "group", "members"])
def test_a_list_of_an_environment_or_a_group_is_sorted_by_no_page_on_sqlite(acme, program, query):
    paths = {
        "environment": f"/end-users?environment={acme.dev.pk}",
        "group": f"/end-users?group={acme.support.pk}",
        "members": f"/groups/{acme.support.pk}/members?limit=2",
    }
    table = "workspace_environmentaccess" if query == "environment" else "workspace_groupmembership"
    with plans(table) as found:
        assert program.get(paths[query]).status_code == 200
    assert any(f"SEARCH {table} USING COVERING INDEX" in plan and "TEMP B-TREE" not in plan for plan in found)

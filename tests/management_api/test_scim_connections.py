"""SCIM connections through the API: from the method to a token that provisions, mappings, and the logs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from authentication.models import EnvironmentProvider
from provisioning.actions.mappings import add_mapping
from provisioning.models import ProvisioningConnection, ScimToken
from tests import factories
from tests.management_api.conftest import Program, errors_of, names
from tests.management_api.operations import token
from tests.scim import Scim
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EnvironmentAccess, IdempotentRequest


@pytest.fixture
def use(acme) -> EnvironmentProvider:
    return factories.identity_provider(acme.dev)


@pytest.fixture
def idp(use) -> Scim:
    """The IdP of a SCIM connection that is switched on, with its token."""
    clear = factories.scim_token(use)
    return Scim(use.connection, clear)


@pytest.fixture
def path(idp) -> str:
    return f"/scim-connections/{idp.connection.pk}"


def choose(program: Program, use: EnvironmentProvider, method: str, **more: object):
    return program.post(f"/providers/{use.identity_provider_id}/uses/{use.pk}/method", {"method": method, **more})


def is_answered(base_url: str, clear: str) -> bool:
    url = f"/scim/{base_url.partition('/scim/')[2]}/Users"
    return Client().get(url, headers={"Authorization": f"Bearer {clear}"}).status_code == 200


def test_a_program_goes_from_the_method_to_a_token_that_the_idp_can_use(acme, program, use):
    assert choose(program, use, "scim", is_strict=True).json()["method"] == "scim"
    (connection,) = program.get(f"/scim-connections?environment={acme.dev.pk}").json()["items"]
    assert (connection["is_enabled"], connection["is_strict"]) == (True, True)
    tokens = f"/scim-connections/{connection['id']}/tokens"
    issued = program.post(tokens, **{"Idempotency-Key": "1"})
    assert issued.status_code == 201 and is_answered(connection["base_url"], clear := issued.json()["token"])
    again = program.post(tokens, **{"Idempotency-Key": "1"})
    assert again.json() == issued.json() and len(program.get(tokens).json()["items"]) == 1
    kept = [each.sealed_answer for each in IdempotentRequest.objects.all()]
    told = [str(vars(each)) for each in ChangeEvent.objects.all()] + [program.get(tokens).content.decode()]
    assert not any(clear.split("_", 2)[2] in each for each in kept + told)
    strict = program.patch(f"/scim-connections/{connection['id']}", {"is_strict": False})
    assert strict.json()["is_strict"] is False


def test_a_method_is_given_up_only_with_a_decision_about_its_people(acme, program, use, idp):
    idp.user("mia")
    undecided = choose(program, use, "manual")
    assert (undecided.status_code, errors_of(undecided)) == (422, {"/people": "people_undecided"})
    assert choose(program, use, "manual", people="keep").json()["method"] == "manual"
    assert not EnvironmentAccess.objects.filter(source_kind="scim", source_id=idp.connection.pk).exists()


def test_a_setting_that_is_left_out_stays_and_one_of_another_method_is_refused(program, use, idp):
    for more in ({"takes_over_groups": False, "is_strict": True}, {}):
        choose(program, use, "scim", **more)
        idp.connection.refresh_from_db()
        assert (idp.connection.takes_over_groups, idp.connection.is_strict) == (False, True)
    refused = choose(program, use, "manual", syncs_groups=True)
    assert (refused.status_code, errors_of(refused)) == (400, {"/syncs_groups": "invalid"})
    for more in ({"syncs_groups": True}, {}):
        assert choose(program, use, "jit", **more).json()["syncs_groups"] is True


@pytest.mark.parametrize("retirement", ["first_use", "date", "at_once"])
def test_a_token_is_rotated_in_each_of_the_three_ways(program, path, retirement):
    base, old = program.get(path).json()["base_url"], ScimToken.objects.get()
    given = {"retirement": retirement}
    if retirement == "date":
        for wrong in ({}, {"retires_at": "2020-01-01T00:00:00Z"}):
            assert errors_of(program.post(f"{path}/tokens/rotate", given | wrong)) == {"/retires_at": "retires_at"}
        given["retires_at"] = (timezone.now() + timedelta(days=1)).isoformat()
    answer = program.post(f"{path}/tokens/rotate", given)
    assert answer.status_code == 200, answer.content
    old.refresh_from_db()
    assert (old.revoked_at is not None, old.expires_at is not None) == (retirement == "at_once", retirement == "date")
    assert is_answered(base, answer.json()["token"])
    old.refresh_from_db()
    assert (old.revoked_at is not None) == (retirement != "date")


def test_a_time_of_retirement_is_refused_where_it_means_nothing(program, path):
    given = {"retirement": "at_once", "retires_at": "2027-01-01T00:00:00Z"}
    assert errors_of(program.post(f"{path}/tokens/rotate", given)) == {"/retires_at": "invalid"}


def test_a_revoked_token_is_refused_and_stays_listed(program, path):
    base, (only,) = program.get(path).json()["base_url"], program.get(f"{path}/tokens").json()["items"]
    clear = program.post(f"{path}/tokens").json()["token"]
    assert program.post(f"{path}/tokens").json()["code"] == "too_many_tokens"
    mine = next(each for each in program.get(f"{path}/tokens").json()["items"] if each["id"] != only["id"])
    assert program.delete(f"{path}/tokens/{mine['id']}").status_code == 204
    assert not is_answered(base, clear)
    assert program.get(f"{path}/tokens/{mine['id']}").json()["is_live"] is False


def test_mappings_are_added_and_removed_with_what_they_grant(acme, program, idp, path):
    idp.group("Crew", [idp.user("mia")])
    new = {"name": "Crew", "environment": str(acme.test.pk)}
    added = program.post(f"{path}/mappings", new)
    assert added.status_code == 201 and program.get(f"{path}/mappings").json()["items"] == [added.json()]
    reached = EnvironmentAccess.objects.filter(environment=acme.test, source_kind="scim").exclude(end_user=acme.bo)
    assert reached.count() == 1
    taken = program.post(f"{path}/mappings", new | {"name": "CREW", "group": None})
    assert (taken.status_code, errors_of(taken)) == (409, {"/name": "mapping_taken"})
    pushed = program.post(
        f"{path}/mappings", new | {"environment": str(acme.dev.pk), "group": str(acme.engineering.pk)}
    )
    assert (pushed.status_code, errors_of(pushed)) == (422, {"/group": "group_managed"})
    assert program.delete(f"{path}/mappings/{added.json()['id']}").status_code == 204
    assert not reached.exists()


def test_requests_and_changes_are_listed_the_newest_first(program, idp, path):
    idp.user("mia")
    idp.get("/Users/none")
    found = program.get(f"{path}/requests").json()["items"]
    assert [(each["method"], each["status"]) for each in found] == [("GET", 404), ("POST", 201)]
    assert [each["id"] for each in program.get(f"{path}/requests?result=failed").json()["items"]] == [found[0]["id"]]
    whole = program.get(f"{path}/requests/{found[1]['id']}").json()
    assert "mia" in whole["request_body"] and "mia" in whole["response_body"]
    (change,) = program.get(f"{path}/activity").json()["items"]
    assert change["request_id"] == whole["request_id"] and change["actor"]["id"] == str(idp.connection.pk)


def test_a_token_of_some_environments_makes_no_way_into_others(acme, program, use, path):
    elsewhere = factories.identity_provider(acme.prod, name="Of production")
    factories.scim_token(elsewhere)
    mine = Program(*token(acme.workspace, environments=[acme.dev]))
    assert names(mine.get("/scim-connections")) == ["Okta Dev"]
    assert mine.get(f"/scim-connections/{elsewhere.connection.pk}/tokens").status_code == 404
    unseen = mine.post(f"{path}/mappings", {"name": "Crew", "environment": str(acme.prod.pk)})
    assert errors_of(unseen) == {"/environment": "unknown"}
    assert mine.post(f"{path}/tokens").status_code == 201
    connection = ProvisioningConnection.objects.get(environment_provider=use)
    add_mapping(connection=connection, name="Crew", environment=acme.prod, by=SYSTEM)
    mapping = connection.mappings.get()
    assert mine.get(f"{path}/mappings").json()["items"] == []
    assert mine.delete(f"{path}/mappings/{mapping.pk}").status_code == 404
    for refused in (mine.post(f"{path}/tokens"), mine.post(f"{path}/tokens/rotate"), choose(mine, use, "manual")):
        assert (refused.status_code, refused.json()["code"]) == (403, "other_environments")

"""All rows of a new user are stored together, and they are those that are stored one after the other."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from provisioning.actions.connection_settings import choose_attributes, set_only_mapped
from provisioning.actions.records import users
from provisioning.models import ProvisionedEmail, ProvisionedUser
from provisioning.payload.resources import ACCESS
from provisioning.scim import request_log
from tests.provisioning.races import at_once, held
from tests.provisioning.stored import TABLES, rolled_back, stored
from tests.scim import ENTERPRISE, Scim, entra_user, make_connection, okta_user
from workspace.actions.end_users import create_end_user
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, EnvironmentAccess
from workspace.profile import Profile

pytestmark = pytest.mark.django_db
BODIES = {
    "Okta": okta_user(),
    "Entra": entra_user(),
    "inactive": okta_user(active=False),
    "active left out": {"userName": "ada@example.com"},
    "other letters": okta_user(displayName="עדה  Straße ﷺ", userName="ada", externalId="", title="’%s’"),
    "address not first": okta_user(emails=[{"value": "nonsense"}, {"value": "ADA@example.com", "type": "home"}]),
    "no address": okta_user(userName="ada", emails=[]),
    "many addresses": okta_user(emails=[{"value": f"a{number}@example.com"} for number in range(60)]),
    "manager": okta_user() | {ENTERPRISE: {"manager": {"value": "x"}}},
    "name that no person may have": okta_user()
    | {"displayName": None, "name": {"givenName": "x" * 200, "familyName": "x" * 200}},
}


def one_by_one(monkeypatch):
    monkeypatch.setattr(users, "rows_of_new_user", lambda user, by: [])


def sent(scim, body):
    """What is answered and stored."""
    answer = scim.post("/Users", body)
    return answer.status, scim.connection.requests.latest("id").notes, stored()


@pytest.mark.parametrize("settings", [{}, {"only_mapped": True}, {"name_from": "nickName", "email_from": "home"}])
@pytest.mark.parametrize("name", BODIES)
def test_both_ways_store_the_same_rows_column_by_column(scim, monkeypatch, name, settings):
    type(scim.connection).objects.update(**settings)
    with rolled_back():
        together = sent(scim, BODIES[name])
    one_by_one(monkeypatch)
    with rolled_back():
        assert sent(scim, BODIES[name]) == together
    assert together[0] == (400 if name.startswith("name that") else 201)


def test_a_new_user_and_the_log_are_one_statement_on_postgresql(transactional_db, scim):
    scim.user("bob")
    with CaptureQueriesContext(database) as queries:
        scim.user("ada")
    statements = [query["sql"] for query in queries]
    is_one = database.vendor == "postgresql"
    assert sum("INSERT INTO" in sql for sql in statements) == (1 if is_one else 7)
    assert sum(sql.startswith("BEGIN") for sql in statements) == (0 if is_one else 1)
    assert not [sql for sql in statements if sql.startswith("SELECT") and "enduser" in sql]


def test_a_user_whose_row_of_the_log_cannot_be_stored_is_not_stored(transactional_db, scim, monkeypatch):
    row = request_log.Entry.row

    def broken(entry, response, notes):
        statement, values = row(entry, response, notes)
        return statement, [entry.request.scim.connection.requests.latest("id").pk, *values[1:]]

    scim.get("/Users")
    before = stored(TABLES)
    monkeypatch.setattr(request_log.Entry, "row", broken)
    assert scim.post("/Users", okta_user()).status == 409
    assert stored(TABLES) == before
    assert scim.connection.requests.latest("id").status == 409


def test_what_a_query_asks_of_a_new_user_is_answered(scim):
    asked = scim.post(f"/Users?attributes=userName,{ACCESS}", okta_user())
    assert [each["display"] for each in asked.body[ACCESS]["environments"]] == [scim.connection.environment.name]
    assert scim.connection.requests.latest("id").status == 201


@pytest.mark.parametrize(
    "body",
    [
        okta_user(userName="other@example.com"),  # the person of another user
        okta_user(userName="ADA@example.com", emails=[{"value": "new@example.com"}]),  # the userName of another one
        okta_user(userName="carl@example.com", emails=[{"value": "CARL@example.com"}]),  # a person by hand
        okta_user(userName="dora@example.com", emails=[{"value": "carl@example.com"}]),
    ],
)
def test_who_is_known_is_linked_or_refused_the_same_in_both_ways(scim, monkeypatch, body):
    scim.user("ada")
    workspace = scim.connection.environment.workspace
    create_end_user(workspace=workspace, profile=Profile("Carl", "carl@example.com", SYSTEM.source), by=SYSTEM)
    with rolled_back():
        together = sent(scim, body)
    one_by_one(monkeypatch)
    with rolled_back():
        assert sent(scim, body) == together


@pytest.fixture
def meanwhile(monkeypatch):
    """Let something happen after the rows of a new user are made, and before they are stored."""

    def set_up(change):
        made = users.rows_of_new_user

        def rows(user, by):
            found = made(user, by)
            assert found
            change()
            return found

        monkeypatch.setattr(users, "rows_of_new_user", rows)

    return set_up


def test_a_setting_that_has_just_changed_holds(scim, meanwhile):
    again = type(scim.connection).objects.get()
    meanwhile(lambda: set_only_mapped(connection=again, only_mapped=True, by=SYSTEM))
    assert scim.post("/Users", okta_user()).status == 201
    assert (EndUser.objects.count(), EnvironmentAccess.objects.count()) == (1, 0)


def test_a_name_that_has_just_been_chosen_holds(scim, meanwhile):
    again = type(scim.connection).objects.get()
    meanwhile(lambda: choose_attributes(connection=again, name_from="nickName", email_from="", by=SYSTEM))
    assert scim.post("/Users", okta_user(nickName="Countess")).status == 201
    assert EndUser.objects.get().full_name == "Countess"


def test_a_person_who_has_just_come_is_linked(scim, meanwhile):
    place = scim.connection.environment
    profile = Profile("Ada by hand", "Ada@example.com", SYSTEM.source)
    meanwhile(lambda: create_end_user(workspace=place.workspace, profile=profile, environments=[place], by=SYSTEM))
    assert scim.post("/Users", okta_user()).status == 201
    assert EndUser.objects.get().provisioned.count() == 1
    assert sorted(EnvironmentAccess.objects.values_list("source_kind", flat=True)) == ["manual", "scim"]
    assert list(ChangeEvent.objects.order_by("pk").values_list("action", flat=True))[-1] == "end_user.linked"


def test_c10_twenty_equal_creates_make_one_user(transactional_db, scim):
    answers = at_once(scim, [("POST", "/Users", okta_user())] * 20)
    assert sorted(answer.status for answer in answers) == [201] + [409] * 19
    assert (EndUser.objects.count(), ProvisionedUser.objects.count(), ProvisionedEmail.objects.count()) == (1, 1, 1)
    assert ChangeEvent.objects.filter(action="end_user.created").count() == 1


def test_c10_connections_that_create_the_same_person_at_once_share_it(transactional_db, scim):
    other = Scim(make_connection(name="Entra Dev"))
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(at_once, each, [("POST", "/Users", okta_user())]) for each in (scim, other)]
        assert [call.result()[0].status for call in calls] == [201, 201]
    assert EndUser.objects.get().provisioned.count() == 2


def test_c10_a_create_waits_for_an_administrator_and_follows_the_choice(transactional_db, scim):
    again = type(scim.connection).objects.get()
    with held(lambda: set_only_mapped(connection=again, only_mapped=True, by=SYSTEM)):
        [answer] = at_once(scim, [("POST", "/Users", okta_user())])
    assert answer.status == 201
    assert (EndUser.objects.count(), EnvironmentAccess.objects.count()) == (1, 0)

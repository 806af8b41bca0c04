"""SCIM Users of two people who become one: each IdP goes on with the ids that it knows."""

import pytest
from django.apps import apps
from django.utils import timezone

from provisioning.models import ProvisionedUser
from tests import factories
from tests.provisioning.races import side_by_side
from tests.provisioning.users import create, person
from tests.scim import Scim, make_connection, okta_user
from tests.workspace.pages import text
from workspace.actions.merging import merge_end_users
from workspace.events import SYSTEM
from workspace.merging import MOVES
from workspace.models import ChangeEvent, EndUser, GroupMembership
from workspace.refusals import ActionError

pytestmark = pytest.mark.django_db
INACTIVE = {"op": "replace", "path": "active", "value": False}
ACTIVE = INACTIVE | {"value": True}
# Attributes of people that hold no row of their own: none so far.
NOT_MOVED: dict[str, str] = {}


@pytest.fixture
def entra(scim) -> Scim:
    """A client of a second connection of the same workspace, in PROD."""
    return Scim(make_connection(name="Entra Prod", environment="PROD"))


def merge(stays, goes):
    facts = merge_end_users(stays=stays, goes=goes, by=SYSTEM, now=timezone.now())
    return {fact.label: f"{fact.value}. {fact.hint}" for fact in facts}


def two(scim, entra):
    """One human as two people: the SCIM ids and the people of each connection."""
    ids = create(scim, "kate@a.example"), create(entra, "kate@b.example")
    return *ids, person(scim, ids[0]), person(entra, ids[1])


def test_every_relation_to_a_person_is_moved():
    """A new one is registered with `moves` in its app, or named above with a reason."""
    relations = {relation.get_accessor_name() for relation in EndUser._meta.related_objects}
    assert {name for names in MOVES.values() for name in names} | set(NOT_MOVED) == relations


def test_no_model_names_people_but_by_a_relation_or_as_history():
    """Sources, events and lists of what an IdP said hold ids as data: they are the past, or not of people."""
    texts = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if "end_user" in field.name and not field.is_relation
    }
    assert texts == set()


def test_both_users_keep_their_ids_and_mean_the_one_who_stays(scim, entra):
    one, other, stays, goes = two(scim, entra)
    seen = entra.get(f"/Users/{other}").body
    facts = merge(stays, goes)
    assert facts["SCIM users"].startswith("1 will move: kate@b.example of Entra Prod in PROD.")
    assert entra.get(f"/Users/{other}").body == seen
    assert entra.get('/Users?filter=userName eq "kate@b.example"').body["totalResults"] == 1
    for client, pk in ((scim, one), (entra, other)):
        assert client.patch(f"/Users/{pk}", {"op": "replace", "path": "title", "value": "Boss"}).status == 200
        assert person(client, pk) == stays
    assert {access.environment.slug for access in stays.accesses.all()} == {"dev", "prod"}


@pytest.mark.parametrize("first", [0, 1])
def test_each_idp_switches_its_own_access_and_the_last_one_deactivates(scim, entra, first):
    one, other, stays, goes = two(scim, entra)
    merge(stays, goes)
    switches = [(scim, one), (entra, other)]
    for place, (client, pk) in enumerate([switches[first], switches[1 - first]]):
        assert client.patch(f"/Users/{pk}", INACTIVE).status == 200
        stays.refresh_from_db()
        assert stays.is_active == (not place)
    client, pk = switches[first]
    assert client.patch(f"/Users/{pk}", ACTIVE).status == 200
    stays.refresh_from_db()
    assert stays.is_active and stays.accesses.get().environment == client.connection.environment


def test_a_user_that_its_idp_deactivated_stays_inactive_and_is_told(scim, entra):
    _, other, stays, goes = two(scim, entra)
    entra.patch(f"/Users/{other}", INACTIVE)
    facts = merge(stays, EndUser.objects.get(pk=goes.pk))
    assert "kate@b.example of Entra Prod in PROD, inactive" in facts["SCIM users"]
    assert "kate@b.example is deactivated without access" in facts["Status"]
    assert entra.get(f"/Users/{other}").body["active"] is False
    stays.refresh_from_db()
    assert stays.is_active and [each.environment.slug for each in stays.accesses.all()] == ["dev"]


def test_pushed_groups_hold_the_one_who_stays_and_lose_them_when_the_idp_says_so(scim, entra):
    one, other, stays, goes = two(scim, entra)
    first, second = scim.group("Sales", [one]), entra.group("Support", [other])
    merge(stays, goes)
    assert {row.group.name for row in stays.memberships.select_related("group")} == {"Sales", "Support"}
    assert [each["value"] for each in entra.get(f"/Groups/{second}").body["members"]] == [other]
    entra.patch(f"/Groups/{second}", {"op": "remove", "path": "members"})
    scim.patch(f"/Groups/{first}", {"op": "remove", "path": f'members[value eq "{one}"]'})
    assert not GroupMembership.objects.exists()


def test_a_user_deleted_later_takes_its_access_along_and_leaves_the_other_one(scim, entra):
    one, other, stays, goes = two(scim, entra)
    merge(stays, goes)
    assert entra.delete(f"/Users/{other}").status == 204
    assert [each.environment.slug for each in stays.accesses.all()] == ["dev"]
    assert scim.get(f"/Users/{one}").body["active"] is True


def test_the_address_follows_the_idp_that_vouches_for_it(scim, entra):
    one, other, stays, goes = two(scim, entra)
    merge(stays, goes)
    for client, pk in ((entra, other), (scim, one)):
        client.patch(f"/Users/{pk}", {"op": "replace", "path": "emails", "value": [{"value": f"{pk}@c.example"}]})
        stays.refresh_from_db()
        assert stays.email == f"{pk}@c.example"


def test_two_users_of_one_connection_are_refused_in_words_and_nothing_changes(scim):
    stays, goes = (person(scim, create(scim, f"kate@{name}.example")) for name in "ab")
    before = ChangeEvent.objects.count()
    with pytest.raises(ActionError) as refused:
        merge(stays, goes)
    assert refused.value.message == (
        "Okta Dev provisions both to DEV, as kate@a.example and kate@b.example. "
        "One connection cannot have two users of one person: delete one of them in Okta Dev first."
    )
    assert EndUser.objects.count() == 2 and ChangeEvent.objects.count() == before


def test_the_page_says_why_two_users_of_one_connection_are_refused(scim, client):
    environment = scim.connection.environment
    stays, goes = (person(scim, create(scim, f"kate@{name}.example")) for name in "ab")
    browser = factories.sign_in(client, factories.administrator(environment.workspace))
    path = f"/workspaces/acme/dev/end-users/{stays.pk}/merge/{goes.pk}/"
    for method in ("get", "post"):
        page = getattr(browser, method)(path)
        assert "delete one of them in Okta Dev first" in text(page) and ">Merge<" not in page.content.decode()
    assert EndUser.objects.count() == 2


def test_old_changes_of_a_user_lead_to_the_one_who_stays(scim, entra, client):
    _, _, stays, goes = two(scim, entra)
    merge(stays, goes)
    browser = factories.sign_in(client, factories.administrator(stays.workspace))
    page = browser.get("/workspaces/acme/prod/provisioning-activity/").content.decode()
    assert f"end-users/{stays.pk}/" in page and str(goes.pk) not in page
    tab = text(browser.get(f"/workspaces/acme/prod/end-users/{stays.pk}/provisioning/"))
    assert "kate@a.example" in tab and "kate@b.example" in tab


def test_the_same_two_merged_both_ways_round_at_once_are_one(transactional_db, scim):
    entra = Scim(make_connection(name="Entra Prod", environment="PROD"))
    _, _, stays, goes = two(scim, entra)
    outcomes = side_by_side([lambda pair=pair: merge(*pair) for pair in [(stays, goes), (goes, stays)] * 3])
    assert [type(outcome) for outcome in outcomes].count(ActionError) == 5
    left = EndUser.objects.get()
    assert set(ProvisionedUser.objects.values_list("end_user", flat=True)) == {left.pk}
    assert left.accesses.count() == 2 and left.merged.count() == 1


@pytest.mark.parametrize("final", [True, False])
def test_changes_by_both_idps_beside_a_merge_are_all_made_and_make_nobody_anew(transactional_db, scim, final):
    entra = Scim(make_connection(name="Entra Prod", environment="PROD"))
    one, other, stays, goes = two(scim, entra)
    switch = [INACTIVE | {"value": value} for value in (not final, final)]
    group = entra.group("Sales")

    def requests(client, pk):
        for operation in switch:
            yield client.patch(f"/Users/{pk}", operation)
            yield client.put(f"/Users/{pk}", okta_user(f"{pk}", active=operation["value"]))

    def join(client):
        yield client.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": other}]})

    again = Scim(entra.connection, entra.token)
    calls = [lambda: merge(stays, goes), *(
        lambda made=made: [answer.status for answer in made]
        for made in (requests(scim, one), requests(entra, other), join(again))
    )]  # fmt: skip
    facts, *statuses = side_by_side(calls)
    assert "SCIM users" in facts and statuses == [[200] * 4, [200] * 4, [204]]
    left = EndUser.objects.get()
    assert left == stays and left.is_active == final and left.accesses.count() == (2 if final else 0)
    assert [row.group.name for row in left.memberships.all()] == ["Sales"]
    assert left.email in {f"{pk}@example.com" for pk in (one, other)}

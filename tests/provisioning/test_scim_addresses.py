"""Addresses of SCIM Users: shared, missing, of bad syntax, in letters of all scripts."""

from importlib import import_module

import pytest
from django.apps import apps

from provisioning.models import ProvisionedEmail, ScimRequest
from tests.provisioning.races import at_once
from tests.provisioning.users import body, create, person
from tests.scim import Scim, make_connection
from workspace.actions.end_users import create_end_user
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser
from workspace.profile import Profile

pytestmark = pytest.mark.django_db
KATE = "kate@q.example"


def addresses(scim, *pks):
    return [person(scim, pk).email for pk in pks]


def notes():
    return ScimRequest.objects.latest("id").notes


def put_emails(*emails):
    value = [{"value": email, "primary": not place} for place, email in enumerate(emails)]
    return {"op": "replace", "path": "emails", "value": value}


REMOVE = {"op": "remove", "path": "emails"}


# One address in two users.


def test_who_shares_an_address_gets_the_user_name_or_none(scim):
    admin = create(scim, "adm-kate@q.example", KATE)
    kate = create(scim, KATE, KATE)
    assert notes() == [f"{KATE} is the address of another user: the person has none"]
    assert addresses(scim, admin, kate) == [KATE, ""]
    assert scim.get(f"/Users/{kate}").body["emails"] == [{"value": KATE, "primary": True}]


def test_in_the_other_order_the_user_name_is_taken(scim):
    kate = create(scim, KATE, KATE)
    admin = create(scim, "adm-kate@q.example", KATE.upper())
    assert notes() == [f"{KATE.upper()} is the address of another user: the person has adm-kate@q.example"]
    assert addresses(scim, kate, admin) == [KATE, "adm-kate@q.example"]
    third = create(scim, "svc-kate", KATE)
    assert (person(scim, third).email, person(scim, third).identifier) == ("", "svc-kate")


def test_no_other_address_of_the_user_is_taken_for_a_shared_one(scim):
    create(scim, KATE, KATE)
    assert addresses(scim, create(scim, "adm-kate", KATE, "second@q.example")) == [""]


@pytest.mark.parametrize("is_put", [True, False])
def test_a_change_to_an_address_of_another_user_takes_the_user_name(scim, is_put):
    create(scim, KATE, KATE)
    admin = create(scim, "adm-kate@q.example", "old@q.example")
    changed = body("adm-kate@q.example", KATE)
    answer = scim.put(f"/Users/{admin}", changed) if is_put else scim.patch(f"/Users/{admin}", put_emails(KATE))
    assert answer.status == 200
    assert addresses(scim, admin) == ["adm-kate@q.example"]
    assert notes() == [f"{KATE} is the address of another user: the person has adm-kate@q.example"]
    assert scim.patch(f"/Users/{admin}", {"op": "add", "path": "title", "value": "x"}).status == 200
    assert notes() == []


@pytest.mark.parametrize("freeing", ["change", "remove"])
def test_an_address_that_is_freed_is_taken_at_once(scim, freeing):
    admin = create(scim, "adm-kate@q.example", KATE)
    kate, other = create(scim, KATE, KATE), create(scim, "third", KATE)
    assert scim.patch(f"/Users/{admin}", REMOVE if freeing == "remove" else put_emails("new@q.example")).status == 200
    assert addresses(scim, admin, kate, other) == [
        "adm-kate@q.example" if freeing == "remove" else "new@q.example", KATE, ""
    ]  # fmt: skip
    event = ChangeEvent.objects.about(person(scim, kate).pk).first()
    assert event.after["email"] == KATE and event.actor_name == "Okta Dev"


def test_one_freed_address_frees_another(scim):
    kate = create(scim, KATE, KATE)
    admin = create(scim, "adm-kate@q.example", KATE)
    third = create(scim, "third", "adm-kate@q.example")
    assert addresses(scim, kate, admin, third) == [KATE, "adm-kate@q.example", ""]
    assert scim.patch(f"/Users/{kate}", put_emails("new@q.example")).status == 200
    assert addresses(scim, kate, admin, third) == ["new@q.example", KATE, "adm-kate@q.example"]


def test_an_address_that_somebody_else_gave_up_is_taken_with_the_next_request(scim):
    admin, kate = create(scim, "adm-kate", KATE), create(scim, KATE, KATE)
    EndUser.objects.filter(provisioned=admin).update(email="", email_key=None)
    assert scim.put(f"/Users/{kate}", body(KATE, KATE)).status == 200
    assert addresses(scim, kate) == [KATE]


def test_an_address_of_a_person_outside_the_connection_is_linked_or_refused_as_ever(scim):
    workspace = scim.connection.environment.workspace
    by_hand = create_end_user(workspace=workspace, profile=Profile("By Hand", KATE, SYSTEM.source), by=SYSTEM)
    other = create(scim, "other@q.example")
    answer = scim.patch(f"/Users/{other}", put_emails(KATE))
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert person(scim, create(scim, KATE, KATE)) == by_hand


def test_an_address_never_stops_a_deactivation(scim):
    workspace = scim.connection.environment.workspace
    create_end_user(workspace=workspace, profile=Profile("By Hand", KATE, SYSTEM.source), by=SYSTEM)
    other = create(scim, "other@q.example")
    assert scim.put(f"/Users/{other}", body("other@q.example", KATE, active=False)).status == 200
    assert not person(scim, other).is_active
    assert addresses(scim, other) == ["other@q.example"]


def test_who_has_the_user_name_as_address_already_is_linked(scim):
    workspace = scim.connection.environment.workspace
    profile = Profile("By Hand", "adm-kate@q.example", SYSTEM.source)
    by_hand = create_end_user(workspace=workspace, profile=profile, by=SYSTEM)
    create(scim, KATE, KATE)
    assert person(scim, create(scim, "adm-kate@q.example", KATE)) == by_hand


def test_nobody_of_a_foreign_domain_is_linked_by_user_name(scim):
    workspace = scim.connection.environment.workspace
    profile = Profile("By Hand", "adm-kate@elsewhere.example", SYSTEM.source)
    by_hand = create_end_user(workspace=workspace, profile=profile, by=SYSTEM)
    scim.connection.environment.providers.update(enforcement="selected_domains", domains=["q.example"])
    create(scim, KATE, KATE)
    admin = person(scim, create(scim, "adm-kate@elsewhere.example", KATE))
    assert admin != by_hand and admin.email == ""


# No address.


def test_only_a_user_name_is_required(scim):
    pk = create(scim, "scim-test-1")
    assert notes() == ["No email address was sent: the person has none"]
    test = person(scim, pk)
    assert (str(test), test.identifier, test.email_key) == ("scim-test-1", "scim-test-1", None)
    assert test.accesses.count() == 1
    create(scim, "scim-test-2", displayName="Test Two")
    assert scim.post("/Users", body("SCIM-test-1")).status == 409
    assert EndUser.objects.count() == 2
    assert str(EndUser.objects.get(full_name="Test Two")) == "Test Two (scim-test-2)"


def test_a_strict_connection_requires_only_a_user_name_too(scim):
    type(scim.connection).objects.update(is_strict=True)
    assert scim.post("/Users", body("scim-test-1")).status == 201


def test_an_address_that_comes_later_is_taken_and_one_that_is_removed_goes(scim):
    pk = create(scim, "scim-test-1")
    assert scim.patch(f"/Users/{pk}", put_emails(KATE)).status == 200
    assert (person(scim, pk).email, person(scim, pk).user_name) == (KATE, "")
    assert scim.patch(f"/Users/{pk}", REMOVE).status == 200
    assert (person(scim, pk).email, person(scim, pk).user_name) == ("", "scim-test-1")
    sentences = ChangeEvent.objects.about(person(scim, pk).pk).values_list("sentence", flat=True)
    assert list(sentences[:2]) == [
        "Okta Dev changed email of scim-test-1.",
        f"Okta Dev changed email of scim-test-1 <{KATE}>.",
    ]
    assert scim.patch(f"/Users/{pk}", {"op": "replace", "path": "userName", "value": "x-1"}).status == 200
    assert person(scim, pk).identifier == "x-1"


def test_removing_emails_leaves_an_address_that_others_gave(scim):
    workspace = scim.connection.environment.workspace
    create_end_user(workspace=workspace, profile=Profile("By Hand", KATE, SYSTEM.source), by=SYSTEM)
    pk = create(scim, "kate", KATE)
    assert scim.patch(f"/Users/{pk}", REMOVE).status == 200
    assert addresses(scim, pk) == [KATE]


def test_who_was_deleted_without_an_address_is_the_same_person_when_created_again(scim):
    first = person(scim, pk := create(scim, "scim-test-1"))
    assert scim.delete(f"/Users/{pk}").status == 204
    again = create(scim, "SCIM-Test-1")
    assert person(scim, again) == first and EndUser.objects.get().is_active
    second = Scim(make_connection(name="Entra Prod", environment="PROD"))
    assert person(second, create(second, "scim-test-1")) != first


# Bad and international addresses.


@pytest.mark.parametrize(
    "bad", ["nobody", "a b@q.example", "a@@q.example", "@q.example", "eve\u202e@q.example", "<a@b.c>"]
)
def test_a_primary_address_of_bad_syntax_gives_way_to_the_next_good_one(scim, bad):
    assert addresses(scim, create(scim, "kate", bad, KATE)) == [KATE]
    assert notes() == [f"{bad} is no email address: the person has {KATE}"]
    assert addresses(scim, create(scim, "second@q.example", bad)) == ["second@q.example"]
    assert addresses(scim, create(scim, "third", bad)) == [""]


@pytest.mark.parametrize("address", ["müller@acme.example", "최상수@acme.example", "anna@bücher.example"])
def test_letters_of_all_scripts_are_taken(scim, address):
    assert addresses(scim, create(scim, address, address)) == [address]


def test_both_forms_of_a_domain_are_one_user_and_one_person(scim):
    letters, ascii_form = "anna@bücher.example", "anna@xn--bcher-kva.example"
    pk = create(scim, letters, letters)
    assert scim.post("/Users", body(ascii_form, ascii_form)).status == 409
    for text in (
        f'userName eq "{ascii_form}"',
        f'emails.value eq "{ascii_form}"',
        'emails.value ew "xn--bcher-kva.example"',
    ):
        found = scim.post("/Users/.search", {"filter": text}).body["Resources"]
        assert [user["id"] for user in found] == [pk], text
    second = Scim(make_connection(name="Entra Prod", environment="PROD"))
    assert person(second, create(second, ascii_form, ascii_form)) == person(scim, pk)


# At the same time.


def test_one_address_many_times_at_once_belongs_to_one_person(transactional_db, scim):
    calls = [("POST", "/Users", body(f"u{number}", KATE)) for number in range(8)]
    assert {answer.status for answer in at_once(scim, calls)} == {201}
    assert EndUser.objects.count() == 8
    assert EndUser.objects.filter(email=KATE).count() == 1


def test_somebody_who_is_there_is_linked_to_one_of_many_at_once(transactional_db, scim):
    workspace = scim.connection.environment.workspace
    by_hand = create_end_user(workspace=workspace, profile=Profile("By Hand", KATE, SYSTEM.source), by=SYSTEM)
    calls = [("POST", "/Users", body(f"u{number}", KATE)) for number in range(8)]
    assert {answer.status for answer in at_once(scim, calls)} == {201}
    assert by_hand.provisioned.count() == 1 and EndUser.objects.count() == 8


def test_changes_to_one_address_at_once_leave_it_with_one_person(transactional_db, scim):
    pks = [create(scim, f"u{number}", f"u{number}@q.example") for number in range(8)]
    calls = [("PATCH", f"/Users/{pk}", {"Operations": [put_emails(KATE)]}) for pk in pks]
    assert {answer.status for answer in at_once(scim, calls)} == {200}
    assert sorted(EndUser.objects.values_list("email", flat=True)) == [""] * 7 + [KATE]


def test_users_of_earlier_versions_are_found_by_both_forms(scim):
    ascii_form, letters = "anna@xn--bcher-kva.example", "anna@bücher.example"
    pk = create(scim, ascii_form, ascii_form, displayName=ascii_form)
    before = {"username": ascii_form, "displayname": ascii_form, "emails": [{"value": ascii_form, "primary": True}]}
    rows = scim.connection.users.filter(pk=pk)
    now = rows.get().folded
    rows.update(user_name_key=ascii_form, display_name_key=ascii_form, folded={"active": True} | before)
    ProvisionedEmail.objects.update(value_key=ascii_form)
    import_module("provisioning.migrations.0007_one_key_for_both_forms_of_a_domain").fill(apps, None)
    assert rows.get().folded == now
    for name in ("userName", "displayName", "emails.value"):
        found = scim.post("/Users/.search", {"filter": f'{name} eq "{letters}"'}).body["Resources"]
        assert [user["id"] for user in found] == [pk], name

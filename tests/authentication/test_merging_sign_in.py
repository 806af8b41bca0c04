"""After a merge both ways to sign in mean the one who stayed, and nobody is made a second time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from authentication.actions import arrivals
from authentication.actions.passwords import invite_end_user
from authentication.models import EndUserSession, EnvironmentProvider, PasswordTicket, SamlIdentity, SignInAttempt
from tests.authentication.end_users import is_signed_in, person, signed_in
from tests.authentication.ways import ADA, Way, reasons, way
from tests.idp import EMAIL, PERSISTENT
from workspace.actions.access import set_manual_access
from workspace.actions.end_users import update_profile
from workspace.actions.merging import merge_end_users
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser
from workspace.profile import Profile

pytestmark = pytest.mark.django_db
OLD, NEW = "ada.winter@acme.example", "ada.winter@summer.example"


@pytest.fixture
def jit(places) -> Way:
    """The way through a provider that makes whom it does not know."""
    return way(places[1], method="jit")


def sign_in(through, name_id, name_id_format=EMAIL, **said):
    """Who is signed in by this NameID, in a browser that stays."""
    through.browser = Client()
    attributes = {name: [value] for name, value in said.items()}
    response = through.sign_in(name_id, name_id_format=name_id_format, attributes=attributes)
    assert response.status_code == 302, reasons()
    return EndUserSession.objects.latest("created_at").end_user


def merge(stays, goes):
    facts = merge_end_users(stays=stays, goes=goes, by=SYSTEM, now=timezone.now())
    return {fact.label: f"{fact.value}. {fact.hint}" for fact in facts}


@pytest.mark.parametrize("newest", [True, False])
def test_a_changed_address_as_name_id_made_a_second_person_and_both_name_ids_mean_the_merged_one(jit, newest):
    old, new = sign_in(jit, OLD), sign_in(jit, NEW)
    assert old != new and "The page of either can merge the two." in SignInAttempt.objects.latest("id").notes[0]
    stays, goes = (new, old) if newest else (old, new)
    merge(stays, goes)
    for _ in range(2):
        assert sign_in(jit, NEW) == sign_in(jit, OLD) == sign_in(jit, NEW.upper()) == stays
    assert EndUser.objects.count() == 1


def test_three_addresses_of_one_person_all_mean_the_merged_one(jit):
    first, second, third = (sign_in(jit, f"ada@{name}.example") for name in "abc")
    merge(second, first)
    merge(third, second)
    for _ in range(2):
        assert {sign_in(jit, f"ada@{name}.example") for name in "abc"} == {third}


@pytest.mark.parametrize("formats", [(PERSISTENT, PERSISTENT), (PERSISTENT, EMAIL), (EMAIL, PERSISTENT)])
def test_name_ids_that_are_remembered_mean_the_merged_one_in_one_format_or_two(jit, formats):
    one, two = formats
    old = sign_in(jit, "id-1", one, mail=OLD)
    new = sign_in(jit, "id-2", two, mail=NEW)
    merge(new, old)
    for _ in range(2):
        assert sign_in(jit, "id-1", one, mail=OLD) == sign_in(jit, "id-2", two, mail=NEW) == new
        assert sign_in(jit, "id-1", one) == new
    assert SamlIdentity.objects.count() == 2


def test_a_name_id_that_nobody_had_is_still_somebody_else(jit):
    old, new = sign_in(jit, "id-1", PERSISTENT, mail=OLD), sign_in(jit, "id-2", PERSISTENT, mail=NEW)
    merge(new, old)
    jit.browser = Client()
    for address in (OLD, NEW):
        response = jit.sign_in("id-3", name_id_format=PERSISTENT, attributes={"mail": [address]})
        assert response.status_code == 403 and reasons()[-1] == "identity_taken"


def test_whoever_has_the_address_now_comes_before_the_one_who_had_it(jit, places):
    old, new = sign_in(jit, OLD), sign_in(jit, NEW)
    merge(new, old)
    update_profile(
        end_user=person(places[1], name="Newly Hired"), profile=Profile("Newly Hired", OLD, SYSTEM.source), by=SYSTEM
    )
    assert sign_in(jit, OLD).full_name == "Newly Hired"


def test_no_provider_signs_in_whose_address_it_may_not_assert_and_the_page_says_so(jit, places):
    old = sign_in(jit, OLD)
    new = person(places[1], name="Ada Elsewhere")
    update_profile(end_user=new, profile=Profile("Ada", "ada@elsewhere.example", SYSTEM.source), by=SYSTEM)
    jit.environment_provider.enforcement = "selected_domains"
    EnvironmentProvider.objects.update(enforcement="selected_domains", domains=["acme.example"])
    facts = merge(new, old)
    assert "Okta in TEST cannot sign the person in" in facts["Remembered NameIDs"]
    jit.browser = Client()
    assert jit.sign_in(OLD).status_code == 403 and reasons()[-1] == "foreign_domain"
    assert EndUser.objects.count() == 1


def test_sessions_of_the_one_who_goes_end_at_once_and_the_others_go_on(places):
    stays, goes = person(*places), person(*places, name="Ada Summer")
    one, other = signed_in(places[0], stays), signed_in(places[0], goes)
    facts = merge(stays, goes)
    assert facts["Sessions"].startswith("1 session of Ada Summer will end")
    assert is_signed_in(one, places[0]) and not is_signed_in(other, places[0])
    assert stays.sessions.count() == 2
    assert ChangeEvent.objects.first().before["sessions"] == [str(stays.sessions.exclude(ended_at=None).get().pk)]


@pytest.mark.parametrize("whose", ["stays", "goes"])
def test_no_session_that_had_ended_comes_back_with_the_access_of_the_other(places, whose):
    stays, goes = person(*places), person(*places, name="Ada Summer")
    lost, other = (stays, goes) if whose == "stays" else (goes, stays)
    browser = signed_in(places[0], lost)
    set_manual_access(end_user=lost, environments=places[1:], by=SYSTEM)
    other.accesses.update(created_at=timezone.now() - timedelta(days=1))
    merge(stays, goes)
    assert not is_signed_in(browser, places[0])
    assert stays.accesses.filter(environment=places[0]).exists()


def test_mailed_links_of_the_one_who_goes_are_dead_and_attempts_move(places):
    stays, goes = person(*places, password=""), person(*places, name="Ada Summer", password="")
    for each in (stays, goes):
        invite_end_user(end_user=each, environment=places[0], by=SYSTEM, now=timezone.now())
    signed = person(*places, name="Cy Stone")
    signed_in(places[0], signed)
    facts = merge(stays, goes)
    assert facts["Mailed password links"] == "1 link will stop working. "
    assert [ticket.end_user for ticket in PasswordTicket.objects.all()] == [stays]
    merge(stays, signed)
    assert SignInAttempt.objects.get().end_user == stays


def test_the_password_that_is_left_signs_in_with_the_address_that_is_left(places):
    stays, goes = person(*places, password=""), person(*places, name="Ada Summer")
    merge(stays, goes)
    assert is_signed_in(signed_in(places[0], stays), places[0])
    assert stays.email == ADA


def test_a_person_merged_amid_a_sign_in_is_signed_in_as_the_one_who_stays(transactional_db, places, monkeypatch):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer: nobody is merged amid a transaction")
    jit = way(places[1], method="jit")
    old, new = sign_in(jit, OLD), sign_in(jit, NEW)
    start = arrivals.start_session

    def merge_meanwhile(**said):
        if EndUser.objects.count() == 2:
            with ThreadPoolExecutor() as pool:
                pool.submit(lambda: (merge(new, old), connection.close())).result()
        return start(**said)

    monkeypatch.setattr(arrivals, "start_session", merge_meanwhile)
    assert sign_in(jit, OLD) == new and reasons() == ["", "", ""]

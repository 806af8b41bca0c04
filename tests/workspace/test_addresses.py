"""Addresses have letters of all scripts, and both forms of a domain are one."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from workspace.actions.end_users import create_end_user
from workspace.addresses import is_address
from workspace.db.keys import canonical
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, User
from workspace.profile import Profile
from workspace.refusals import ConflictError

pytestmark = pytest.mark.django_db

filling = import_module("workspace.migrations.0006_one_key_for_both_forms_of_a_domain")
LETTERS, ASCII = "anna@bücher.example", "anna@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "text",
    [
        "ada@acme.example", "o'brien+tag@acme.example", "ada@intranet", "ada@corp.local", '"a.b"@acme.example',
        "müller@acme.example", "최상수@acme.example", "عمر@acme.example", "हिन्दी@उदाहरण.भारत", "😀@acme.example",
        LETTERS, ASCII, "ada@acme.xn--p1ai", "ada@acme.xn--vermgensberatung-pwb", "ada@acme.рф", "ａda@acme.example",
    ],
)  # fmt: skip
def test_letters_of_all_scripts_may_stand_in_an_address(text):
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "ada", "a b@acme.example", "@acme.example", "ada@", "ada@b@acme.example", "a..b@acme.example",
        ".a@acme.example", "ada@-acme.example", "ada@acme.example.", "ada@acme_x.example", "ada@acme.example\n",
        "<ada@acme.example>", "eve\u202e@acme.example", "a\u00a0b@acme.example", "a\u200bb@acme.example",
        # Compatible forms of @ would give one text two domains.
        "eve@evil.example\uff20acme.example", "ada\uff20acme.example",
    ],
)  # fmt: skip
def test_what_is_no_address(text):
    assert not is_address(text)


@pytest.mark.parametrize(
    "text", [ASCII, "ANNA@XN--BCHER-KVA.EXAMPLE", " anna@BÜCHER.example", "anna@bu\u0308cher.example"]
)
def test_both_forms_of_a_domain_have_one_key(text):
    assert canonical(text) == canonical(LETTERS) == LETTERS
    assert canonical(text.rpartition("@")[2]) == "bücher.example"


@pytest.mark.parametrize("domain", ["xn--acme-.example", "xn--zzzz.example", "xn--.example", "xn--a" * 60])
def test_what_only_looks_like_the_ascii_form_is_no_other_domain(domain):
    assert canonical(f"anna@{domain}") == f"anna@{domain}"


def test_the_other_form_of_a_domain_finds_the_person(acme):
    anna = create_end_user(workspace=acme.workspace, profile=Profile("Anna", ASCII, SYSTEM.source), by=SYSTEM)
    assert EndUser.with_email(acme.workspace, LETTERS) == anna
    assert anna.email == ASCII
    with pytest.raises(ConflictError):
        create_end_user(workspace=acme.workspace, profile=Profile("Anna", LETTERS, SYSTEM.source), by=SYSTEM)
    assert list(acme.workspace.end_users.matching("xn--bcher-kva.example")) == [anna]


def test_people_without_an_address_share_none(acme):
    for name in ("printer-1", "printer-2"):
        profile = Profile(name, "", SYSTEM.source, user_name=name)
        create_end_user(workspace=acme.workspace, profile=profile, by=SYSTEM)
    assert EndUser.objects.filter(email_key=None).count() == 2
    assert EndUser.with_email(acme.workspace, "") is None


def before_the_upgrade(acme, name, email):
    """A person as the version before wrote it."""
    person = create_end_user(
        workspace=acme.workspace, profile=Profile(name, f"{name}@acme.example", SYSTEM.source), by=SYSTEM
    )
    EndUser.objects.filter(pk=person.pk).update(email=email, email_key=email)
    return person


def test_people_of_earlier_versions_are_found_by_both_forms(acme):
    anna = before_the_upgrade(acme, "Anna", ASCII)
    user = User.objects.create_user(email="x@acme.example")
    User.objects.filter(pk=user.pk).update(email=ASCII, email_key=ASCII)
    filling.fill(apps, None)
    assert EndUser.with_email(acme.workspace, LETTERS) == EndUser.with_email(acme.workspace, ASCII) == anna
    assert User.objects.get_by_natural_key(LETTERS) == user


def test_of_two_people_with_one_address_one_keeps_it_and_the_history_says_so(acme):
    anna, double = before_the_upgrade(acme, "Anna", LETTERS), before_the_upgrade(acme, "Double", ASCII)
    filling.fill(apps, None)
    assert EndUser.with_email(acme.workspace, ASCII) == anna
    double.refresh_from_db()
    assert (double.email, double.email_key, double.identifier) == ("", None, ASCII)
    event = ChangeEvent.objects.about(double.pk).first()
    assert event.sentence == f"System took the address of Double: {ASCII} and {LETTERS} are one address."
    assert event.before["email"] == ASCII


def test_the_database_itself_refuses_a_second_person_with_the_address(acme):
    EndUser.objects.create(workspace=acme.workspace, full_name="Anna", email=ASCII)
    with pytest.raises(IntegrityError), transaction.atomic():
        EndUser.objects.create(workspace=acme.workspace, full_name="Anna", email=LETTERS)

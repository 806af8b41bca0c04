"""A person without an address is shown by name and userName, and nobody makes one by hand."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.workspace.builders import OKTA, OKTA_ACTOR
from tests.workspace.pages import cells, names, text
from workspace.actions.access import end_access
from workspace.actions.end_users import create_end_user, update_profile
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser
from workspace.profile import Profile
from workspace.refusals import ActionError


@pytest.fixture
def printer(acme):
    profile = Profile("Printer Hall", "", OKTA, user_name="SVC-Printer")
    return create_end_user(
        workspace=acme.workspace, profile=profile, environments=[acme.dev], source=OKTA, by=OKTA_ACTOR
    )


def page(acme, person, action=""):
    return f"{acme.url}end-users/{person.pk}/{action}"


@pytest.mark.parametrize("q", ["svc-pri", "SVC-PRINTER", "hall"])
def test_the_list_shows_and_finds_the_user_name(acme, owner, printer, q):
    response = owner.get(f"{acme.url}end-users/", {"q": q})
    assert names(response) == ["Printer Hall"]
    assert cells(response, "Printer Hall")["Email address"] == "No email address userName SVC-Printer"


def test_people_without_an_address_come_last_in_the_order_of_addresses(acme, owner, printer):
    assert names(owner.get(f"{acme.url}end-users/?sort=email")) == ["Ada Winter", "Bo Lund", "Printer Hall"]
    assert names(owner.get(f"{acme.url}end-users/?sort=-email")) == ["Bo Lund", "Ada Winter", "Printer Hall"]


def test_the_persons_page_and_sentences_name_the_user_name(acme, owner, printer):
    shown = text(owner.get(page(acme, printer)))
    assert "Email address No email address userName SVC-Printer" in shown
    assert ChangeEvent.objects.about(printer.pk).get().sentence.startswith("Okta Dev added Printer Hall (SVC-Printer)")


def test_members_of_groups_are_shown_so_too(acme, owner, printer):
    everyone = acme.dev.groups.get(is_everyone=True)
    response = owner.get(f"{acme.url}groups/{everyone.pk}/")
    assert cells(response, "Printer Hall")["Email address"] == "No email address userName SVC-Printer"


def test_operators_see_and_find_the_user_name(acme, printer):
    client = factories.as_operator(Client())
    shown = text(client.get(reverse("admin:workspace_enduser_changelist"), {"q": "svc-printer"}))
    assert "SVC-Printer" in shown and "Ada Winter" not in shown


@pytest.mark.parametrize("email", ["", " "])
def test_adding_by_hand_asks_for_an_address(acme, owner, email):
    response = owner.post(f"{acme.url}end-users/add/", {"full_name": "No", "email": email, "user_name": "x"})
    assert "Enter an email address." in text(response)
    with pytest.raises(ActionError, match="email address"):
        create_end_user(workspace=acme.workspace, profile=Profile("No", email, SYSTEM.source), by=SYSTEM)


def test_an_address_is_never_taken_away_by_hand(acme, owner):
    response = owner.post(page(acme, acme.ada, "edit/"), {"full_name": "Ada Winter", "email": ""})
    assert "Enter an email address." in text(response)
    with pytest.raises(ActionError, match="email address"):
        update_profile(end_user=acme.ada, profile=Profile("Ada", "", SYSTEM.source), by=SYSTEM)


def test_who_has_no_address_may_be_renamed_and_be_given_one(acme, owner, printer):
    end_access(end_user=printer, source=OKTA, environment=acme.dev, by=OKTA_ACTOR)
    renamed = {"full_name": "Printer Yard", "email": "", "environments": ["dev"]}
    assert "Printer Yard was saved" in text(owner.post(page(acme, printer, "edit/"), renamed, follow=True))
    printer.refresh_from_db()
    assert (printer.full_name, printer.email, printer.user_name) == ("Printer Yard", "", "SVC-Printer")
    given = renamed | {"email": "printer@acme.example"}
    assert "Printer Yard was saved" in text(owner.post(page(acme, printer, "edit/"), given, follow=True))
    printer.refresh_from_db()
    assert (printer.email, printer.user_name) == ("printer@acme.example", "")


def test_what_an_idp_manages_stays_read_only(acme, owner, printer):
    text(owner.get(page(acme, printer, "edit/")))
    owner.post(page(acme, printer, "edit/"), {"full_name": "X", "email": "x@acme.example", "environments": ["test"]})
    assert EndUser.objects.get(pk=printer.pk).full_name == "Printer Hall"
    assert printer.accesses.filter(environment__slug="test").exists()

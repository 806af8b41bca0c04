"""Delete personal data: who may, what is asked, and what the page says."""

import pytest
from django.test import Client

from tests import factories
from tests.workspace.pages import text
from workspace.actions.end_users import deactivate_end_user
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser


@pytest.fixture
def page(acme):
    return f"{acme.url}end-users/{acme.ada.pk}/delete-personal-data/"


@pytest.fixture
def gone(acme):
    """Ada, deactivated."""
    deactivate_end_user(end_user=acme.ada, by=SYSTEM)
    return acme.ada


def browser(acme, role):
    return factories.sign_in(Client(), acme.roles[role])


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_the_typed_address_deletes_everything_that_is_known(acme, gone, page, role):
    client = browser(acme, role)
    shown = text(client.get(page))
    assert "Full name Ada Winter" in shown and "Type ada@acme.example to confirm" in shown
    assert EndUser.objects.filter(pk=gone.pk).exists()
    response = client.post(page, {"typed": " ADA@acme.example "}, follow=True)
    assert "The personal data was deleted. The audit log keeps ids only." in text(response)
    assert not EndUser.objects.filter(pk=gone.pk).exists()
    event = ChangeEvent.objects.of(acme.workspace).latest("id")
    assert event.sentence == f"{role}@acme.example deleted the personal data of a deactivated person."
    log = text(client.get(f"{acme.url}audit-log/?person={gone.pk}"))
    assert "Deleted person" in log and "Ada" not in log
    assert client.get(f"{acme.url}audit-log/{event.pk}/").status_code == 200
    assert client.get(f"{acme.url}end-users/{gone.pk}/").status_code == 404


@pytest.mark.parametrize("typed", ["", "bo@acme.example", "Ada Winter"])
def test_another_text_deletes_nothing(acme, gone, page, typed):
    response = browser(acme, "owner").post(page, {"typed": typed})
    assert "One thing to correct" in text(response)
    assert EndUser.objects.filter(pk=gone.pk).exists()


def test_the_password_is_asked_for_first(acme, gone, page, owner):
    for answer in (owner.get(page), owner.post(page, {"typed": "ada@acme.example"})):
        assert answer.status_code == 302 and answer["Location"].startswith("/confirm-identity/")
    assert EndUser.objects.filter(pk=gone.pk).exists()


def test_a_viewer_and_an_owner_of_another_workspace_delete_nothing(acme, globex, gone, page):
    assert browser(acme, "viewer").post(page, {"typed": "ada@acme.example"}).status_code == 403
    assert browser(globex, "owner").post(page, {"typed": "ada@acme.example"}).status_code == 404
    assert EndUser.objects.filter(pk=gone.pk).exists()


def test_an_active_person_has_to_be_deactivated_first(acme, page):
    client = browser(acme, "owner")
    assert "Deactivate the person first." in text(client.get(page, follow=True))
    assert "Deactivate the person first." in text(client.post(page, {"typed": "ada@acme.example"}, follow=True))
    assert "Delete personal data" not in text(client.get(f"{acme.url}end-users/{acme.ada.pk}/"))
    assert EndUser.objects.filter(pk=acme.ada.pk).exists()


def test_the_page_of_a_deactivated_person_leads_there(acme, gone, page, as_role):
    assert page.encode() in as_role("admin").get(f"{acme.url}end-users/{gone.pk}/").content
    assert page.encode() not in as_role("viewer").get(f"{acme.url}end-users/{gone.pk}/").content

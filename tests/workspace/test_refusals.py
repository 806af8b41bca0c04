"""A refusal of an action is a message and a page to go on from, whatever the view does with it."""

import pytest
from django.contrib.messages import get_messages

from workspace.refusals import ActionError

pytestmark = pytest.mark.django_db


@pytest.fixture
def refusing(acme, as_role, monkeypatch):
    """Every page of the groups refuses, as an action may at any time."""
    from workspace.views import groups

    def refuse(*args, **kwargs):
        raise ActionError("refused", "Not now: finish the other thing first.")

    monkeypatch.setattr(groups, "get_object_or_404", refuse)
    return as_role("owner")


def told(response):
    return [message.message for message in get_messages(response.wsgi_request)]


def test_a_page_that_refuses_to_open_leads_to_its_list_with_the_reason(acme, refusing):
    response = refusing.get(f"{acme.url}groups/{acme.support.pk}/")
    assert (response.status_code, response["Location"]) == (302, f"{acme.url}groups/")
    assert told(response) == ["Not now: finish the other thing first."]


def test_a_button_that_is_refused_leads_back_to_its_page_with_the_reason_said_once(acme, refusing):
    page = f"{acme.url}groups/{acme.support.pk}/delete/"
    response = refusing.post(page, headers={"Referer": f"http://testserver{page}"})
    assert (response.status_code, response["Location"]) == (302, page)
    response = refusing.get(page)
    assert response["Location"] == f"{acme.url}groups/"
    assert told(response) == ["Not now: finish the other thing first."]


def test_a_list_that_refuses_is_a_page_with_the_reason(acme, as_role, monkeypatch):
    from workspace.views import groups

    def refuse(*args, **kwargs):
        raise ActionError("refused", "Not now.")

    monkeypatch.setattr(groups, "render", refuse)
    response = as_role("viewer").get(f"{acme.url}groups/")
    assert response.status_code == 409
    assert "Not now." in response.content.decode()

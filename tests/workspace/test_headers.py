"""Which answers caches may keep, and whether they depend on who is signed in."""

import pytest
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db


def test_an_answer_that_reads_no_session_does_not_vary_by_cookie():
    assert not Client().get("/livez").has_header("Vary")


def test_a_page_of_a_signed_in_administrator_varies_by_cookie_and_is_kept_nowhere():
    client = factories.sign_in(Client(), factories.administrator(factories.workspace()))
    page = client.get("/", follow=True)
    assert page.status_code == 200
    assert "Cookie" in page["Vary"]
    assert page["Cache-Control"] == "no-store"


def test_the_answer_that_signs_somebody_in_is_kept_nowhere():
    owner = factories.administrator(factories.workspace())
    client = Client()
    client.get("/sign-in/")
    answer = client.post("/sign-in/", {"email": owner.user.email, "password": factories.PASSWORD})
    assert answer.status_code == 302
    assert "no-store" in answer["Cache-Control"]

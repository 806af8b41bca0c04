"""Revealing, rotating and revoking SCIM tokens."""

import pytest

from provisioning.models import ScimToken
from tests import factories
from tests.provisioning.setting_up import choose, post, reveal, shown_token, text, url
from tests.scim import Scim
from workspace.models import ChangeEvent, ConsoleSession

pytestmark = pytest.mark.django_db


def test_revealing_asks_for_the_password_and_is_recorded(saved, use, admin):
    token = ScimToken.objects.get()
    assert shown_token(admin.get(url("setup-token-reveal", use, token=token.pk))) == ""

    page = reveal(admin, use, token)

    assert shown_token(page) == saved.token
    assert page["Cache-Control"] == "no-store"
    event = ChangeEvent.objects.get(action="scim_token.revealed")
    assert (event.actor_name, event.subject_id) == ("admin@acme.example", str(token.pk))
    assert shown_token(admin.get(url("setup-token-reveal", use, token=token.pk))) == ""


@pytest.mark.parametrize("password", ["", "wrong password"])
def test_a_wrong_password_reveals_nothing(saved, use, admin, password):
    page = reveal(admin, use, ScimToken.objects.get(), password)

    assert shown_token(page) == ""
    assert list(page.context["form"].errors) == ["password"]
    assert not ChangeEvent.objects.filter(action="scim_token.revealed").exists()


@pytest.mark.usefixtures("standing_clock")
def test_guessing_the_password_is_slowed_down(saved, use, admin):
    token = ScimToken.objects.get()
    for _ in range(6):
        page = reveal(admin, use, token, "wrong password")
    assert "Too many attempts" in text(page)

    assert shown_token(reveal(admin, use, token)) == ""


def test_a_new_token_is_shown_once_and_works_beside_the_old_one(saved, use, admin):
    page = post(admin, "setup-token-new", use, retirement="first_use", follow=True)
    new = shown_token(page)

    assert new
    assert new != saved.token
    assert shown_token(admin.get(url("setup", use))) == ""
    assert saved.get("/Users").status == Scim(saved.connection, new).get("/Users").status == 200
    assert new.split("_", 2)[2] not in str([session.get_decoded() for session in ConsoleSession.objects.all()])


def test_a_third_token_is_refused_with_a_sentence(saved, use, admin):
    post(admin, "setup-token-new", use, retirement="first_use")

    page = post(admin, "setup-token-new", use, retirement="first_use", follow=True)

    assert "Two tokens are live already. Revoke one of them first." in text(page)
    assert ScimToken.objects.count() == 2


def test_a_new_token_is_not_shown_on_the_page_of_another_provider(saved, use, admin):
    entra = factories.identity_provider(use.environment, "Entra Dev")
    post(admin, "setup-token-new", use, retirement="first_use")

    assert shown_token(admin.get(url("setup", entra))) == ""
    assert shown_token(admin.get(url("setup", use)))


def test_the_page_tells_when_and_from_where_a_token_was_used(saved, use, admin):
    assert "never used" in text(admin.get(url("setup", use)))

    saved.get("/Users")

    assert "from 127.0.0.1" in text(admin.get(url("setup", use)))


def test_revoking_asks_first_and_then_refuses_the_provider(saved, use, admin):
    where = url("setup-token-revoke", use, token=ScimToken.objects.get().pk)
    assert "Okta Dev can provision nobody until it has a new token." in text(admin.get(where))
    assert saved.get("/Users").status == 200

    page = admin.post(where, follow=True)

    assert "was revoked" in text(page)
    assert "No token is live" in text(page)
    assert saved.get("/Users").status == 401
    assert admin.get(where).status_code == 404
    assert reveal(admin, use, ScimToken.objects.get()).status_code == 404


def test_where_revealing_is_off_a_token_is_shown_only_when_it_is_made(use, admin, settings):
    settings.REVEAL_TOKENS = False
    assert shown_token(choose(admin, use, "scim"))

    page = admin.get(url("setup", use) + "?method=scim")
    assert shown_token(page) == ""
    assert "It was shown once." in text(page)

    page = post(admin, "save", use, method="scim", follow=True)
    assert ">Reveal<" not in text(page)
    assert reveal(admin, use, ScimToken.objects.get()).status_code == 404
    assert shown_token(post(admin, "setup-token-new", use, retirement="first_use", follow=True))

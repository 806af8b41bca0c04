"""Passwords of end users count in NFKC, and hashes of older releases stay valid."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from authentication.actions.passwords import invite_end_user
from tests.authentication.end_users import environments, is_signed_in, person, sign_in, signed_in, text, url
from tests.factories import PASSWORD
from tests.spellings import PAIRS, hash_as_typed
from workspace.actions.end_users import deactivate_end_user
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser

pytestmark = pytest.mark.django_db
COMPOSED, DECOMPOSED = "Zoë’s café crème", "Zoe\u0308’s cafe\u0301 cre\u0300me"


@pytest.fixture
def dev():
    return environments()[0]


@pytest.fixture
def ada(dev):
    return person(dev)


def is_let_in(dev, password: str) -> bool:
    client = Client()
    sign_in(client, dev, password=password)
    return is_signed_in(client, dev)


def choose(client, page: str, password: str, repeated: str = "", **more: str):
    return client.post(page, {"password": password, "repeated": repeated or password, **more})


@pytest.fixture
def link(dev, mails) -> dict[str, str]:
    """The page and the token of an invitation."""
    bo = person(dev, password="")
    (message,) = mails(lambda: invite_end_user(end_user=bo, environment=dev, by=SYSTEM, now=timezone.now()))
    return {"page": url(dev, "password/set/"), "token": re.search(r"\?token=([\w-]{43})\n", message.body).group(1)}


@pytest.mark.parametrize(("form", "typed"), PAIRS)
def test_a_password_set_by_link_signs_in_however_it_is_written(client, dev, link, form, typed):
    assert choose(client, password=typed, **link).status_code == 302
    assert is_let_in(dev, form) and is_let_in(dev, typed) and not is_let_in(dev, typed + ".")


@pytest.mark.parametrize(("form", "typed"), PAIRS)
def test_a_hash_of_what_was_typed_stays_valid_and_is_replaced_once(dev, ada, form, typed):
    old, events = hash_as_typed(ada, typed), ChangeEvent.objects.count()
    assert not is_let_in(dev, typed + ".")
    assert EndUser.objects.get().password == old
    assert is_let_in(dev, typed)
    replaced = EndUser.objects.get().password
    assert replaced != old
    assert is_let_in(dev, form) and is_let_in(dev, typed)
    assert EndUser.objects.get().password == replaced and ChangeEvent.objects.count() == events


@pytest.mark.parametrize(("form", "typed"), PAIRS)
def test_a_hash_of_the_form_stays_as_it_is(dev, ada, form, typed):
    kept = hash_as_typed(ada, form)
    assert is_let_in(dev, typed) and is_let_in(dev, form)
    assert EndUser.objects.get().password == kept


@pytest.mark.parametrize("of", ["form", "typed", "nobody", "no password", "deactivated"])
@pytest.mark.parametrize(("password", "count"), [("wrong", 1), (COMPOSED + "!", 1), (DECOMPOSED + "!", 2)])
def test_how_often_is_hashed_depends_on_the_typed_text_alone(client, dev, ada, hashed, of, password, count):
    if of == "deactivated":
        deactivate_end_user(end_user=ada, by=SYSTEM)
    elif of == "no password":
        EndUser.objects.update(password="")
    else:
        hash_as_typed(ada, COMPOSED if of == "form" else DECOMPOSED)
    hashed.clear()
    email = "nobody@acme.example" if of == "nobody" else ada.email
    assert sign_in(client, dev, email, password).status_code == 200
    assert len(hashed) == count


def test_the_current_password_is_known_in_every_spelling(dev, ada):
    hash_as_typed(ada, DECOMPOSED)
    browser, page = signed_in(dev, ada, DECOMPOSED), url(dev, "account/password/")
    assert choose(browser, page, PASSWORD, current=COMPOSED).status_code == 302
    hash_as_typed(ada, DECOMPOSED)
    assert choose(browser, page, PASSWORD, current=DECOMPOSED).status_code == 302
    assert "This is not your current password." in text(choose(browser, page, PASSWORD, current=COMPOSED + "."))


def test_the_second_field_may_be_in_another_spelling(client, dev, link):
    assert choose(client, password=COMPOSED, repeated=DECOMPOSED, **link).status_code == 302
    assert is_let_in(dev, COMPOSED)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("\u1112\u1161\u11ab" * 11, "at least 12 characters"),
        ("ｐａｓｓｗｏｒｄ１２３４", "too common"),
        ("é" * 1001, "at most 1000 characters"),
    ],
)
def test_rules_are_about_the_form_and_length_is_limited(client, dev, link, typed, problem):
    response = choose(client, password=typed, **link)
    assert response.status_code == 200 and problem in text(response)


@pytest.mark.parametrize("letter", ["e\u0301", "\ufdfa", "\u1112\u1161\u11ab", "ﬁ"])
def test_the_longest_password_signs_in_in_every_spelling(client, dev, link, letter):
    longest = (letter * 1000)[:1000]
    assert choose(client, password=longest, **link).status_code == 302
    assert is_let_in(dev, longest)

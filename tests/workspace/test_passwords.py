"""Passwords of the console count in NFKC, whatever way they come, and hashes of older releases stay valid."""

from getpass import getpass

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse

from tests import factories
from tests.factories import PASSWORD
from tests.spellings import PAIRS, hash_as_typed
from workspace.models import User
from workspace.passwords import MAX_NORMALISED, normalised
from workspace.views.sign_in import REFUSAL

ADA = "ada@example.com"
COMPOSED, DECOMPOSED = "Zoë’s café crème", "Zoe\u0308’s cafe\u0301 cre\u0300me"


@pytest.fixture
def ada(db) -> User:
    return User.objects.create_user(ADA, PASSWORD)


def sign_in(client, password, email=ADA):
    return client.post("/sign-in/", {"email": email, "password": password})


@pytest.fixture
def is_let_in(client, db):
    """Whether a password opens the console to Ada."""

    def act(password: str) -> bool:
        client.logout()
        sign_in(client, password)
        return get_user(client).is_authenticated

    return act


@pytest.mark.parametrize(("form", "typed"), PAIRS)
def test_one_password_signs_in_however_it_is_written(is_let_in, ada, form, typed):
    assert form != typed and normalised(typed) == normalised(form) == form
    for chosen in (form, typed):
        ada.set_password(chosen)
        ada.save()
        assert is_let_in(form) and is_let_in(typed) and not is_let_in(typed + ".") and not is_let_in(typed[:-1])


@pytest.mark.parametrize(("form", "typed"), PAIRS)
@pytest.mark.parametrize("is_sent_by", ["form", "as typed"])
def test_a_hash_of_what_was_typed_stays_valid_and_is_replaced_once(is_let_in, ada, form, typed, is_sent_by):
    old = hash_as_typed(ada, typed)
    assert not is_let_in(typed + ".")
    ada.refresh_from_db()
    assert ada.password == old
    if is_sent_by == "form":
        assert not is_let_in(form)  # nothing tells what its owner typed
    assert is_let_in(typed)
    ada.refresh_from_db()
    replaced = ada.password
    assert replaced != old
    assert is_let_in(form) and is_let_in(typed)
    ada.refresh_from_db()
    assert ada.password == replaced


@pytest.mark.parametrize(("form", "typed"), PAIRS)
def test_a_hash_of_the_form_is_not_replaced(is_let_in, ada, form, typed):
    kept = hash_as_typed(ada, form)
    assert is_let_in(typed) and is_let_in(form)
    ada.refresh_from_db()
    assert ada.password == kept


def test_a_password_that_was_changed_meanwhile_is_not_overwritten(ada):
    hash_as_typed(ada, DECOMPOSED)
    changed = make_password(PASSWORD)
    User.objects.update(password=changed)
    assert ada.check_password(DECOMPOSED)
    assert User.objects.get().password == changed


@pytest.mark.parametrize("of", ["form", "typed", "nobody", "no password", "inactive"])
@pytest.mark.parametrize(("password", "count"), [("wrong", 1), (COMPOSED + "!", 1), (DECOMPOSED + "!", 2)])
def test_how_often_is_hashed_depends_on_the_typed_text_alone(client, ada, hashed, of, password, count):
    if of == "inactive":
        User.objects.update(is_active=False)
    elif of == "no password":
        ada.set_unusable_password()
        ada.save()
    else:
        hash_as_typed(ada, COMPOSED if of == "form" else DECOMPOSED)
    hashed.clear()
    response = sign_in(client, password, "nobody@example.com" if of == "nobody" else ADA)
    assert str(REFUSAL) in response.content.decode() and len(hashed) == count


def test_a_right_password_of_an_inactive_account_takes_as_long_as_a_wrong_one(client, ada, hashed):
    hash_as_typed(ada, COMPOSED)
    User.objects.update(is_active=False)
    hashed.clear()
    sign_in(client, DECOMPOSED)
    assert hashed == ["verify", "verify"]


def test_a_proof_with_an_old_hash_keeps_the_session(client, ada):
    hash_as_typed(ada, DECOMPOSED)
    client.force_login(ada)
    assert client.post("/confirm-identity/", {"password": DECOMPOSED, "next": "/"}).status_code == 302
    assert get_user(client) == ada
    assert client.post("/confirm-identity/", {"password": COMPOSED, "next": "/"}).status_code == 302


# Length


def test_a_password_beyond_the_limit_counts_as_typed(is_let_in, ada):
    long = DECOMPOSED * MAX_NORMALISED
    assert normalised(long) == long
    hash_as_typed(ada, long)
    assert is_let_in(long) and not is_let_in(COMPOSED * MAX_NORMALISED)


# Rules


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        (DECOMPOSED[:12], "at least 12 characters"),  # Zoë’s café
        ("\u1112\u1161\u11ab" * 11, "at least 12 characters"),  # 한 × 11
        ("ｐａｓｓｗｏｒｄ１２３４", "too common"),
        ("ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "too similar"),
    ],
)
def test_the_rules_see_the_form(password, problem):
    assert len(password) >= 12
    with pytest.raises(ValidationError, match=problem):
        validate_password(password, User(email=ADA))


def test_a_form_that_is_longer_than_what_was_typed_counts(db):
    validate_password("\ufdfa", User(email=ADA))


# Ways to set one


def test_operators_set_and_change_passwords_in_the_form(client, ada):
    factories.as_operator(client)
    new = {"usable_password": "true", "password1": DECOMPOSED, "password2": DECOMPOSED, "set-password": "1"}
    assert client.post(reverse("admin:auth_user_password_change", args=[ada.pk]), new).status_code == 302
    assert client.post(reverse("admin:workspace_user_add"), new | {"email": "bo@example.com"}).status_code == 302
    for email in (ADA, "bo@example.com"):
        assert User.objects.get(email=email).check_password(COMPOSED)
    mine = {"old_password": PASSWORD, "new_password1": DECOMPOSED, "new_password2": DECOMPOSED}
    assert client.post(reverse("admin:password_change"), mine).status_code == 302
    assert client.post(reverse("admin:password_change"), mine | {"old_password": COMPOSED}).status_code == 302


def test_commands_set_passwords_in_the_form(ada, monkeypatch):
    monkeypatch.setattr(f"{getpass.__module__}.getpass", lambda *args, **kwargs: DECOMPOSED)
    call_command("changepassword", ADA, verbosity=0)
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", DECOMPOSED)
    call_command("createsuperuser", "--noinput", email_key="op@example.com", email="op@example.com", verbosity=0)
    for user in User.objects.all():
        assert user.password.startswith("argon2") and user.check_password(COMPOSED)
    assert User.objects.count() == 2

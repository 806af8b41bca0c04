"""`manage.py bootstrap`: from an empty database to an owner and an operator who sign in."""

import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.factories import PASSWORD
from tests.workspace.races import at_once
from workspace import scopes
from workspace.models import AccountLink, Administrator, ApiToken, ChangeEvent, Environment, User, Workspace
from workspace.tokens import digest_of

pytestmark = pytest.mark.django_db


def bootstrap(*options: str, workspace="Acme & Sons", owner="ada@acme.example") -> str:
    out = StringIO()
    call_command("bootstrap", "--workspace", workspace, "--owner", owner, *options, stdout=out)
    return out.getvalue()


def set_password(said: str, address: str) -> Client:
    """Use the printed link of an address, then sign in."""
    token = re.search(rf"{re.escape(address)} sets a password .*token=(\S+)", said)[1]
    browser = Client()
    browser.post("/sign-in/new-password/", {"token": token, "password": PASSWORD, "repeated": PASSWORD})
    assert browser.post("/sign-in/", {"email": address, "password": PASSWORD}).status_code == 302
    return browser


def test_the_owner_opens_the_workspace_and_the_operator_their_pages(settings):
    settings.DEBUG = True  # asks operators for no second factor
    said = bootstrap("--operator", "ops@acme.example")
    owner, operator = set_password(said, "ada@acme.example"), set_password(said, "ops@acme.example")
    assert "http://testserver/workspaces/acme-sons/" in said
    assert owner.get("/workspaces/acme-sons/prod/end-users/").status_code == 200
    assert owner.get("/operator/").status_code == 302 and operator.get("/operator/").status_code == 200
    assert operator.get("/workspaces/acme-sons/prod/end-users/").status_code == 404


def test_one_account_may_be_both_and_gets_one_link():
    said = bootstrap()
    user = User.objects.get()
    assert user.is_staff and user.roles.get().role == Administrator.Role.OWNER
    assert said.count("token=") == 1 and AccountLink.objects.count() == 1
    by = {(event.actor_kind, event.actor_name.startswith("manage.py bootstrap")) for event in ChangeEvent.objects.all()}
    assert by == {("operator", True)}


def test_an_account_that_has_a_password_keeps_it_and_becomes_operator():
    User.objects.create_user("Ada@acme.example", PASSWORD)
    assert "token=" not in bootstrap()
    assert User.objects.get().is_superuser and User.objects.get().check_password(PASSWORD)


def test_a_program_reads_a_token_with_all_scopes():
    found = json.loads(bootstrap("--json", "--api-token", "--environments", "test", "--slug", "a"))
    token = ApiToken.objects.get()
    assert token.digest == digest_of(found["api_token"]) and token.scopes == scopes.ALL and token.expires_at
    assert found["console"] == "http://testserver/workspaces/a/"
    assert list(found["password_links"]) == ["ada@acme.example"]
    assert [each.slug for each in Environment.objects.all()] == ["test"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"workspace": "  "}, "Give a name for the workspace."),
        ({"workspace": "株式会社"}, "Give a short name"),
        ({"owner": "ada"}, "Enter an email address like"),
        ({"owner": ""}, "Give --owner."),
    ],
)
def test_a_wrong_value_makes_nothing(options, sentence):
    with pytest.raises(CommandError, match=sentence):
        bootstrap(**options)
    assert not User.objects.exists() and not Workspace.objects.exists() and not ChangeEvent.objects.exists()


@pytest.mark.parametrize("option", [["--slug", "a b"], ["--operator", "nobody"], ["--slug", "x" * 51]])
def test_a_wrong_option_makes_nothing(option):
    with pytest.raises(CommandError):
        bootstrap(*option)
    assert not User.objects.exists() and not Workspace.objects.exists()


def test_where_nobody_can_type_it_says_what_is_missing():
    with pytest.raises(CommandError, match="Give --workspace"):
        call_command("bootstrap")


@pytest.mark.django_db(transaction=True)
def test_it_is_the_first_workspace_also_of_two_at_once(transactional_db):
    told = []

    def attempt():
        try:
            told.append(bootstrap())
        except CommandError as error:
            told.append(str(error))

    at_once(attempt, attempt)
    assert Workspace.objects.count() == 1
    assert sorted(text.startswith("There is a workspace already") for text in told) == [False, True]

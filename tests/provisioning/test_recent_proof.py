"""S15 for provisioning: what decides who comes in needs a recent password, and owners are told of it."""

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from authentication.models import EnvironmentProvider
from provisioning.actions.connections import choose_method
from provisioning.models import ProvisioningConnection, ScimToken
from tests import factories
from tests.factories import PASSWORD
from tests.scim import Scim, make_connection
from workspace.console.proof import OPENED_RECENTLY, RECENT
from workspace.events import SYSTEM, Actor
from workspace.models import ChangeEvent, EndUser
from workspace.models.throttling import FREE_ATTEMPTS

pytestmark = pytest.mark.django_db
CONFIRM = "/confirm-identity/"
ACME = Actor("administrator", "1", "ada@acme.example")


@pytest.fixture
def saved(db) -> Scim:
    """A connection that is on, with a person; the first token was saved."""
    connection = make_connection()
    connection.saved_at = connection.created_at
    connection.save()
    scim = Scim(connection)
    scim.user("ada")
    return scim


@pytest.fixture
def use(saved) -> EnvironmentProvider:
    return saved.connection.environment_provider


@pytest.fixture
def owner(client, use) -> Client:
    """A browser in which the password was given too long ago."""
    factories.sign_in(client, factories.administrator(use.environment.workspace))
    return aged(client, OPENED_RECENTLY + timedelta(seconds=5))


def aged(client: Client, age: timedelta) -> Client:
    """The browser, whose password was given that long ago."""
    session = client.session
    session["proved_at"] = time.time() - age.total_seconds()
    session.save()
    return client


def url(route: str, use: EnvironmentProvider, **kwargs) -> str:
    where = {"workspace": "acme", "environment": "dev", "provider": use.identity_provider_id}
    return reverse(f"provisioning:{route}", kwargs={**where, **kwargs})


def revoke_url(use: EnvironmentProvider) -> str:
    return url("setup-token-revoke", use, token=ScimToken.objects.get().pk)


def is_asked(response) -> bool:
    return response.status_code == 302 and response.url.startswith(CONFIRM)


def state() -> list:
    """All that these pages could change."""
    uses = EnvironmentProvider.objects.values_list("method", "is_method_chosen", "syncs_groups")
    connections = ProvisioningConnection.objects.values_list("is_enabled", "takes_over_groups")
    tokens = ScimToken.objects.values_list("pk", "revoked_at")
    return [*uses, *connections, *tokens, ChangeEvent.objects.count()]


@pytest.mark.parametrize("route", ["method", "save", "setup-people", "setup-token-new"])
def test_s15_nothing_of_weight_changes_without_a_recent_proof(owner, use, route):
    before = state()
    assert is_asked(owner.post(url(route, use), {"method": "manual", "people": "deactivate"}))
    assert state() == before


def test_s15_revoking_a_token_needs_one_too(owner, use):
    before = state()
    assert is_asked(owner.get(revoke_url(use))) and is_asked(owner.post(revoke_url(use)))
    assert state() == before
    assert aged(owner, RECENT - timedelta(seconds=5)).get(revoke_url(use)).status_code == 200


def test_s15_what_is_typed_into_an_open_page_is_taken_as_long_as_the_session_lasts(owner, use):
    aged(owner, OPENED_RECENTLY - timedelta(seconds=5))
    assert is_asked(owner.get(url("setup-people", use)))
    assert is_asked(owner.post(url("setup-token-new", use)))
    assert not is_asked(owner.post(url("setup-people", use), {"method": "manual", "people": "keep"}))
    use.refresh_from_db()
    assert use.method == "manual"


def test_s15_the_question_leads_back_to_the_page_with_what_was_chosen(owner, use):
    page = url("setup", use) + "?method=jit"
    response = owner.post(url("save", use), {"method": "jit"}, headers={"Referer": f"http://testserver{page}"})
    assert owner.post(response.url, {"password": PASSWORD}).url == page
    assert owner.post(url("save", use), {"method": "jit"}).url.startswith(url("setup-people", use))


def test_s15_reading_needs_no_proof(owner, use):
    assert owner.get(url("setup", use)).status_code == 200


def test_s15_the_first_token_is_shown_again_only_after_a_recent_proof(owner, use, saved):
    ProvisioningConnection.objects.update(saved_at=None, is_enabled=False)
    page = owner.get(url("setup", use) + "?method=scim").content.decode()
    assert saved.token not in page
    reveal = url("setup-token-reveal", use, token=ScimToken.objects.get().pk)
    assert reveal in page and ScimToken.objects.get().masked in page
    assert saved.token in owner.post(reveal, {"password": PASSWORD}).content.decode()
    assert saved.token in owner.get(url("setup", use) + "?method=scim").content.decode()


def test_s15_a_token_is_revealed_for_a_password_each_time_even_after_a_recent_proof(owner, use, saved):
    reveal = url("setup-token-reveal", use, token=ScimToken.objects.get().pk)
    aged(owner, timedelta(0))
    assert saved.token not in owner.get(reveal).content.decode()
    assert saved.token not in owner.post(reveal).content.decode()
    assert saved.token not in owner.post(reveal, {"password": "wrong"}).content.decode()
    assert not ChangeEvent.objects.filter(action="scim_token.revealed").exists()
    assert saved.token in owner.post(reveal, {"password": PASSWORD}).content.decode()


def test_s15_the_password_given_to_reveal_is_a_proof_with_a_new_session_key(owner, use):
    before = owner.session.session_key
    owner.post(url("setup-token-reveal", use, token=ScimToken.objects.get().pk), {"password": PASSWORD})
    assert owner.session.session_key != before
    assert owner.get(revoke_url(use)).status_code == 200


@pytest.mark.usefixtures("standing_clock")
def test_s15_guessing_at_reveal_is_throttled_together_with_the_sign_in(owner, use, saved):
    reveal = url("setup-token-reveal", use, token=ScimToken.objects.get().pk)
    for _ in range(FREE_ATTEMPTS):
        owner.post(reveal, {"password": "wrong"})
    response = owner.post(reveal, {"password": PASSWORD})
    assert response.status_code == 429 and int(response["Retry-After"]) >= 1
    assert saved.token not in response.content.decode()
    assert Client().post("/sign-in/", {"email": "owner@acme.example", "password": PASSWORD}).status_code == 429


def test_s15_who_may_not_change_it_is_not_asked_for_a_password(use):
    viewer = Client()
    viewer.force_login(factories.administrator(use.environment.workspace, "viewer").user)
    for route in ("method", "save", "setup-people", "setup-token-new"):
        assert viewer.post(url(route, use), {"method": "manual"}).status_code == 403


# Mail to the owners


def test_s15_owners_are_told_of_another_method_with_the_people_it_is_about(use, saved, mails):
    factories.administrator(use.environment.workspace)
    (message,) = mails(lambda: choose_method(environment_provider=use, method="jit", people="deactivate", by=ACME))
    assert message.to == ["owner@acme.example"]
    assert "chose JIT provisioning for Okta Dev in DEV" in message.body
    assert "Provisioning method\n  before: SCIM provisioning\n  after: JIT provisioning" in message.body
    assert "Turned on\n  before: yes\n  after: no" in message.body
    name = EndUser.objects.get().full_name
    assert f"Deactivated\n  before: {name}\n" in message.body


def test_s15_owners_are_told_of_group_sync_and_of_taking_over_groups_once(use, saved, mails):
    factories.administrator(use.environment.workspace)

    def choose(**answers):
        return mails(lambda: choose_method(environment_provider=use, by=ACME, **answers))

    (message,) = choose(method="scim", takes_over_groups=False)
    assert "Take over existing groups of the same name\n  before: yes\n  after: no" in message.body
    assert choose(method="scim", takes_over_groups=False) == []
    choose(method="jit", people="keep")
    (message,) = choose(method="jit", syncs_groups=True)
    assert "Enable user groups syncing\n  before: no\n  after: yes" in message.body


def test_s15_a_choice_left_as_it_is_and_the_installation_itself_mail_nothing(use, saved, mails):
    factories.administrator(use.environment.workspace)
    manual = factories.identity_provider(use.environment, "Entra Dev")
    assert mails(lambda: choose_method(environment_provider=manual, method="manual", by=ACME)) == []
    assert ChangeEvent.objects.first().action == "provisioning.method_chosen"
    assert mails(lambda: choose_method(environment_provider=manual, method="jit", by=SYSTEM)) == []


def test_s15_a_mail_about_many_people_names_a_few(use, saved, mails):
    factories.administrator(use.environment.workspace)
    for number in range(30):
        saved.user(f"person{number}")
    (message,) = mails(lambda: choose_method(environment_provider=use, method="manual", people="keep", by=ACME))
    (line,) = [line for line in message.body.splitlines() if "Person0 " in line]
    assert line.endswith(", 11 more") and line.count(",") == 20

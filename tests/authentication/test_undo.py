"""Undo restores exactly what a change of sign-in has changed, unless something came after it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from authentication.actions.identity_providers import update_provider
from authentication.actions.policies import switch_password, switch_saml
from authentication.actions.provider_states import details_state
from authentication.actions.provider_use import disable_provider, enable_provider
from authentication.actions.undo import UNDO_AGE, undo
from authentication.models import EnvironmentPolicy, EnvironmentProvider
from tests import factories
from tests.authentication.end_users import environments, provider, text
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, Environment
from workspace.refusals import ActionError

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Environment:
    return environments()[1]


@pytest.fixture
def owner(client, place) -> Client:
    return factories.sign_in(client, factories.administrator(place.workspace))


@pytest.fixture
def okta(place) -> EnvironmentProvider:
    return provider(place, "Okta", "all_domains")


def address(event: ChangeEvent | None, workspace: str = "acme", slug: str = "test") -> str:
    assert event
    return reverse("authentication:undo", kwargs={"workspace": workspace, "environment": slug, "event": event.pk})


def state(okta: EnvironmentProvider) -> tuple[Any, ...]:
    row = EnvironmentProvider.objects.select_related("identity_provider").get(pk=okta.pk)
    policy = EnvironmentPolicy.objects.of(row.environment)
    return details_state(row), row.is_enabled, policy.is_saml_enabled, policy.is_password_enabled


def change(what: str, okta: EnvironmentProvider) -> ChangeEvent | None:
    row, place = EnvironmentProvider.objects.get(pk=okta.pk), okta.environment
    answers = {"name": "Okta", "vendor": "okta", "enforcement": "all_domains"}
    different = {
        "rename": {"name": "Renamed", "vendor": "entra"},
        "less": {"enforcement": "no_one"},
        "wish": {"enforcement": "selected_domains", "domains": ["acme.example"]},
    }
    if what in different:
        return update_provider(environment_provider=row, by=SYSTEM, **(answers | different[what]))
    act = {"off": disable_provider, "on": enable_provider}.get(what)
    if act:
        return act(environment_provider=row, by=SYSTEM)
    label, _, word = what.partition(" ")
    switch = switch_saml if label == "saml" else switch_password
    return switch(environment=place, is_enabled=word == "on", by=SYSTEM)


@pytest.mark.parametrize("what", ["off", "saml off", "password off", "rename", "less", "wish"])
def test_a_change_is_undone_exactly_by_an_event_of_its_own(owner, okta, what):
    if what == "wish":
        change("less", okta)
    before = state(okta)
    event = change(what, okta)
    assert state(okta) != before
    number = ChangeEvent.objects.count()
    assert "Undone. Everything is as it was before." in text(owner.post(address(event), follow=True))
    assert state(okta) == before and ChangeEvent.objects.count() == number + 1
    assert ChangeEvent.objects.latest("id").actor_name == "owner@acme.example"


def test_an_undo_can_be_pressed_once(owner, okta):
    event = change("off", okta)
    owner.post(address(event))
    assert "changed again since" in text(owner.post(address(event), follow=True))
    assert state(okta)[1]


@pytest.mark.parametrize(
    ("what", "afterwards"),
    [
        ("off", ["on", "off"]),
        ("less", ["rename"]),
        ("saml off", ["saml on", "saml off"]),
        ("password off", ["password on", "password off"]),
    ],
)
def test_what_was_changed_again_since_is_not_undone(owner, okta, what, afterwards):
    event = change(what, okta)
    for each in afterwards:
        change(each, okta)
    before = state(okta)
    response = owner.post(address(event), follow=True)
    assert "Nothing was undone, because it was changed again since." in text(response)
    assert state(okta) == before


def test_a_change_is_undone_within_a_quarter_of_an_hour(okta):
    event = change("off", okta)
    assert event
    later = {"event": event, "environment": okta.environment, "by": SYSTEM}
    with pytest.raises(ActionError, match="too old for Undo"):
        undo(now=timezone.now() + UNDO_AGE + timedelta(seconds=1), **later)
    undo(now=timezone.now() + UNDO_AGE - timedelta(seconds=9), **later)


def test_what_would_leave_nobody_in_is_refused(owner, place):
    okta = provider(place, "Okta")
    switch_password(environment=place, is_enabled=False, by=SYSTEM)
    event = change("password on", okta)
    row = EnvironmentProvider.objects.get(pk=okta.pk)
    EnvironmentProvider.objects.filter(pk=row.pk).update(is_enabled=False)
    assert "Nobody could sign in to TEST then" in text(owner.post(address(event), follow=True))
    assert state(okta)[3]


def test_nobody_else_undoes_and_other_events_cannot_be_undone(client, owner, okta, place):
    event = change("off", okta)
    other = factories.workspace("globex")
    stranger = factories.sign_in(Client(), factories.administrator(other))
    viewer = factories.sign_in(Client(), factories.administrator(place.workspace, "viewer"))
    assert stranger.post(address(event)).status_code == 404
    assert stranger.post(address(event, "globex", "dev")).status_code == 404
    assert owner.post(address(event, slug="dev")).status_code == 404
    assert viewer.post(address(event)).status_code == 403
    assert owner.get(address(event))["Location"].endswith("/test/authentication/")
    assert owner.post(address(ChangeEvent.objects.filter(action="workspace.created").first())).status_code == 404
    assert not state(okta)[1]
    session = owner.session
    session["proved_at"] -= timedelta(hours=2).total_seconds()
    session.save()
    assert owner.post(address(event)).url.startswith("/confirm-identity/")


def test_an_undo_of_a_removed_provider_is_refused(owner, okta):
    event = change("off", okta)
    EnvironmentProvider.objects.all().delete()
    assert "Nothing was undone" in text(owner.post(address(event), follow=True))


def test_the_message_has_the_button(owner, okta):
    kwargs = {"workspace": "acme", "environment": "test", "provider": okta.identity_provider_id}
    page = owner.post(reverse("authentication:provider-disable", kwargs=kwargs), follow=True).content.decode()
    assert f'action="{address(ChangeEvent.objects.latest("id"))}"' in page

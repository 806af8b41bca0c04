"""`manage.py unlock`: the operator's way back when nobody can sign in to an environment."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from authentication.actions.policies import switch_password
from authentication.actions.undo import undo
from authentication.models import EnvironmentPolicy, EnvironmentProvider
from authentication.policy import SignInPolicy
from tests import factories
from tests.authentication.end_users import enforce, environments, person, provider
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, Environment

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Environment:
    """An environment in which Okta alone signs people in, with one of two people who has a password."""
    found = environments()[1]
    factories.administrator(found.workspace)
    provider(found, "Okta", "all_domains")
    provider(found, "Ping", "selected_domains", "globex.example")
    person(found)
    person(found, name="Ben Summer", password="")
    switch_password(environment=found, is_enabled=False, by=SYSTEM)
    return found


def unlock(name: str) -> str:
    out = StringIO()
    call_command("unlock", name, stdout=out)
    return out.getvalue()


def test_passwords_work_again_and_enforcement_waits_for_a_test(place):
    said = unlock("acme/test")
    assert SignInPolicy.of(place).ways("ada.winter@acme.example").has_password
    assert SignInPolicy.of(place).ways("x@globex.example").has_password
    rows = EnvironmentProvider.objects.listed().values_list("enforcement", "wished_enforcement", "wished_domains")
    assert list(rows) == [("no_one", "all_domains", []), ("no_one", "selected_domains", ["globex.example"])]
    assert "acme/test is unlocked" in said and "Password authentication was off. It is on now." in said
    assert "Enforcement of Okta for all domains waits for a test sign-in again." in said
    assert "2 end users have access, 1 of them has a password." in said


def test_it_is_one_event_of_the_operator_and_the_owners_are_mailed(place, mails):
    (mail,) = mails(lambda: unlock("acme/test"))
    event = ChangeEvent.objects.get(action="policy.unlocked")
    assert event.actor_kind == "operator" and event.actor_name.startswith("manage.py unlock")
    assert "unlocked TEST: passwords work, and enforcement of Okta and Ping waits for a test sign-in again" in mail.body
    assert "the same" not in mail.body
    for row in place.providers.all():
        assert event.subjects.filter(subject_id=row.identity_provider_id).exists()


def test_again_it_does_nothing(place):
    unlock("acme/test")
    number = ChangeEvent.objects.count()
    assert "Nothing to do: passwords are on in acme/test" in unlock("acme/test")
    assert ChangeEvent.objects.count() == number


def test_other_environments_stay_as_they_are(place):
    dev = place.workspace.environments.get(slug="dev")
    provider(dev, "Entra", "all_domains")
    unlock("acme/test")
    assert not SignInPolicy.of(dev).ways("ada.winter@acme.example").has_password


def test_a_wish_that_waits_already_is_kept(place):
    row = place.providers.get(identity_provider__name="Ping")
    EnvironmentProvider.objects.filter(pk=row.pk).update(wished_enforcement="all_domains")
    unlock("acme/test")
    row.refresh_from_db()
    assert row.wished_enforcement == "all_domains"


def test_an_undo_from_before_is_refused(place):
    event = ChangeEvent.objects.get(action="policy.password_disabled")
    unlock("acme/test")
    with pytest.raises(Exception, match="changed again since"):
        undo(event=event, environment=place, by=SYSTEM, now=event.at)
    assert EnvironmentPolicy.objects.of(place).is_password_enabled


@pytest.mark.parametrize("name", ["acme/test", "test", "TEST", "Acme/TEST", "ACME/test"])
def test_an_environment_is_named_in_any_unique_way(place, name):
    assert "acme/test is unlocked" in unlock(name)


def test_names_that_are_wrong_or_ambiguous_are_told_with_what_exists(place):
    factories.workspace("globex")
    with pytest.raises(
        CommandError, match=r"no environment nowhere. These exist: acme/dev, acme/test, acme/prod, glob"
    ):
        unlock("nowhere")
    with pytest.raises(CommandError, match=r"Several environments are called test: acme/test, globex/test. Name one"):
        unlock("test")
    assert not EnvironmentPolicy.objects.of(place).is_password_enabled


def test_enforcement_starts_again(place):
    unlock("acme/test")
    enforce(place.providers.select_related("environment", "identity_provider").get(identity_provider__name="Okta"))
    assert not SignInPolicy.of(place).ways("ada.winter@acme.example").has_password

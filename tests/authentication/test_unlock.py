"""`manage.py unlock`: the operator's way back when nobody can sign in to an environment, or somebody to the console."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from authentication.actions.policies import switch_password
from authentication.actions.undo import undo
from authentication.models import EnvironmentPolicy, EnvironmentProvider
from authentication.policy import SignInPolicy
from tests import factories
from tests.authentication.end_users import enforce, environments, person, provider
from tests.factories import PASSWORD
from tests.workspace.two_step import with_two_step
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, Environment, Passkey, User
from workspace.models.throttling import FREE_ATTEMPTS

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


def unlock(*arguments: str) -> str:
    out = StringIO()
    call_command("unlock", *arguments, stdout=out)
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


class TestAccount:
    @pytest.fixture
    def ada(self):
        """The only owner of acme, who is an operator, too."""
        user = factories.administrator(factories.workspace(), "owner").user
        User.objects.filter(pk=user.pk).update(is_staff=True)
        return user

    def sign_in(self, user, password, follow=False):
        return Client().post("/sign-in/", {"email": user.email, "password": password}, follow=follow)

    @pytest.mark.usefixtures("standing_clock")
    def test_a_link_sets_a_password_and_nobody_waits(self, ada):
        for _ in range(FREE_ATTEMPTS + 1):
            self.sign_in(ada, "wrong")
        assert "Too many attempts" in self.sign_in(ada, PASSWORD).content.decode()
        said = unlock(ada.email.upper())
        assert "Waits after wrong passwords ended, of every account: 1." in said
        token = re.search(r"http://testserver/sign-in/new-password/\?token=(\S+)", said)[1]
        new = "an even longer passphrase"
        Client().post("/sign-in/new-password/", {"token": token, "password": new, "repeated": new})
        assert self.sign_in(ada, new).status_code == 302

    @pytest.mark.parametrize("option", [[], ["--second-factor"]])
    def test_second_factors_go_only_if_that_is_asked_for(self, ada, option):
        with_two_step(ada)
        Passkey.objects.create(user=ada, name="Phone", credential_id="a", public_key="a", sign_count=0, challenged_at=0)
        said = unlock(ada.email, *option)
        ada = User.objects.get()
        assert ada.has_second_factor is not bool(option) and bool(ada.recovery_codes.count()) is not bool(option)
        assert ("2 second factors removed" in said) is bool(option)

    def test_it_is_one_event_and_the_account_and_the_owners_are_mailed(self, ada, mails):
        with_two_step(ada)
        place, bo = ada.roles.get().workspace, User.objects.create_user("bo@acme.example", PASSWORD)
        place.administrators.create(user=bo, role="owner")
        before = ChangeEvent.objects.count()
        told, owners = mails(lambda: unlock(ada.email, "--second-factor"))
        assert told.to == [ada.email] and set(owners.to) == {ada.email, "bo@acme.example"}
        assert f"unlocked the account {ada.email} and removed its second factors." in owners.body
        assert "token=" not in told.body + owners.body
        event = ChangeEvent.objects.first()
        assert (ChangeEvent.objects.count(), event.actor_kind, event.action) == (
            before + 1,
            "operator",
            "user.unlocked",
        )
        assert ChangeEvent.objects.about(ada.roles.get().pk).first() == event

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["nobody@acme.example"], "no account with the address nobody@acme.example"),
            (["off@acme.example"], "off@acme.example is switched off"),
            (["acme/test", "--second-factor"], "Give its address"),
        ],
    )
    def test_what_cannot_be_unlocked_is_told(self, ada, arguments, sentence):
        User.objects.create_user("off@acme.example", PASSWORD, is_active=False)
        before = ChangeEvent.objects.count()
        with pytest.raises(CommandError, match=sentence):
            unlock(*arguments)
        assert ChangeEvent.objects.count() == before

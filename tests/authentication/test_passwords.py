"""Passwords by mail and on the account page: links that work once, for the right person, and say nothing to others."""

import logging
import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authentication.actions.passwords import (
    DEAD_LINK,
    LIFETIMES,
    NO_PASSWORDS,
    invite_end_user,
    send_password_reset,
    set_password_by_ticket,
)
from authentication.actions.policies import switch_password
from authentication.models import EndUserSession, PasswordTicket
from tests import factories
from tests.authentication.end_users import (
    OKTA,
    OKTA_ACTOR,
    environments,
    is_signed_in,
    person,
    provider,
    sign_in,
    signed_in,
    text,
    url,
)
from tests.factories import PASSWORD
from workspace.actions.access import set_manual_access
from workspace.actions.end_users import create_end_user, deactivate_end_user, update_profile
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, OutgoingMail
from workspace.models.throttling import FREE_ATTEMPTS
from workspace.profile import Profile
from workspace.visits import Visit

pytestmark = pytest.mark.django_db
NEW = "quite another passphrase"
ADA = "ada.winter@acme.example"
Kind = PasswordTicket.Kind


@pytest.fixture
def places():
    return environments()


@pytest.fixture
def dev(places):
    return places[0]


@pytest.fixture
def ada(dev):
    return person(dev)


def token_in(message) -> str:
    return re.search(r"\?token=([\w-]{43})\n", message.body).group(1)


@pytest.fixture
def invited(dev, mails):
    """The token that a person without a password was mailed."""
    ada = person(dev, password="")
    (message,) = mails(lambda: invite_end_user(end_user=ada, environment=dev, by=SYSTEM, now=timezone.now()))
    return token_in(message)


def use(client, environment, token, password=NEW, repeated=None):
    data = {"token": token, "password": password, "repeated": repeated or password}
    return client.post(url(environment, "password/set/"), data)


def ask(client, environment, email=ADA):
    return client.post(url(environment, "password/forgotten/"), {"email": email})


# Links


def test_an_invitation_is_mailed_with_a_link_to_the_configured_origin(dev, mails, settings):
    settings.ORIGIN = "https://admin.example.com"
    ada = person(dev, password="")
    update_profile(end_user=ada, profile=Profile("Ada & Co <Winter>", ADA, SYSTEM.source), by=SYSTEM)
    (message,) = mails(lambda: invite_end_user(end_user=ada, environment=dev, by=SYSTEM, now=timezone.now()))
    assert message.to == [ada.email] and message.subject == "You are invited to Acme DEV"
    assert "Hello Ada & Co <Winter>," in message.body
    assert f"\nhttps://admin.example.com{url(dev, 'password/set/')}?token=" in message.body


def test_what_is_rolled_back_mails_nothing(dev, mails):
    def invited_in_vain():
        with transaction.atomic():
            invite_end_user(end_user=person(dev), environment=dev, by=SYSTEM, now=timezone.now())
            transaction.set_rollback(True)

    assert mails(invited_in_vain) == []


def test_the_link_sets_the_password_with_which_one_signs_in(client, dev, invited):
    page = text(client.get(url(dev, "password/set/"), {"token": invited}))
    assert ADA in page and f'value="{invited}"' in page
    response = use(client, dev, invited)
    assert response["Location"] == url(dev)
    assert "Your password is set." in text(client.get(url(dev)))
    sign_in(client, dev, password=NEW)
    assert is_signed_in(client, dev)


def test_a_link_works_once(client, dev, invited):
    use(client, dev, invited)
    response = use(client, dev, invited, "a third passphrase, later")
    assert response.status_code == 410 and DEAD_LINK in text(response)
    assert sign_in(client, dev, password=NEW).status_code == 302


def test_looking_at_a_link_does_not_use_it_up_nor_does_a_mistake(client, dev, invited):
    for _ in range(2):
        assert client.get(url(dev, "password/set/"), {"token": invited}).status_code == 200
    assert use(client, dev, invited, "short").status_code == 200
    assert use(client, dev, invited).status_code == 302


@pytest.mark.parametrize("kind", Kind)
def test_a_link_ends_with_its_time(client, dev, ada, mails, kind, monkeypatch):
    act = {Kind.INVITATION: invite_end_user, Kind.RESET: send_password_reset}[kind]
    (message,) = mails(lambda: act(end_user=ada, environment=dev, by=SYSTEM, now=timezone.now()))
    late = timezone.now() + LIFETIMES[kind]
    monkeypatch.setattr("authentication.views.passwords.timezone.now", lambda: late - timedelta(minutes=1))
    assert client.get(url(dev, "password/set/"), {"token": token_in(message)}).status_code == 200
    monkeypatch.setattr("authentication.views.passwords.timezone.now", lambda: late)
    assert use(client, dev, token_in(message)).status_code == 410


def test_a_link_works_only_where_it_was_made_for(client, places, invited):
    assert use(client, places[1], invited).status_code == 410
    assert use(client, environments("globex")[0], invited).status_code == 410
    assert use(client, places[0], invited).status_code == 302


@pytest.mark.parametrize("token", ["", "x", "é" * 43, "A" * 43])
def test_a_made_up_link_is_dead(client, dev, token):
    assert client.get(url(dev, "password/set/"), {"token": token}).status_code == 410


@pytest.mark.parametrize("loss", ["deactivated", "access", "address"])
def test_a_link_dies_with_what_it_was_mailed_for(client, dev, invited, loss):
    ada = EndUser.objects.get()
    if loss == "deactivated":
        deactivate_end_user(end_user=ada, by=SYSTEM)
    elif loss == "access":
        set_manual_access(end_user=ada, environments=[], by=SYSTEM)
    else:
        update_profile(end_user=ada, profile=Profile(ada.full_name, "mallory@acme.example", SYSTEM.source), by=SYSTEM)
    assert use(client, dev, invited).status_code == 410


def test_a_link_does_not_get_round_enforcement_that_came_later_and_is_not_used_up(client, dev, invited):
    provider(dev, "Okta Dev", "all_domains")
    assert NO_PASSWORDS in text(use(client, dev, invited))
    assert not PasswordTicket.objects.exclude(used_at=None).exists()


def test_setting_a_password_ends_all_sessions_and_kills_the_other_links(client, places, mails):
    dev, _, prod = places
    ada = person(dev, prod)
    browsers = {dev: signed_in(dev, ada), prod: signed_in(prod, ada)}
    first, second = (
        mails(lambda: send_password_reset(end_user=ada, environment=dev, by=SYSTEM, now=timezone.now()))[0]
        for _ in range(2)
    )
    assert use(client, dev, token_in(second)).status_code == 302
    assert not any(is_signed_in(browser, place) for place, browser in browsers.items())
    assert use(client, dev, token_in(first)).status_code == 410


def test_a_person_who_changes_meanwhile_is_not_written_over(dev, ada, mails):
    """The action reads the person anew: the whole row is saved with the password."""
    (message,) = mails(lambda: send_password_reset(end_user=ada, environment=dev, by=SYSTEM, now=timezone.now()))
    update_profile(end_user=ada, profile=Profile("Ada Summer", ADA, SYSTEM.source), by=SYSTEM)
    set_password_by_ticket(environment=dev, token=token_in(message), password=NEW, visit=Visit(), now=timezone.now())
    assert EndUser.objects.get().full_name == "Ada Summer"


def test_neither_token_nor_password_is_kept_or_logged(client, dev, invited, caplog):
    caplog.set_level(logging.DEBUG)
    use(client, dev, invited)
    use(client, dev, invited)
    kept = str([list(model.objects.values()) for model in (PasswordTicket, ChangeEvent, EndUser, EndUserSession)])
    for secret in (invited, NEW):
        assert secret not in kept + caplog.text


# Rules


@pytest.mark.parametrize(
    ("password", "repeated", "problem"),
    [
        ("short", "short", "at least 12 characters"),
        ("password123456", "password123456", "too common"),
        ("ada.winter@acme", "ada.winter@acme", "too similar to the email"),
        (NEW, "quite another pasphrase", "The two are not the same."),
    ],
)
def test_a_password_follows_the_rules_of_the_installation(client, dev, invited, password, repeated, problem):
    response = use(client, dev, invited, password, repeated)
    assert response.status_code == 200 and problem in text(response)
    assert EndUser.objects.get().password == ""


# Asking for a link


def test_whoever_asks_gets_the_same_answer(client, dev, ada, mails):
    person(dev, name="No Password", password="")
    emails = [ADA, "nobody@acme.example", "no.password@acme.example", "nonsense"]
    pages = []
    sent = [mails(lambda email=email: pages.append(text(ask(client, dev, email)))) for email in emails]
    assert len({page.replace(email, "") for page, email in zip(pages, emails, strict=True)}) == 1
    assert [len(messages) for messages in sent] == [1, 0, 0, 0]


def test_the_link_that_was_asked_for_sets_another_password(client, dev, ada, mails):
    (message,) = mails(lambda: ask(client, dev, " ADA.winter@acme.EXAMPLE"))
    assert message.to == [ADA] and message.subject == "Set a new password for Acme DEV"
    use(client, dev, token_in(message))
    assert sign_in(client, dev, password=NEW).status_code == 302
    assert sign_in(Client(), dev, password=PASSWORD).status_code == 200


@pytest.mark.parametrize("state", ["deactivated", "elsewhere", "enforced", "off"])
def test_nothing_is_mailed_to_whom_no_password_lets_in(client, places, ada, mails, state):
    dev, test, _ = places
    if state == "deactivated":
        deactivate_end_user(end_user=ada, by=SYSTEM)
    elif state == "enforced":
        provider(dev, "Okta Dev", "selected_domains", "acme.example")
    elif state == "off":
        provider(dev)
        switch_password(environment=dev, is_enabled=False, by=SYSTEM)
    assert mails(lambda: ask(client, test if state == "elsewhere" else dev)) == []


def test_c5_people_managed_by_scim_have_no_reset_where_sso_is_enforced_and_one_where_it_is_not(client, dev, mails):
    bo = create_end_user(
        workspace=dev.workspace, profile=Profile("Bo", ADA, OKTA), environments=[dev], source=OKTA, by=OKTA_ACTOR
    )
    (message,) = mails(lambda: invite_end_user(end_user=bo, environment=dev, by=SYSTEM, now=timezone.now()))
    set_password_by_ticket(
        environment=dev, token=token_in(message), password=PASSWORD, visit=Visit(), now=timezone.now()
    )
    assert len(mails(lambda: ask(client, dev))) == 1
    provider(dev, "Okta Dev", "all_domains")
    assert mails(lambda: ask(client, dev)) == []


def test_c5_an_address_that_an_idp_changed_never_feeds_a_reset(client, dev, ada, mails):
    update_profile(end_user=ada, profile=Profile("Ada", "mallory@acme.example", OKTA), by=OKTA_ACTOR)
    assert mails(lambda: ask(client, dev, "mallory@acme.example")) == []
    update_profile(end_user=ada, profile=Profile("Ada", ADA, SYSTEM.source), by=SYSTEM)
    assert len(mails(lambda: ask(client, dev))) == 1


@pytest.mark.usefixtures("standing_clock")
def test_a_mailbox_is_not_flooded_from_whichever_addresses(dev, ada):
    written = []
    for number in range(FREE_ATTEMPTS + 3):
        ask(Client(REMOTE_ADDR=f"192.0.2.{number}"), dev)
        written.append(OutgoingMail.objects.filter(recipients=[ADA]).count())
    assert written == [*range(1, FREE_ATTEMPTS + 1), *[FREE_ATTEMPTS] * 3]


def test_a_reset_takes_the_same_work_for_everybody(client, dev, mails):
    for name in ("Ada", "Idle", "Gone"):
        person(dev, name=name)
    deactivate_end_user(end_user=EndUser.with_email(dev.workspace, "gone@acme.example"), by=SYSTEM)
    EndUser.objects.filter(email="idle@acme.example").update(password="")
    statements, written = [], ("INSERT", "UPDATE", "DELETE")
    for name in ("ada", "nobody", "idle", "gone"):
        with CaptureQueriesContext(connection) as queries:
            ask(client, dev, f"{name}@acme.example")
        statements.append([each["sql"].split()[:3] for each in queries if each["sql"].startswith(written)])
    assert statements == statements[:1] * 4
    assert [mail.recipients for mail in OutgoingMail.objects.all()] == [["ada@acme.example"]]
    assert PasswordTicket.objects.count() == 1


# Changing it


def change(client, dev, current=PASSWORD, password=NEW):
    data = {"current": current, "password": password, "repeated": password}
    return client.post(url(dev, "account/password/"), data)


def test_who_knows_the_password_changes_it_and_stays_while_other_sessions_end(dev, ada):
    browser, other = signed_in(dev, ada), signed_in(dev, ada)
    assert "Your password is changed." in text(change(browser, dev, PASSWORD, NEW).client.get(url(dev, "account/")))
    assert is_signed_in(browser, dev) and not is_signed_in(other, dev)
    signed_in(dev, ada, NEW)


@pytest.mark.usefixtures("standing_clock")
def test_a_wrong_current_password_changes_nothing_and_cannot_be_guessed_without_end(dev, ada):
    browser = signed_in(dev, ada)
    for _ in range(FREE_ATTEMPTS):
        assert "This is not your current password." in text(change(browser, dev, "wrong"))
    assert "Too many attempts." in text(change(browser, dev))
    signed_in(dev, ada)


def test_where_passwords_do_not_apply_none_is_changed_or_offered(dev, ada):
    browser = signed_in(dev, ada)
    assert url(dev, "account/password/") in text(browser.get(url(dev, "account/")))
    provider(dev, "Okta Dev", "all_domains")
    assert url(dev, "account/password/") not in text(browser.get(url(dev, "account/")))
    assert NO_PASSWORDS in text(change(browser, dev))


# By an administrator


@pytest.fixture
def admin(dev) -> Client:
    client = Client()
    client.force_login(factories.administrator(dev.workspace, "admin").user)
    return client


def press(admin, ada, action):
    return admin.post(f"/workspaces/acme/dev/end-users/{ada.pk}/sign-in/{action}/", follow=True)


def test_invite_and_reset_are_one_change_event_each_by_the_administrator(admin, ada, mails):
    for action in ("invite", "reset"):
        mails(lambda action=action: press(admin, ada, action))
    events = list(ChangeEvent.objects.about(ada.pk)[:2])
    assert [event.action for event in events] == ["end_user.password_reset_sent", "end_user.invited"]
    assert {event.actor_name for event in events} == {"admin@acme.example"}


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("deactivated", "Ada Winter is deactivated."),
        ("no access", "Ada Winter has no access to DEV."),
        ("enforced", "Ada Winter signs in to DEV with an identity provider, and needs no password."),
    ],
)
def test_nobody_is_invited_where_no_password_lets_in(admin, dev, ada, mails, state, sentence):
    if state == "deactivated":
        deactivate_end_user(end_user=ada, by=SYSTEM)
    elif state == "no access":
        set_manual_access(end_user=ada, environments=[], by=SYSTEM)
    else:
        provider(dev, "Okta Dev", "all_domains")
    pages = []
    assert mails(lambda: pages.append(text(press(admin, ada, "invite")))) == []
    assert sentence in pages[0]


def test_an_invitation_and_the_password_it_sets_are_told_by_whom(client, dev, invited):
    use(client, dev, invited)
    ada = EndUser.objects.get()
    assert [event.sentence for event in ChangeEvent.objects.about(ada.pk)[:2]] == [
        f"{ADA} set the password of {ada}.",
        f"System invited {ada} to DEV.",
    ]
    assert ChangeEvent.objects.first().actor_kind == "end_user"

"""The outbox: mail leaves once, whatever ends on the way, and what cannot be sent is shown."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.workspace.access import invited
from tests.workspace.races import at_once
from tests.workspace.smtp import mailbox
from workspace import outbox
from workspace.actions.end_users import create_end_user, deactivate_end_user
from workspace.actions.erasing import delete_personal_data
from workspace.actions.invitations import resend_invitation
from workspace.events import SYSTEM
from workspace.mail import mail
from workspace.models import OutgoingMail
from workspace.models.mails import INTERRUPTED
from workspace.outbox import WAITS, forget_mails, send_due
from workspace.profile import Profile

SECRET = "https://example.com/?token=once"


@pytest.fixture
def server(settings):
    """A real mail server, to which mail goes."""
    with mailbox() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
        settings.EMAIL_HOST_USER, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = "", False, False
        yield server


def written(*recipients, **more) -> OutgoingMail:
    row = mail(recipients or ["ada@acme.example"], "Hello", "emails/account_password.txt", {"link": SECRET}, **more)
    row.save()
    return row


def later(row: OutgoingMail) -> OutgoingMail:
    """Return the row as of now, and let it be due."""
    OutgoingMail.objects.filter(pk=row.pk).exclude(next_attempt_at=None).update(next_attempt_at=timezone.now())
    row.refresh_from_db()
    return row


@pytest.mark.django_db
class TestSending:
    def test_a_mail_leaves_once_and_its_text_goes(self, server):
        row = written("ada@acme.example", "bo@acme.example")
        assert SECRET not in str(OutgoingMail.objects.values())
        assert send_due(timezone.now()) == "1 mail sent." and send_due(timezone.now()) == ""
        [(recipients, text)] = server.taken
        assert recipients == ["ada@acme.example", "bo@acme.example"]
        assert SECRET in text and "Subject: Hello" in text and f"Message-ID: <{row.pk}@testserver>" in text
        row.refresh_from_db()
        assert row.sent_at and not row.next_attempt_at and not row.sealed_body

    def test_many_mails_go_through_one_connection(self, server):
        for number in range(5):
            written(f"{number}@acme.example")
        assert send_due(timezone.now()) == "5 mails sent."
        assert (len(server.taken), server.connections) == (5, 1)

    @pytest.mark.parametrize("answer", ["550 no such user", "450 later", "421 going away"])
    def test_a_refused_mail_does_not_keep_the_others_back(self, server, answer):
        server.answers["nobody@acme.example"] = answer
        refused, other = written("nobody@acme.example"), written()
        assert send_due(timezone.now()) == "1 mail sent, 1 failed."
        refused.refresh_from_db()
        other.refresh_from_db()
        assert answer[:3] in refused.error and refused.next_attempt_at > timezone.now() and other.sent_at

    def test_a_server_that_does_not_answer_is_asked_once_and_then_all_leave(self, server, settings):
        rows, port, settings.EMAIL_PORT = [written(), written()], settings.EMAIL_PORT, 1
        assert send_due(timezone.now()) == "0 mails sent, 1 failed."
        assert sorted(later(row).attempt_count for row in rows) == [0, 1]
        settings.EMAIL_PORT = port
        assert send_due(timezone.now()) == "2 mails sent."

    def test_after_the_last_attempt_it_is_parked_with_its_error(self, server):
        server.answers["DATA"] = "554 smells of spam"
        row = written()
        for attempt in range(len(WAITS)):
            send_due(timezone.now())
            assert OutgoingMail.objects.get().next_attempt_at - timezone.now() > WAITS[attempt] * 0.9
            later(row)
        send_due(timezone.now())
        row.refresh_from_db()
        assert list(OutgoingMail.objects.parked()) == [row] and "smells of spam" in row.error
        assert row.body

    @pytest.mark.parametrize("broken", [{"sealed_body": "AAAA"}, {"subject": "Hello\nBcc: all@example.com"}])
    def test_one_that_cannot_be_read_does_not_keep_the_others_back(self, server, broken):
        row, other = written(), written()
        OutgoingMail.objects.filter(pk=row.pk).update(**broken)
        send_due(timezone.now())
        row.refresh_from_db()
        other.refresh_from_db()
        assert row.error and not row.sent_at and other.sent_at and len(server.taken) == 1

    def test_one_whose_process_dies_is_due_again(self, server, monkeypatch):
        class KilledError(BaseException):
            pass

        def killed(row, server):
            raise KilledError

        row = written()
        with monkeypatch.context() as patch:
            patch.setattr(outbox, "_attempt", killed)
            with pytest.raises(KilledError):
                send_due(timezone.now())
        row.refresh_from_db()
        assert "ended meanwhile" in row.error and not row.sent_at
        later(row)
        assert send_due(timezone.now()) == "1 mail sent."


@pytest.mark.django_db(transaction=True)
def test_of_several_processes_one_sends_each_mail(transactional_db, server):
    for number in range(20):
        written(f"{number}@acme.example")
    at_once(*[lambda: send_due(timezone.now())] * 4)
    assert sorted(recipients for recipients, _ in server.taken) == sorted([f"{n}@acme.example"] for n in range(20))


@pytest.mark.django_db
class TestKeeping:
    def test_what_was_sent_goes_after_a_day_and_what_was_parked_after_a_month(self):
        now = timezone.now()
        written()
        OutgoingMail.objects.filter(pk=written().pk).update(sent_at=now, next_attempt_at=None)
        OutgoingMail.objects.filter(pk=written().pk).update(next_attempt_at=None)
        days = [forget_mails(now + timedelta(days=each)) for each in (0.9, 1.1, 29, 31)]
        assert days == [0, 1, 0, 1] and OutgoingMail.objects.count() == 1

    def test_it_goes_with_the_personal_data_of_whom_it_is_about(self, acme):
        ada = create_end_user(
            workspace=acme.workspace, profile=Profile("Ada", "a@b.example", SYSTEM.source), environments=[], by=SYSTEM
        )
        about, other = written(end_user_id=ada.pk), written()
        deactivate_end_user(end_user=ada, by=SYSTEM)
        delete_personal_data(end_user=ada, by=SYSTEM, now=timezone.now())
        assert list(OutgoingMail.objects.filter(pk__in=[about.pk, other.pk])) == [other]

    def test_what_is_rolled_back_is_not_sent(self, mailoutbox):
        with transaction.atomic():
            written()
            transaction.set_rollback(True)
        assert send_due(timezone.now()) == "" and mailoutbox == []


@pytest.mark.django_db
class TestAdministrators:
    def test_they_see_that_an_invitation_was_not_delivered_until_another_mail_is(self, acme, owner, server):
        invitation, _ = invited(acme.workspace, acme.actor, "nobody@acme.example")
        page = f"{acme.url}access-control/"
        assert "Not delivered" not in owner.get(page).content.decode()
        server.answers["nobody@acme.example"] = "550 no such user"
        send_due(timezone.now())
        assert "Not delivered" in owner.get(page).content.decode()
        server.answers.clear()
        resend_invitation(invitation=invitation, by=acme.actor, now=timezone.now())
        send_due(timezone.now())
        shown = owner.get(page).content.decode()
        assert "Waiting" in shown and "Not delivered" not in shown

    def test_they_see_it_on_the_page_of_an_end_user_but_no_mail_to_owners_about_that_person(self, acme, owner, server):
        person = acme.ada
        page = f"{acme.url}end-users/{person.pk}/"
        written("owner@acme.example", end_user_id=person.pk)
        server.answers |= {"owner@acme.example": "550 gone", person.email: "550 no such user"}
        send_due(timezone.now())
        assert "was not delivered" not in owner.get(page).content.decode()
        written(person.email, end_user_id=person.pk)
        send_due(timezone.now())
        assert "“Hello” was not delivered" in owner.get(page).content.decode()
        OutgoingMail.objects.update(error=INTERRUPTED)
        assert "was not delivered" not in owner.get(page).content.decode()


@pytest.mark.django_db
class TestOperators:
    def test_they_send_again_what_was_given_up_and_nothing_else(self, mailoutbox):
        operator, sent, parked = factories.as_operator(Client()), written(), written()
        send_due(timezone.now())
        OutgoingMail.objects.filter(pk=parked.pk).update(
            sent_at=None, attempt_count=7, sealed_body=written().sealed_body
        )
        mailoutbox.clear()
        data = {"action": "send_again", "_selected_action": [sent.pk, parked.pk]}
        page = operator.post(reverse("admin:workspace_outgoingmail_changelist"), data, follow=True)
        assert "1 mail will be sent within seconds." in page.content.decode()
        parked.refresh_from_db()
        assert parked.attempt_count == 0 and parked.next_attempt_at

    def test_they_read_no_text_of_a_mail(self):
        row, operator = written(), factories.as_operator(Client())
        for path in (("changelist",), ("change", row.pk)):
            url = reverse(f"admin:workspace_outgoingmail_{path[0]}", args=path[1:])
            page = operator.get(url).content.decode()
            assert "Hello" in page and row.sealed_body not in page and SECRET not in page

    def test_readyz_says_when_nobody_sends_mail_and_stays_ready(self, client):
        row = written()
        assert client.get("/readyz").content == b"ok\n"
        OutgoingMail.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=61))
        response = client.get("/readyz")
        assert response.status_code == 200 and b"Run manage.py jobs" in response.content
        send_due(timezone.now())
        row.refresh_from_db()
        assert client.get("/readyz").content == b"ok\n"

"""Invitations of administrators: how they are sent, and the links in their mails."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.factories import PASSWORD
from tests.workspace.access import invited, link_in, token_in
from tests.workspace.pages import text
from workspace.actions import invitations as actions
from workspace.actions.invitations import resend_invitation
from workspace.events import SYSTEM
from workspace.models import Administrator, AdministratorInvitation, ChangeEvent, User
from workspace.refusals import ActionError
from workspace.tokens import digest_of

LIST = "/workspaces/acme/dev/access-control/"
NEW = f"{LIST}invitations/new/"
NAMED = {"full_name": "Nia New", "password": PASSWORD, "repeated": PASSWORD}


@pytest.fixture
def owner(acme):
    return factories.sign_in(Client(), acme.roles["owner"])


@pytest.fixture
def waiting(acme):
    """An invitation of new@acme.example as Viewer, and its link."""
    invitation, token = invited(acme.workspace, acme.actor)
    return invitation, f"/invitations/?token={token}", token


def page_of(response) -> str:
    """What a page says whatever its status."""
    response.status_code = 200
    return text(response)


class TestSending:
    def test_the_mail_names_who_invites_the_role_and_a_link_whose_digest_alone_is_kept(self, acme, owner, mails):
        [mail] = mails(lambda: owner.post(NEW, {"email": " New@acme.example ", "role": "admin"}))
        invitation = AdministratorInvitation.objects.get()
        assert mail.to == ["New@acme.example"]
        assert mail.subject == "owner@acme.example invites you to Acme"
        assert "owner@acme.example invites you to Workspace admin of Acme.\nYour role: Admin" in mail.body
        assert invitation.digest == digest_of(token_in(mail))
        assert token_in(mail) not in str(
            list(AdministratorInvitation.objects.values()) + list(ChangeEvent.objects.values())
        )
        assert timedelta(days=7) == invitation.expires_at - invitation.sent_at

    def test_it_is_said_and_recorded_once(self, acme, owner):
        before = ChangeEvent.objects.count()
        page = text(owner.post(NEW, {"email": "new@acme.example", "role": "owner"}, follow=True))
        assert "An invitation is on its way to new@acme.example. Its link works for 7 days." in page
        assert ChangeEvent.objects.count() == before + 1
        assert (
            ChangeEvent.objects.first().sentence == "owner@acme.example invited new@acme.example to be Owner of Acme."
        )

    @pytest.mark.parametrize(
        ("email", "sentence"),
        [
            ("", "Enter an email address."),
            ("nobody", "Enter an email address like ada@example.com."),
            ("a@b\nBcc: c@d.example", "Enter an email address like ada@example.com."),
            ("x" * 250 + "@acme.example", "at most 254 characters"),
            ("VIEWER@acme.example", "viewer@acme.example is an administrator of Acme already, as Viewer."),
            ("ｖiewer@acme.example", "viewer@acme.example is an administrator of Acme already, as Viewer."),
            ("Waiting@acme.example", "waiting@acme.example is invited already, as Viewer."),
        ],
    )
    def test_a_wrong_address_is_an_error_of_its_field_and_sends_nothing(self, acme, owner, mails, email, sentence):
        invited(acme.workspace, acme.actor, "waiting@acme.example")
        responses = []
        assert mails(lambda: responses.append(owner.post(NEW, {"email": email, "role": "viewer"}))) == []
        assert sentence in text(responses[0])
        assert AdministratorInvitation.objects.count() == 1

    def test_an_administrator_of_another_workspace_may_be_invited(self, acme, globex, owner):
        owner.post(NEW, {"email": "owner@globex.example", "role": "viewer"})
        assert acme.workspace.administrator_invitations.get().email == "owner@globex.example"

    def test_an_admin_invites_no_owner(self, acme):
        admin = factories.sign_in(Client(), acme.roles["admin"])
        page = text(admin.post(NEW, {"email": "new@acme.example", "role": "owner"}))
        assert "owner is not one of the available choices" in page
        with pytest.raises(ActionError, match="Only an owner of Acme"):
            invited(acme.workspace, acme.actor.administrator(acme.roles["admin"]), role="owner")
        assert not AdministratorInvitation.objects.exists()

    def test_sending_again_makes_the_old_link_useless(self, acme, owner, mails, waiting, client):
        invitation, old, _ = waiting
        [mail] = mails(lambda: owner.post(f"{LIST}invitations/{invitation.pk}/resend/"))
        assert "a newer invitation has replaced it" in page_of(client.get(old))
        assert "Join Acme" in text(client.get(link_in(mail)))
        assert ChangeEvent.objects.first().sentence == "owner@acme.example sent new@acme.example the invitation again."

    def test_an_expired_one_works_again_once_it_is_sent_again(self, acme, owner, mails, waiting, client):
        invitation, _, _ = waiting
        AdministratorInvitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
        [mail] = mails(lambda: owner.post(f"{LIST}invitations/{invitation.pk}/resend/"))
        assert client.get(link_in(mail)).status_code == 200

    def test_what_is_settled_is_neither_sent_again_nor_withdrawn(self, acme, owner, waiting):
        invitation, _, _ = waiting
        AdministratorInvitation.objects.update(accepted_at=timezone.now())
        for what in ("resend", "withdraw"):
            page = text(
                owner.post(
                    f"{LIST}invitations/{invitation.pk}/{what}/",
                    follow=True,
                    headers={"referer": f"http://testserver{LIST}"},
                )
            )
            assert "was accepted or withdrawn in the meantime." in page


class TestThrottle:
    def test_a_mailbox_gets_five_mails_and_then_one_after_growing_waits(self, acme):
        invitation, _ = invited(acme.workspace, SYSTEM)
        now = timezone.now()
        for _ in range(4):
            resend_invitation(invitation=invitation, by=SYSTEM, now=now)
        with pytest.raises(ActionError, match="Wait 1 second, then try again"):
            resend_invitation(invitation=invitation, by=SYSTEM, now=now)
        resend_invitation(invitation=invitation, by=SYSTEM, now=now + timedelta(seconds=2))

    def test_withdrawing_and_inviting_again_does_not_get_around_it(self, acme):
        now = timezone.now()
        for _ in range(5):
            invitation, _ = invited(acme.workspace, SYSTEM, now=now)
            actions.withdraw_invitation(invitation=invitation, by=SYSTEM, now=now)
        with pytest.raises(ActionError, match="Too many attempts"):
            invited(acme.workspace, SYSTEM, "NEW@acme.example", now=now)

    def test_a_workspace_sends_only_so_many_in_an_hour(self, acme, globex, monkeypatch):
        monkeypatch.setattr(actions, "MOST_AN_HOUR", 2)
        now = timezone.now()
        for number in range(2):
            invited(acme.workspace, SYSTEM, f"new-{number}@acme.example", now=now)
        with pytest.raises(ActionError, match="Acme has sent 2 invitations within an hour"):
            invited(acme.workspace, SYSTEM, "more@acme.example", now=now)
        invited(globex.workspace, SYSTEM, "more@acme.example", now=now)
        invited(acme.workspace, SYSTEM, "more@acme.example", now=now + timedelta(hours=1))


class TestNewAccount:
    def test_who_has_no_account_chooses_name_and_password_and_is_in(self, acme, client, waiting):
        _, link, token = waiting
        assert "owner@acme.example invites you to be Viewer of Acme." in text(client.get(link))
        response = client.post("/invitations/", NAMED | {"token": token}, follow=True)
        assert "Welcome to Acme. You are Viewer here." in text(response)
        user = User.objects.get(email="new@acme.example")
        assert user.full_name == "Nia New" and user.check_password(PASSWORD)
        assert acme.workspace.administrators.get(user=user).role == "viewer"
        event = ChangeEvent.objects.first()
        assert event.sentence == (
            "new@acme.example accepted the invitation of owner@acme.example and is Viewer of Acme now."
        )
        assert event in ChangeEvent.objects.of(acme.workspace).about(acme.workspace.pk)

    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"full_name": " "}, "Enter your full name."),
            ({"full_name": "Eve \u202egnp"}, "Remove the invisible characters"),
            ({"password": "short", "repeated": "short"}, "at least 12 characters"),
            ({"password": "new@acme.example", "repeated": "new@acme.example"}, "too similar to the email"),
            ({"password": "password1234", "repeated": "password1234"}, "too common"),
            ({"repeated": "another passphrase"}, "The two are not the same."),
        ],
    )
    def test_a_wrong_field_is_named_and_the_link_still_works(self, acme, client, waiting, changed, sentence):
        _, link, token = waiting
        assert sentence in text(client.post("/invitations/", NAMED | {"token": token} | changed))
        assert not User.objects.filter(email="new@acme.example").exists()
        assert client.get(link).status_code == 200

    def test_a_password_in_another_spelling_of_unicode_signs_in_later(self, client, waiting):
        *_, token = waiting
        decomposed, composed = "cafe\u0301 au lait, please", "café au lait, please"
        client.post("/invitations/", NAMED | {"token": token, "password": decomposed, "repeated": composed})
        client.post("/sign-out/")
        assert client.post("/sign-in/", {"email": "new@acme.example", "password": composed}).status_code == 302

    def test_an_account_that_never_had_a_password_gets_one(self, acme, client, waiting):
        *_, token = waiting
        User.objects.create_user("NEW@acme.example")
        client.post("/invitations/", NAMED | {"token": token})
        assert User.objects.get(email_key="new@acme.example").check_password(PASSWORD)

    def test_opening_the_link_uses_nothing_up(self, client, waiting):
        _, link, _ = waiting
        for method in (client.get, client.head, client.get):
            assert method(link).status_code == 200
        assert client.get(link)["Cache-Control"].count("no-store") == 1


class TestKnownAccount:
    @pytest.fixture
    def account(self, globex):
        user = User.objects.create_user("New@acme.example", PASSWORD)
        globex.workspace.administrators.create(user=user, role="admin")
        return user

    def test_it_is_led_to_sign_in_and_back_and_its_password_cannot_be_set(self, acme, client, waiting, account):
        _, link, token = waiting
        page = client.get(link)
        assert "Sign in as new@acme.example to accept." in text(page)
        client.post(
            "/invitations/",
            NAMED | {"token": token, "password": "another passphrase", "repeated": "another passphrase"},
        )
        account.refresh_from_db()
        assert account.check_password(PASSWORD) and not acme.workspace.administrators.filter(user=account).exists()
        sign_in = page.content.decode().split('href="/sign-in/')[1].split('"')[0]
        data = {"email": "new@acme.example", "password": PASSWORD, "next": link}
        assert client.post(f"/sign-in/{sign_in}", data)["Location"] == link

    def test_signed_in_it_accepts_with_one_button_and_a_new_session_key(self, acme, client, waiting, account):
        _, link, token = waiting
        client.force_login(account)
        key = client.session.session_key
        assert "Accept invitation" in text(client.get(link))
        page = text(client.post("/invitations/", {"token": token}, follow=True))
        assert "Welcome to Acme." in page and client.session.session_key != key
        assert acme.workspace.administrators.get(user=account).role == "viewer"

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_another_account_is_named_and_accepts_nothing(self, acme, globex, client, waiting, account, method):
        _, link, token = waiting
        client.force_login(globex.roles["owner"].user)
        page = text(client.get(link) if method == "get" else client.post("/invitations/", {"token": token}))
        assert "This invitation is for new@acme.example . You are signed in as owner@globex.example ." in page
        assert "Sign out and go on as new@acme.example" in page
        assert acme.workspace.administrators.count() == 3

    def test_switching_the_account_signs_out_and_comes_back(self, globex, client, waiting, account):
        _, _, token = waiting
        client.force_login(globex.roles["owner"].user)
        page = text(client.post("/invitations/switch-account/", {"token": token}, follow=True))
        assert "Sign in as new@acme.example to accept." in page

    def test_switching_needs_a_post(self, globex, client):
        client.force_login(globex.roles["owner"].user)
        client.get("/invitations/switch-account/")
        assert client.session.get("_auth_user_id")

    def test_who_became_an_administrator_meanwhile_keeps_the_role(self, acme, client, waiting, account):
        *_, token = waiting
        acme.workspace.administrators.create(user=account, role="admin")
        client.force_login(account)
        page = text(client.post("/invitations/", {"token": token}, follow=True))
        assert "New@acme.example is an administrator of Acme already." in page
        assert Administrator.objects.get(user=account, workspace=acme.workspace).role == "admin"

    def test_an_account_that_is_switched_off_is_told_whom_to_ask(self, client, waiting, account):
        _, link, token = waiting
        User.objects.filter(pk=account.pk).update(is_active=False)
        for response in (client.get(link), client.post("/invitations/", NAMED | {"token": token})):
            assert response.status_code == 403
            assert "Ask the operator of this installation to switch it on." in page_of(response)


class TestDeadLinks:
    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (
                {"expires_at": timezone.now()},
                "This invitation has expired, because its link works for 7 days. Ask an owner",
            ),
            ({"withdrawn_at": timezone.now()}, "This invitation was withdrawn. Ask an owner or admin of Acme"),
            ({"accepted_at": timezone.now()}, "accepted already. Sign in as new@acme.example to open Acme."),
            ({"digest": "0"}, "Open the link of the newest mail, or ask for another invitation."),
        ],
    )
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_it_says_why_and_what_to_do_and_makes_no_account(self, client, waiting, change, sentence, method):
        _, link, token = waiting
        AdministratorInvitation.objects.update(**change)
        response = client.get(link) if method == "get" else client.post("/invitations/", NAMED | {"token": token})
        assert response.status_code == 410
        assert sentence in page_of(response)
        assert not User.objects.filter(email="new@acme.example").exists()

    @pytest.mark.parametrize("query", ["", "?token=", "?token=%00", "?token=" + "x" * 5000, "?token=\ud800"])
    def test_what_is_no_token_is_an_unknown_link(self, client, waiting, query):
        response = client.get(f"/invitations/{query}".encode("utf-8", "surrogatepass").decode("latin-1"))
        assert response.status_code == 410

    def test_a_link_of_a_removed_inviter_is_withdrawn(self, acme, client, waiting):
        _, link, _ = waiting
        user = User.objects.create_user("second@acme.example")
        acme.workspace.administrators.create(user=user, role="owner")
        from workspace.actions.administrators import remove_administrator

        remove_administrator(administrator=acme.roles["owner"], by=SYSTEM, now=timezone.now())
        assert "This invitation was withdrawn." in page_of(client.get(link))

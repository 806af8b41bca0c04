"""Another address of an account, confirmed by a mailed link; and the theme of its pages."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.test import Client
from django.utils import timezone

from tests.factories import PASSWORD
from tests.workspace.pages import text
from tests.workspace.races import at_once
from workspace.actions.account_address import confirm_address, request_address
from workspace.events import Actor
from workspace.models import AccountLink, ChangeEvent, SignInThrottle, User
from workspace.refusals import ActionError

pytestmark = pytest.mark.django_db
CHANGE, CONFIRM = "/account/address/", "/account/address/confirm/"
NEW = "ada@new.example"


@pytest.fixture
def ada():
    return User.objects.create_user("ada@example.com", PASSWORD, full_name="Ada")


@pytest.fixture
def browser(ada):
    return signed_in(ada)


def signed_in(user: User) -> Client:
    client = Client()
    client.post("/sign-in/", {"email": user.email, "password": PASSWORD})
    return client


def ask(user: User, email: str = NEW) -> None:
    request_address(user=user, email=email, by=Actor.account(user), now=timezone.now())


def token_in(mail) -> str:
    return re.search(r"http://testserver/account/address/confirm/\?token=(\S+)", mail.body)[1]


@pytest.fixture
def link(ada, mails):
    """The token of a link that was mailed to the new address."""
    [mail] = mails(lambda: ask(ada))
    return token_in(mail)


class TestAsking:
    def test_the_new_address_gets_the_link_and_nothing_changes_yet(self, browser, ada, mails):
        [mail] = mails(lambda: browser.post(CHANGE, {"email": f" {NEW} "}))
        assert mail.to == [NEW] and token_in(mail)
        ada.refresh_from_db()
        assert ada.email == "ada@example.com"
        assert AccountLink.objects.get().digest != token_in(mail)
        assert ChangeEvent.objects.latest("id").action == "user.address_requested"

    def test_the_answer_is_the_same_whether_the_address_is_taken(self, browser, ada, mails):
        User.objects.create_user("Bo@Example.com", PASSWORD)
        said, sent = set(), []
        for email in ("bo@example.com", NEW):
            answer = []
            sent.append(mails(lambda email=email, answer=answer: answer.append(browser.post(CHANGE, {"email": email}))))
            page = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", text(answer[0]).replace(email, ""))
            said.add(page)
            SignInThrottle.objects.all().delete()
        assert len(said) == 1
        assert [len(each) for each in sent] == [0, 1]
        events = ChangeEvent.objects.filter(action="user.address_requested")
        assert events.count() == 2

    @pytest.mark.parametrize(
        "email", ["", "ada", "ada@", "a b@example.com", "x" * 250 + "@example.com", "ada@example.com"]
    )
    def test_what_is_no_other_address_is_an_error_of_the_field(self, browser, email, mails):
        answer = []
        assert mails(lambda: answer.append(browser.post(CHANGE, {"email": email}))) == []
        assert "thing to correct" in text(answer[0])

    def test_another_spelling_is_another_address(self, browser, ada, mails):
        [mail] = mails(lambda: browser.post(CHANGE, {"email": "Ada@Example.com"}))
        browser.post(CONFIRM, {"token": token_in(mail)})
        ada.refresh_from_db()
        assert (ada.email, ada.email_key) == ("Ada@Example.com", "ada@example.com")

    def test_only_the_newest_link_works(self, ada, link, mails):
        SignInThrottle.objects.all().delete()
        mails(lambda: ask(ada, "third@example.com"))
        with pytest.raises(ActionError, match="used already"):
            confirm_address(user=ada, token=link, by=Actor.account(ada), now=timezone.now())

    def test_a_mailbox_is_not_filled(self, browser, mails):
        assert len(mails(lambda: [browser.post(CHANGE, {"email": NEW}) for _ in range(30)])) < 15

    def test_it_asks_for_the_password_again(self, browser):
        session = browser.session
        session["proved_at"] = 0
        session.save()
        assert browser.post(CHANGE, {"email": NEW})["Location"].startswith("/confirm-identity/")


class TestConfirming:
    def test_the_address_changes_the_old_one_is_told_and_sessions_go_on(self, browser, ada, link, mails):
        elsewhere = signed_in(ada)
        assert NEW in text(browser.get(CONFIRM, {"token": link}))
        [mail] = mails(lambda: browser.post(CONFIRM, {"token": link}))
        assert mail.to == ["ada@example.com"] and NEW in mail.body
        ada.refresh_from_db()
        assert (ada.email, ada.email_key) == (NEW, NEW)
        assert get_user(elsewhere) == ada
        event = ChangeEvent.objects.latest("id")
        assert (event.before, event.after) == ({"email": "ada@example.com"}, {"email": NEW})
        assert get_user(signed_in(ada)) == ada

    def test_it_works_once(self, browser, ada, link, mails):
        mails(lambda: browser.post(CONFIRM, {"token": link}))
        ask(ada, "third@example.com")
        assert "used already" in text(browser.post(CONFIRM, {"token": link}, follow=True))
        assert browser.get(CONFIRM, {"token": link}).status_code == 410

    def test_it_works_for_an_hour(self, ada, link):
        later = timezone.now() + timedelta(hours=1)
        with pytest.raises(ActionError, match="too old"):
            confirm_address(user=ada, token=link, by=Actor.account(ada), now=later)

    def test_opening_it_changes_nothing(self, browser, ada, link):
        browser.get(CONFIRM, {"token": link})
        ada.refresh_from_db()
        assert ada.email == "ada@example.com"

    def test_it_works_for_nobody_else(self, ada, link):
        bo = User.objects.create_user("bo@example.com", PASSWORD)
        assert signed_in(bo).get(CONFIRM, {"token": link}).status_code == 410
        signed_in(bo).post(CONFIRM, {"token": link})
        assert not User.objects.filter(email=NEW).exists()
        assert Client().post(CONFIRM, {"token": link}).status_code in (200, 302)
        assert not User.objects.filter(email=NEW).exists()

    def test_a_link_for_a_password_confirms_no_address(self, browser, ada):
        AccountLink.objects.create(
            kind="password", user=ada, email=NEW, digest="a" * 64, expires_at=timezone.now() + timedelta(hours=1)
        )
        assert browser.get(CONFIRM, {"token": "x"}).status_code == 410

    def test_an_address_that_was_taken_meanwhile_is_refused(self, browser, ada, link):
        User.objects.create_user("ADA@new.example", PASSWORD)
        assert "used already" in text(browser.post(CONFIRM, {"token": link}, follow=True))
        ada.refresh_from_db()
        assert ada.email == "ada@example.com"
        assert AccountLink.objects.get().used_at is None

    def test_a_mailed_password_link_to_the_old_address_is_dead_then(self, browser, ada, link, mails):
        [mail] = mails(lambda: Client().post("/sign-in/forgotten-password/", {"email": ada.email}))
        token = re.search(r"token=(\S+)", mail.body)[1]
        browser.post(CONFIRM, {"token": link})
        data = {"token": token, "password": "violet tractor seven", "repeated": "violet tractor seven"}
        Client().post("/sign-in/new-password/", data)
        ada.refresh_from_db()
        assert ada.check_password(PASSWORD)

    @pytest.mark.django_db(transaction=True)
    def test_of_two_accounts_that_confirm_one_address_at_once_one_gets_it(self, transactional_db, mails):
        accounts = [User.objects.create_user(f"{name}@example.com", PASSWORD) for name in ("ada", "bo")]
        tokens = [token_in(mails(lambda account=account: ask(account))[-1]) for account in accounts]
        outcomes = at_once(
            *[
                lambda a=account, t=token: confirm_address(user=a, token=t, by=Actor.account(a), now=timezone.now())
                for account, token in zip(accounts, tokens, strict=True)
            ]
        )
        assert sorted(outcomes) == ["dead_link", "done"]
        assert User.objects.filter(email=NEW).count() == 1


class TestTheme:
    @pytest.mark.parametrize(("theme", "has_mark"), [("light", True), ("dark", True), ("system", False)])
    def test_it_is_kept_and_the_pages_follow_it(self, browser, ada, theme, has_mark):
        assert "Your theme is saved." in text(browser.post("/account/theme/", {"theme": theme}, follow=True))
        ada.refresh_from_db()
        assert ada.theme == theme
        assert (f'data-theme="{theme}"' in browser.get("/account/").content.decode()) is has_mark

    @pytest.mark.parametrize("theme", ["", "pink", "x" * 1000])
    def test_another_is_refused(self, browser, ada, theme):
        assert "Choose one of the themes." in text(browser.post("/account/theme/", {"theme": theme}, follow=True))
        ada.refresh_from_db()
        assert ada.theme == "system"

    def test_workspace_pages_follow_it_too_and_pages_of_end_users_do_not(self, acme):
        User.objects.filter(pk=acme.roles["owner"].user.pk).update(theme="dark")
        client = Client()
        client.force_login(acme.roles["owner"].user)
        assert 'data-theme="dark"' in client.get(f"{acme.url}groups/").content.decode()
        assert "data-theme" not in client.get("/sign-in/acme/dev/").content.decode()

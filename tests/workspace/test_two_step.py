"""Two-step verification: set up, asked for after the password, each code once, and turned off again."""

import re
import secrets
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.factories import PASSWORD
from tests.workspace.pages import text
from tests.workspace.two_step import code_of, step_at, with_two_step
from workspace import one_time_codes
from workspace.actions.two_step import take_code, take_recovery_code
from workspace.models import AuthenticatorApp, ChangeEvent, RecoveryCode, User
from workspace.refusals import ActionError
from workspace.tokens import digest_of
from workspace.visits import Visit

pytestmark = pytest.mark.django_db
SECRET_OF_THE_RFC = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture
def ada():
    return User.objects.create_user("ada@example.com", PASSWORD)


def sign_in(client, **more):
    return client.post("/sign-in/", {"email": "ada@example.com", "password": PASSWORD, **more})


def answer(client, code, path="/sign-in/second-step/"):
    return client.post(path, {"code": code})


@pytest.fixture
def signed_in(client, ada):
    sign_in(client)
    return client


def key_on(page):
    return re.search(r'id="key"[^>]*>([A-Z2-7 ]+)<', page.content.decode())[1].replace(" ", "")


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_rfc_6238(seconds, code):
    when = datetime.fromtimestamp(seconds, ZoneInfo("UTC"))
    assert one_time_codes.step_of(SECRET_OF_THE_RFC, code, when) == seconds // 30


@pytest.mark.parametrize(("seconds", "counts"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_counts_one_step_before_and_after_its_time(seconds, counts):
    now = timezone.now()
    code = code_of(SECRET_OF_THE_RFC, now + timedelta(seconds=seconds))
    assert (one_time_codes.step_of(SECRET_OF_THE_RFC, code, now) is not None) == counts


def test_the_qr_code_names_issuer_account_and_key():
    parts = urlsplit(one_time_codes.uri("ABC", "ada+x@example.com"))
    assert parts.scheme == "otpauth" and parts.netloc == "totp"
    assert parts.path == "/Workspace%20admin%3Aada%2Bx%40example.com"
    assert parse_qs(parts.query) == {"secret": ["ABC"], "issuer": ["Workspace admin"]}


def test_setting_up_shows_the_same_key_until_its_code_is_right(signed_in, ada):
    page = signed_in.get("/account/two-step/")
    key = key_on(page)
    assert '<svg width="' in page.content.decode()
    again = answer(signed_in, "000000", "/account/two-step/")
    assert "This code is not right." in text(again) and key_on(again) == key
    assert not AuthenticatorApp.objects.exists()
    done = answer(signed_in, code_of(key), "/account/two-step/")
    codes = re.findall(r"\b(?:[a-z2-9]{4}-){3}[a-z2-9]{4}\b", done.content.decode())
    assert len(set(codes)) == 10
    assert set(RecoveryCode.objects.values_list("digest", flat=True)) == {
        digest_of(code.replace("-", "")) for code in codes
    }
    assert codes[0] not in text(signed_in.get("/account/", follow=True))


def test_neither_key_nor_codes_are_stored_in_clear(signed_in, ada):
    key = key_on(signed_in.get("/account/two-step/"))
    assert key not in str(dict(signed_in.session.items()))
    page = answer(signed_in, code_of(key), "/account/two-step/").content.decode()
    code = re.search(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", page)[0]
    rows = [*AuthenticatorApp.objects.values(), *RecoveryCode.objects.values(), *ChangeEvent.objects.values()]
    assert key not in str(rows) and code not in str(rows) and code not in str(dict(signed_in.session.items()))


def test_turning_on_ends_other_sessions_rotates_this_one_and_tells_the_owner(signed_in, ada, mails):
    other = Client()
    sign_in(other)
    key, before = key_on(signed_in.get("/account/two-step/")), signed_in.session.session_key
    sent = mails(lambda: answer(signed_in, code_of(key), "/account/two-step/"))
    assert get_user(signed_in) == ada and signed_in.session.session_key != before
    assert not get_user(other).is_authenticated
    assert [mail.subject for mail in sent] == ["Two-step verification is on"]
    assert ChangeEvent.objects.get(action="user.two_step_enabled").sentence == (
        "ada@example.com turned on two-step verification."
    )


def test_setting_up_and_turning_off_need_a_recent_password(signed_in):
    session = signed_in.session
    session["proved_at"] = 0
    session.save()
    for path in ("two-step/", "two-step/turn-off/", "two-step/recovery-codes/"):
        for response in (signed_in.get(f"/account/{path}"), signed_in.post(f"/account/{path}")):
            assert response["Location"].startswith("/confirm-identity/")


def test_the_password_alone_no_longer_signs_in(client, ada):
    key, _ = with_two_step(ada)
    assert sign_in(client, next="/account/password/")["Location"] == "/sign-in/second-step/"
    assert not get_user(client).is_authenticated
    assert client.get("/account/")["Location"].startswith("/sign-in/")
    between = client.session.session_key
    assert answer(client, code_of(key))["Location"] == "/account/password/"
    assert get_user(client) == ada and client.session.session_key != between


def test_each_factor_rotates_the_session(client, ada):
    with_two_step(ada)
    session = client.session
    session["of an anonymous visitor"] = True
    session.save()
    sign_in(client)
    assert client.session.session_key != session.session_key


def test_a_code_counts_once_also_in_another_browser(client, ada):
    key, _ = with_two_step(ada)
    code, other = code_of(key), Client()
    sign_in(client), sign_in(other)
    answer(client, code)
    assert "was used already" in text(answer(other, code))
    assert not get_user(other).is_authenticated


def test_of_two_uses_of_one_code_at_once_one_counts(ada, monkeypatch):
    key, codes = with_two_step(ada)
    now = timezone.now()
    app = AuthenticatorApp.objects.get()
    take_code(user=ada, code=code_of(key, now), now=now)
    # The other request has read the row before this one wrote it.
    monkeypatch.setattr(type(AuthenticatorApp.objects.all()), "first", lambda self: app)
    with pytest.raises(ActionError, match="used already"):
        take_code(user=ada, code=code_of(key, now), now=now)
    assert AuthenticatorApp.objects.values_list("last_step", flat=True)[0] == step_at(now)
    take_recovery_code(user=ada, code=codes[0], visit=Visit(), now=now)
    with pytest.raises(ActionError, match="no unused recovery code"):
        take_recovery_code(user=ada, code=codes[0], visit=Visit(), now=now)


def test_no_older_code_counts_after_a_newer_one(ada):
    key, _ = with_two_step(ada)
    now = timezone.now()
    take_code(user=ada, code=code_of(key, now), now=now)
    with pytest.raises(ActionError):
        take_code(user=ada, code=code_of(key, now - timedelta(seconds=30)), now=now)


@pytest.mark.parametrize("spelling", ["{}", " {} ", "upper", "bare"])
def test_a_recovery_code_opens_once_in_any_spelling(client, ada, mails, spelling):
    _, codes = with_two_step(ada)
    sign_in(client)
    page = "/sign-in/second-step/?with=recovery-code"
    assert page in client.get("/sign-in/second-step/").content.decode().replace("&amp;", "&")
    typed = {"upper": codes[3].upper(), "bare": codes[3].replace("-", "")}.get(spelling, spelling.format(codes[3]))
    sent = mails(lambda: answer(client, typed, page))
    assert get_user(client) == ada
    assert "9 recovery codes left" in sent[0].body and codes[3] not in sent[0].body
    assert ChangeEvent.objects.filter(action="user.recovery_code_used").count() == 1
    other = Client()
    sign_in(other)
    assert "no unused recovery code" in text(answer(other, codes[3], page))


def test_codes_of_somebody_else_open_nothing(client, ada):
    bo = User.objects.create_user("bo@example.com", PASSWORD)
    key, codes = with_two_step(bo)
    with_two_step(ada)
    sign_in(client)
    answer(client, code_of(key))
    answer(client, codes[0], "/sign-in/second-step/?with=recovery-code")
    assert not get_user(client).is_authenticated


@pytest.mark.parametrize("path", ["/sign-in/second-step/", "/sign-in/second-step/?with=recovery-code"])
@pytest.mark.usefixtures("standing_clock")
def test_guessing_codes_is_throttled_for_all_browsers_together(client, ada, path):
    key, _ = with_two_step(ada)
    sign_in(client)
    for _ in range(6):
        answer(client, "000000", path)
    other = Client(REMOTE_ADDR="192.0.2.9")
    sign_in(other)
    assert "Too many attempts." in text(answer(other, code_of(key)))
    assert not get_user(other).is_authenticated


def test_the_second_step_is_open_only_after_the_password_and_for_ten_minutes(client, ada):
    key, _ = with_two_step(ada)
    assert client.get("/sign-in/second-step/")["Location"] == "/sign-in/"
    sign_in(client)
    session = client.session
    session["waiting_for_second_step"] |= {"since": timezone.now().timestamp() - 601}
    session.save()
    assert answer(client, code_of(key))["Location"] == "/sign-in/"
    assert not get_user(client).is_authenticated


@pytest.mark.parametrize("change", ["password", "everywhere", "inactive"])
def test_a_new_password_or_a_switched_off_account_ends_the_wait_for_the_code(client, ada, change):
    key, _ = with_two_step(ada)
    sign_in(client)
    ada.set_password("another long passphrase") if change == "password" else None
    ada.is_active = change != "inactive"
    ada.save()
    ada.end_sessions() if change == "everywhere" else None
    assert answer(client, code_of(key))["Location"] == "/sign-in/"
    assert not get_user(client).is_authenticated


def test_an_operator_gives_the_code_too(client, ada):
    ada.is_staff = ada.is_superuser = True
    ada.save()
    key, _ = with_two_step(ada)
    sign_in(client, next="/operator/")
    assert client.get("/operator/").status_code == 302
    assert answer(client, code_of(key))["Location"] == "/operator/"


def with_account(client, ada):
    """Signed in with both factors."""
    key, codes = with_two_step(ada)
    sign_in(client)
    answer(client, codes.pop(), "/sign-in/second-step/?with=recovery-code")
    return key, codes


@pytest.mark.parametrize("by_recovery_code", [False, True])
def test_turning_off_takes_a_code_and_the_recovery_codes_go(client, ada, by_recovery_code):
    key, codes = with_account(client, ada)
    assert "not right" in text(answer(client, "000000", "/account/two-step/turn-off/"))
    answer(client, codes[0] if by_recovery_code else code_of(key), "/account/two-step/turn-off/")
    assert not AuthenticatorApp.objects.exists() and not RecoveryCode.objects.exists()
    other = Client()
    assert sign_in(other)["Location"] == "/" and get_user(other) == ada


def test_a_recovery_code_that_has_no_letter_by_chance_turns_off_too(client, ada, monkeypatch):
    choose = secrets.choice
    monkeypatch.setattr(secrets, "choice", lambda _: choose("23456789"))
    _, codes = with_account(client, ada)
    assert codes[0].replace("-", "").isdigit()
    answer(client, codes[0], "/account/two-step/turn-off/")
    assert not AuthenticatorApp.objects.exists()


@pytest.mark.parametrize("path", ["turn-off", "recovery-codes"])
def test_a_page_for_what_is_off_leads_back_and_says_so(signed_in, path):
    for response in (signed_in.get(f"/account/two-step/{path}/"), signed_in.post(f"/account/two-step/{path}/")):
        assert response["Location"] == "/account/"
    assert "Two-step verification is off." in text(signed_in.get("/account/"))


def test_new_recovery_codes_replace_the_old_ones(client, ada):
    _, codes = with_account(client, ada)
    assert "9 unused" in text(client.get("/account/"))
    assert "stop working" in text(client.get("/account/two-step/recovery-codes/"))
    page = client.post("/account/two-step/recovery-codes/").content.decode()
    assert len(re.findall(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", page)) == 10
    with pytest.raises(ActionError):
        take_recovery_code(user=ada, code=codes[0], visit=Visit(), now=timezone.now())


def test_an_operator_lets_somebody_in_who_lost_everything(client, ada, mails):
    with_two_step(ada)
    operator = factories.as_operator(Client())
    data = {"action": "turn_off_two_step", "_selected_action": [ada.pk]}
    [mail] = mails(lambda: operator.post("/operator/workspace/user/", data))
    assert mail.to == ["ada@example.com"]
    assert "op@example.com turned off two-step verification of ada@example.com." in str(
        list(ChangeEvent.objects.values_list("sentence", flat=True))
    )
    assert sign_in(client)["Location"] == "/"

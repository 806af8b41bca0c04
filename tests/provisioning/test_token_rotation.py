"""A new SCIM token, and when it retires the old one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from provisioning.actions.retention import forget_expired_tokens
from provisioning.actions.tokens import MOST_TOGETHER, Retirement, retire_replaced, revoke_token, rotate_token
from provisioning.models import ScimRequest, ScimToken
from tests.provisioning.races import side_by_side
from tests.provisioning.setting_up import post, shown_token, text, url
from tests.scim import Scim
from workspace.events import SYSTEM
from workspace.models import ChangeEvent
from workspace.refusals import ActionError

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def rotated(scim: Scim, retirement: Retirement, retires_at=None) -> Scim:
    """A client with a new token beside the old one."""
    now = timezone.now()
    clear = rotate_token(
        connection=scim.connection, retirement=retirement, retires_at=retires_at, now=now, by=SYSTEM
    )  # fmt: skip
    return Scim(scim.connection, clear)


def old_token(scim: Scim) -> ScimToken:
    return ScimToken.objects.get(prefix="_".join(scim.token.split("_")[:2]))


def statuses(*clients: Scim) -> list[int]:
    return [client.get("/Users").status for client in clients]


def test_at_once_the_next_request_with_the_old_token_is_refused(scim):
    assert statuses(scim) == [200]
    new = rotated(scim, Retirement.AT_ONCE)
    assert statuses(scim, new) == [401, 200]
    assert old_token(scim).sealed == ""


def test_at_a_date_both_work_until_then(scim):
    new = rotated(scim, Retirement.DATE, timezone.now() + DAY)
    assert statuses(scim, new, scim) == [200, 200, 200]
    ScimToken.objects.filter(pk=old_token(scim).pk).update(expires_at=timezone.now())
    assert statuses(scim, new) == [401, 200]


@pytest.mark.parametrize("call", [("GET", "/Users"), ("POST", "/Users", {}), ("PATCH", "/Users/x", {}), ("GET", "/Me")])
def test_the_first_use_retires_the_old_token_whatever_the_request_is(scim, call):
    new = rotated(scim, Retirement.FIRST_USE)
    assert statuses(scim, scim) == [200, 200]
    assert new.call(*call).status != 401
    assert statuses(scim, new) == [401, 200]
    assert old_token(scim).sealed == ""


def test_the_first_use_retires_the_old_token_also_while_scim_is_off(scim):
    new = rotated(scim, Retirement.FIRST_USE)
    scim.connection.is_enabled = False
    scim.connection.save()
    assert statuses(new, scim) == [403, 401]


def test_a_wrong_token_with_the_right_prefix_is_no_first_use(scim, other):
    new = rotated(scim, Retirement.FIRST_USE)
    assert new.get("/Users", Authorization=f"Bearer {new.token[:-1]}!").status == 401
    assert other.get("/Users", Authorization=f"Bearer {new.token}").status == 401
    assert statuses(scim) == [200]


def test_a_retired_an_expired_and_a_revoked_token_are_answered_alike(scim):
    new = rotated(scim, Retirement.FIRST_USE)
    statuses(new)
    answers = [scim.get("/Users").content]
    ScimToken.objects.filter(pk=old_token(new).pk).update(expires_at=timezone.now())
    answers.append(new.get("/Users").content)
    ScimToken.objects.filter(pk=old_token(new).pk).update(expires_at=None)
    revoke_token(token=old_token(new), by=SYSTEM)
    answers.append(new.get("/Users").content)
    assert len(set(answers)) == 1


def test_the_first_use_is_one_event_of_the_connection_with_its_request(scim):
    new = rotated(scim, Retirement.FIRST_USE)
    statuses(new, new, new)
    event = ChangeEvent.objects.get(action="scim_token.revoked")
    assert (event.actor_name, event.subject_id) == ("Okta Dev", str(old_token(scim).pk))
    assert event.sentence.startswith(f"Okta Dev used the SCIM token {old_token(new).masked} of Okta Dev")
    assert event.sentence.endswith(f"for the first time, which retired {old_token(scim).masked}.")
    assert ScimRequest.objects.filter(request_id=event.request_id, status=200).exists()
    assert str(old_token(new).pk) in {str(each.subject_id) for each in event.subjects.all()}


@pytest.mark.parametrize(
    ("retirement", "words"),
    [
        (Retirement.FIRST_USE, "retires at its first use."),
        (Retirement.DATE, "retires on "),
        (Retirement.AT_ONCE, "was retired."),
    ],
)
def test_a_rotation_is_one_event_that_tells_when_the_old_token_retires(scim, retirement, words):
    before = ChangeEvent.objects.count()
    at = timezone.now() + DAY if retirement == Retirement.DATE else None
    new = old_token(rotated(scim, retirement, at))
    assert ChangeEvent.objects.count() == before + 1
    event, old = ChangeEvent.objects.latest("id"), old_token(scim)
    assert (event.action, event.subject_id) == ("scim_token.issued", str(new.pk))
    assert f"{old.masked} {words}" in event.sentence
    assert event.before["replaced"] == {"token": old.masked, "is_revoked": False, "expires_at": None}
    assert event.after["replaced"]["is_revoked"] is (retirement == Retirement.AT_ONCE)
    assert event.after["replaced"]["expires_at"] == (at.isoformat() if at else None)
    assert str(old.pk) in {str(each.subject_id) for each in event.subjects.all()}


@pytest.mark.parametrize(
    ("away", "words"),
    [(timedelta(0), "is over"), (-DAY, "is over"), (MOST_TOGETHER + DAY, "within 90 days"), (None, "Enter the date")],
)
def test_a_date_is_bounded(scim, away, words):
    before = ChangeEvent.objects.count()
    now = timezone.now()
    with pytest.raises(ActionError, match=words):
        rotate_token(
            connection=scim.connection, retirement=Retirement.DATE, now=now, by=SYSTEM,
            retires_at=None if away is None else now + away,
        )  # fmt: skip
    assert (ScimToken.objects.count(), ChangeEvent.objects.count()) == (1, before)


def test_the_old_token_stays_where_the_new_one_is_revoked_before_its_first_use(scim):
    new = rotated(scim, Retirement.FIRST_USE)
    unused = old_token(new)
    revoke_token(token=unused, by=SYSTEM)
    assert statuses(new, scim) == [401, 200]
    retire_replaced(token=unused, address=None, now=timezone.now(), by=SYSTEM)  # it was authenticated just before
    assert statuses(scim) == [200]


def test_without_a_live_token_a_rotation_makes_the_first(scim):
    revoke_token(token=old_token(scim), by=SYSTEM)
    assert statuses(rotated(scim, Retirement.FIRST_USE)) == [200]


def test_only_the_first_use_costs_more_queries(scim, django_assert_num_queries):
    new = rotated(scim, Retirement.FIRST_USE)
    new.get("/Schemas")
    with django_assert_num_queries(2):  # the token with all above it, and the row of the log
        new.get("/Schemas")


def test_of_several_first_uses_at_once_one_retires_the_old_token(transactional_db, scim):
    new = rotated(scim, Retirement.FIRST_USE)
    answers = side_by_side([lambda: Scim(scim.connection, new.token).get("/Users").status] * 6)
    assert answers == [200] * 6
    assert ChangeEvent.objects.filter(action="scim_token.revoked").count() == 1
    assert statuses(scim) == [401]


def test_a_first_use_beside_a_revocation_never_loses_the_old_token_to_a_revoked_one(transactional_db, scim):
    new = rotated(scim, Retirement.FIRST_USE)
    unused = old_token(new)
    side_by_side([lambda: revoke_token(token=unused, by=SYSTEM), lambda: new.get("/Users")])
    assert statuses(new) == [401]
    if statuses(scim) == [401]:
        newest, before = ChangeEvent.objects.filter(action="scim_token.revoked")
        assert (before.subject_id, newest.subject_id) == (str(old_token(scim).pk), str(unused.pk))


def test_the_page_asks_when_the_old_token_retires_and_keeps_wrong_answers(saved, use, admin):
    page = text(admin.get(url("setup-token-new", use)))
    assert "At the first use of the new one" in page and ScimToken.objects.get().masked in page

    page = text(post(admin, "setup-token-new", use))
    assert "Choose when the old token retires." in page

    for typed, words in (("", "Enter the date"), ("2020-01-01T00:00", "This time is over"), ("soon", "for example")):
        answer = text(post(admin, "setup-token-new", use, retirement="date", retires_at=typed))
        assert words in answer and (not typed or f'value="{typed}"' in answer)
    assert ScimToken.objects.count() == 1


def test_the_page_tells_when_each_token_retires(saved, use, admin):
    at = timezone.now() + 3 * DAY
    new = shown_token(
        post(admin, "setup-token-new", use, retirement="date", retires_at=f"{at:%Y-%m-%dT%H:%M}", follow=True)
    )
    assert new
    page = text(admin.get(url("setup", use)))
    assert f"retires on {at:%-d %B %Y, %H:%M} UTC" in page
    unused = old_token(Scim(saved.connection, new))
    assert f"That one retires on {at:%-d %B %Y, %H:%M} UTC." in " ".join(
        text(admin.get(url("setup-token-revoke", use, token=unused.pk))).split()
    )
    revoke_token(token=unused, by=SYSTEM)

    new = shown_token(post(admin, "setup-token-new", use, retirement="first_use", follow=True))
    page = " ".join(text(admin.get(url("setup", use))).split())
    assert f"retires at the first use of <code>{old_token(Scim(saved.connection, new)).masked}" in page


def test_without_a_live_token_the_page_asks_nothing(saved, use, admin):
    revoke_token(token=ScimToken.objects.get(), by=SYSTEM)
    assert "The old token retires" not in text(admin.get(url("setup-token-new", use)))
    assert shown_token(post(admin, "setup-token-new", use, follow=True))


def test_the_sealed_copy_of_an_expired_token_is_forgotten(scim):
    rotated(scim, Retirement.DATE, timezone.now() + DAY)
    ScimToken.objects.filter(pk=old_token(scim).pk).update(expires_at=timezone.now())
    forget_expired_tokens(timezone.now())
    assert [bool(each.sealed) for each in ScimToken.objects.order_by("created_at")] == [False, True]

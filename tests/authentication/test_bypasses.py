"""Who may bypass SSO: a password past enforcement, for some people, until a day, and never unnoticed."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from authentication.actions.bypasses import add_bypass, end_bypass
from authentication.actions.policies import switch_password
from authentication.actions.retention import forget_expired
from authentication.actions.sign_in import sign_in_with_password
from authentication.losses import loss_by
from authentication.models import EndUserSession, SignInAttempt, SsoBypass
from tests import factories
from tests.authentication.end_users import BYPASS_ROUTES, is_signed_in, person, provider, sign_in, signed_in, text, url
from tests.factories import PASSWORD
from tests.workspace.races import at_once
from workspace.actions.merging import merge_end_users
from workspace.events import SYSTEM, Actor
from workspace.models import ChangeEvent, User
from workspace.refusals import ActionError
from workspace.visits import NOWHERE

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def prod(places):
    return places[2]


@pytest.fixture
def enforced(prod):
    return provider(prod, "Okta", "all_domains")


@pytest.fixture
def owner(prod):
    return factories.administrator(prod.workspace)


def permit(environment, end_user, *, days: int = 3, by: Actor = SYSTEM, now: datetime | None = None) -> SsoBypass:
    now = now or timezone.now()
    until = now.date() + days * DAY
    return add_bypass(environment=environment, end_user=end_user, reason="On call", until=until, by=by, now=now)


def at(environment, when: datetime, password: str = PASSWORD):
    """What a sign-in at that time gives."""
    return sign_in_with_password(
        environment=environment, email="ada.winter@acme.example", password=password, visit=NOWHERE, now=when
    )


class TestSigningIn:
    def test_a_password_opens_past_enforcement_only_for_whom_it_is_permitted(self, places, prod, enforced, ada):
        bo = person(*places, name="Bo Lund")
        permit(prod, ada)
        assert is_signed_in(signed_in(prod, ada), prod)
        assert sign_in(Client(), prod, bo.email).status_code == 200
        assert SignInAttempt.objects.latest("id").reason == "sso_enforced"

    @pytest.mark.parametrize("enforcement", [("all_domains",), ("selected_domains", "acme.example")])
    def test_each_kind_of_enforcement_is_bypassed(self, prod, ada, enforcement):
        provider(prod, "Okta", *enforcement)
        permit(prod, ada)
        assert is_signed_in(signed_in(prod, ada), prod)

    def test_it_counts_in_its_own_environment_only(self, places, prod, ada):
        for each in places[1:]:
            provider(each, f"Okta {each}", "all_domains")
        permit(places[1], ada)
        assert sign_in(Client(), prod, ada.email).status_code == 200
        assert not EndUserSession.objects.filter(environment=prod).exists()

    def test_a_wrong_password_stays_wrong(self, prod, enforced, ada):
        permit(prod, ada)
        assert sign_in(Client(), prod, ada.email, "wrong").status_code == 200
        assert SignInAttempt.objects.latest("id").reason == "wrong_password"
        assert not ChangeEvent.objects.filter(action="sso_bypass.used").exists()

    def test_it_ends_at_the_very_next_sign_in_after_its_last_day(self, prod, enforced, ada):
        bypass = permit(prod, ada)
        assert bypass.expires_at.time().isoformat() == "00:00:00"
        assert at(prod, bypass.expires_at - timedelta(seconds=1)).token
        assert not at(prod, bypass.expires_at).token

    def test_a_session_ends_with_the_permission(self, prod, enforced, ada):
        bypass = permit(prod, ada, days=1)
        at(prod, bypass.expires_at - timedelta(hours=1))
        session = EndUserSession.objects.get()
        assert session.expires_at == bypass.expires_at
        assert not EndUserSession.objects.usable(bypass.expires_at).exists()

    def test_each_use_is_a_mail_to_the_owners_an_event_and_a_note(self, prod, enforced, owner, ada, mails):
        bypass = permit(prod, ada)
        [mail] = mails(lambda: signed_in(prod, ada))
        assert mail.to == ["owner@acme.example"]
        assert mail.subject == "Ada Winter bypassed SSO in Acme PROD"
        assert "Reason: On call" in mail.body
        event = ChangeEvent.objects.get(action="sso_bypass.used")
        assert event.sentence == "Ada Winter <ada.winter@acme.example> bypassed SSO in PROD with a password."
        assert SignInAttempt.objects.latest("id").notes == ["This person may bypass SSO: On call"]
        bypass.refresh_from_db()
        assert bypass.last_used_at
        assert len(mails(lambda: signed_in(prod, ada))) == 1

    def test_an_owner_is_told_in_their_language(self, prod, enforced, owner, ada, mails):
        User.objects.update(language="de")
        permit(prod, ada)
        [mail] = mails(lambda: signed_in(prod, ada))
        assert mail.subject == "Ada Winter hat SSO in Acme PROD umgangen"
        assert mail.body.startswith("Ada Winter <ada.winter@acme.example> hat")

    def test_without_enforcement_nothing_is_bypassed(self, prod, owner, ada, mails):
        permit(prod, ada)
        assert mails(lambda: signed_in(prod, ada)) == []
        assert EndUserSession.objects.get().expires_at > timezone.now() + timedelta(hours=23)

    def test_no_permission_opens_where_passwords_are_off(self, prod, enforced, ada):
        permit(prod, ada)
        switch_password(environment=prod, is_enabled=False, by=SYSTEM)
        assert sign_in(Client(), prod, ada.email).status_code == 200
        assert not EndUserSession.objects.exists()

    def test_the_page_with_the_password_says_nothing_about_who_may(self, places, prod, enforced, ada):
        path = url(prod, "password/")
        assert Client().get(path)["Location"] == url(prod)
        permit(prod, ada)
        page = text(Client().get(path))
        assert 'name="email"' in page and 'name="password"' in page
        answers = {
            text(sign_in(Client(), prod, email, "wrong")).replace(email, "").replace(email.replace("@", "%40"), "")
            for email in (ada.email, "nobody@acme.example")
        }
        assert len(answers) == 1

    def test_the_time_says_nothing_either(self, prod, enforced, ada, hashed):
        permit(prod, ada)
        work = []
        for email in (ada.email, "nobody@acme.example"):
            hashed.clear()
            sign_in(Client(), prod, email, "wrong")
            work.append(len(hashed))
        assert work == [1, 1]


class TestAddingAndEnding:
    def test_both_are_recorded_and_told(self, prod, enforced, owner, ada, mails):
        by = Actor.administrator(owner)
        [mail] = mails(lambda: permit(prod, ada, by=by))
        assert mail.to == ["owner@acme.example"] and "On call" in mail.body
        event = ChangeEvent.objects.latest("id")
        assert event.action == "sso_bypass.added" and event.after["reason"] == "On call"
        bypass = SsoBypass.objects.get()
        assert len(mails(lambda: end_bypass(environment=prod, bypass=bypass.pk, by=by, now=timezone.now()))) == 1
        assert ChangeEvent.objects.latest("id").before["reason"] == "On call"
        assert not SsoBypass.objects.exists()

    def test_ending_ends_the_sessions_that_it_opened_and_no_others(self, places, prod, enforced, ada):
        signed_in(places[0], ada)
        bypass = permit(prod, ada)
        client = signed_in(prod, ada)
        end_bypass(environment=prod, bypass=bypass.pk, by=SYSTEM, now=timezone.now())
        assert not is_signed_in(client, prod)
        assert list(EndUserSession.objects.filter(ended_at=None).values_list("environment__slug", flat=True)) == ["dev"]
        assert ChangeEvent.objects.latest("id").sentence.endswith("may bypass SSO in PROD and ended 1 session.")

    @pytest.mark.parametrize("days", [-1, 31, 4000])
    def test_the_last_day_is_at_most_thirty_days_away(self, prod, ada, days):
        with pytest.raises(ActionError, match="Choose a day from today to") as refused:
            permit(prod, ada, days=days)
        assert refused.value.field == "until"

    @pytest.mark.parametrize("days", [0, 30])
    def test_the_bounds_themselves_count(self, prod, ada, days):
        now = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
        assert permit(prod, ada, days=days, now=now).expires_at.date() == now.date() + (days + 1) * DAY

    @pytest.mark.parametrize("reason", ["", "  ", "\u200b", "x" * 201])
    def test_a_reason_is_needed(self, prod, ada, reason):
        now = timezone.now()
        with pytest.raises(ActionError) as refused:
            add_bypass(environment=prod, end_user=ada, reason=reason, until=now.date(), by=SYSTEM, now=now)
        assert refused.value.field == "reason"

    def test_nobody_is_added_twice_but_again_once_it_has_expired(self, prod, ada):
        first = permit(prod, ada, days=0)
        with pytest.raises(ActionError, match="already"):
            permit(prod, ada)
        assert permit(prod, ada, now=first.expires_at).pk != first.pk

    def test_somebody_without_access_is_refused(self, places, prod):
        with pytest.raises(ActionError, match="has no access to PROD"):
            permit(prod, person(places[0], name="Bo Lund"))

    def test_a_merge_ends_the_permissions_of_who_goes(self, places, prod, ada):
        bo = person(*places, name="Bo Lund")
        permit(prod, bo)
        merge_end_users(stays=ada, goes=bo, by=SYSTEM, now=timezone.now())
        assert not SsoBypass.objects.exists()

    def test_old_ones_are_forgotten(self, prod, ada):
        bypass = permit(prod, ada)
        forget_expired(bypass.expires_at + 29 * DAY)
        assert SsoBypass.objects.exists()
        forget_expired(bypass.expires_at + 31 * DAY)
        assert not SsoBypass.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_a_sign_in_while_it_ends_leaves_no_session(self, transactional_db):
        environment = factories.workspace().environments.get(slug="prod")
        provider(environment, "Okta", "all_domains")
        ada = person(environment)
        for _ in range(5):
            bypass = permit(environment, ada)
            at_once(
                lambda: at(environment, timezone.now()),
                lambda pk=bypass.pk: end_bypass(environment=environment, bypass=pk, by=SYSTEM, now=timezone.now()),
            )
            assert not EndUserSession.objects.usable(timezone.now()).exists()

    @pytest.mark.django_db(transaction=True)
    def test_two_who_add_the_same_person_at_once_add_one(self, transactional_db):
        environment = factories.workspace().environments.get(slug="prod")
        ada = person(environment)
        assert sorted(at_once(*[lambda: permit(environment, ada)] * 2)) == ["done", "may_bypass"]


class TestNumbers:
    def test_confirmation_pages_leave_out_who_may_bypass(self, places, prod, ada):
        person(*places, name="Bo Lund")
        okta = provider(prod, "Okta")

        def enforce():
            okta.enforcement = "all_domains"
            okta.save()

        assert loss_by(enforce, prod, timezone.now()).losing.number == 2
        bypass = permit(prod, ada)
        assert loss_by(enforce, prod, timezone.now()).losing.number == 1
        assert loss_by(enforce, prod, bypass.expires_at).losing.number == 2

    def test_ending_password_sign_in_takes_it_from_those_who_may_bypass_too(self, prod, enforced, ada):
        permit(prod, ada)
        change = loss_by(lambda: switch_password(environment=prod, is_enabled=False, by=SYSTEM), prod, timezone.now())
        assert change.losing.number == 1


class TestPages:
    @pytest.fixture
    def admin(self, prod):
        return factories.sign_in(Client(), factories.administrator(prod.workspace, "admin"))

    def page(self, route, place, **kwargs):
        return reverse(
            f"authentication:{route}", kwargs={"workspace": place.workspace.slug, "environment": place.slug, **kwargs}
        )

    def test_a_person_is_found_and_added_and_ended(self, places, prod, enforced, admin, ada):
        person(*places, name="Bo Lund")
        found = text(admin.get(self.page("sso-bypass-choose", prod), {"q": "winter"}))
        assert "Ada Winter" in found and "Bo Lund" not in found
        assert "No end user matches" in text(admin.get(self.page("sso-bypass-choose", prod), {"q": "zzz"}))
        until = (timezone.now() + DAY).date().isoformat()
        data = {"reason": "On call", "until": until}
        page = text(admin.post(self.page("sso-bypass-add", prod, end_user=ada.pk), data, follow=True))
        assert "Ada Winter may bypass SSO in PROD." in page and "http://testserver/sign-in/acme/prod/password/" in page
        bypass = SsoBypass.objects.get()
        assert bypass.added_by_name == "admin@acme.example"
        assert "can no longer use a password" in text(admin.get(self.page("sso-bypass-end", prod, bypass=bypass.pk)))
        page = text(admin.post(self.page("sso-bypass-end", prod, bypass=bypass.pk), follow=True))
        assert "The permission has ended" in page and "Nobody may bypass SSO" in page

    @pytest.mark.parametrize(("field", "data"), [("until", {"until": "2026-13-01"}), ("reason", {"reason": ""})])
    def test_mistakes_keep_what_was_typed(self, prod, admin, ada, field, data):
        sent = {"reason": "On call", "until": timezone.now().date().isoformat()} | data
        page = text(admin.post(self.page("sso-bypass-add", prod, end_user=ada.pk), sent))
        assert "thing to correct" in page and not SsoBypass.objects.exists()

    def test_why_on_the_person_tells_it(self, prod, enforced, admin, ada):
        permit(prod, ada)
        page = text(admin.get(self.page("end-user", prod, end_user=ada.pk)))
        assert "The person may use a password past single sign-on until" in page and ": On call" in page

    def test_the_page_says_where_it_has_no_effect(self, prod, enforced, admin, ada):
        assert "Nobody may bypass SSO" in text(admin.get(self.page("sso-bypasses", prod)))
        switch_password(environment=prod, is_enabled=False, by=SYSTEM)
        assert "Password authentication is off" in text(admin.get(self.page("sso-bypasses", prod)))

    @pytest.mark.parametrize("route", BYPASS_ROUTES)
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_roles_and_other_workspaces(self, prod, ada, route, method):
        foreign = factories.workspace("globex").environments.get(slug="prod")
        bypass = permit(prod, ada)
        kwargs = {"sso-bypass-add": {"end_user": ada.pk}, "sso-bypass-end": {"bypass": bypass.pk}}.get(route, {})
        viewer = factories.sign_in(Client(), factories.administrator(prod.workspace, "viewer"))
        outsider = factories.sign_in(Client(), factories.administrator(foreign.workspace))
        assert getattr(viewer, method)(self.page(route, prod, **kwargs)).status_code == (
            200 if BYPASS_ROUTES[route] else 403
        )
        assert getattr(outsider, method)(self.page(route, prod, **kwargs)).status_code == 404
        assert getattr(Client(), method)(self.page(route, prod, **kwargs))["Location"].startswith("/sign-in/")
        if kwargs:
            own = getattr(outsider, method)(self.page(route, foreign, **kwargs))
            unknown = getattr(outsider, method)(self.page(route, foreign, **dict.fromkeys(kwargs, uuid4())))
            assert own.status_code == unknown.status_code
        assert SsoBypass.objects.count() == 1

    @pytest.mark.parametrize("route", ["sso-bypass-add", "sso-bypass-end"])
    def test_changes_ask_for_the_password_again(self, prod, ada, route):
        client = Client()
        client.force_login(factories.administrator(prod.workspace).user)
        kwargs = {"end_user": ada.pk} if route == "sso-bypass-add" else {"bypass": permit(prod, ada).pk}
        assert client.post(self.page(route, prod, **kwargs))["Location"].startswith("/confirm-identity/")

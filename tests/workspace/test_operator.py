"""Django admin for operators: everything is there, secrets are not, and every change is recorded."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import unquote

import pytest
from django.apps import apps
from django.contrib.admin.templatetags import admin_urls
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.factories import PASSWORD
from tests.operator_pages import hold_to_the_rules, page, query_counts, read_only
from tests.workspace import branding
from tests.workspace.builders import build, uploaded
from tests.workspace.two_step import with_two_step
from workspace.actions.account_passwords import request_account_password
from workspace.actions.administrators import add_administrator
from workspace.actions.api_tokens import issue_api_token
from workspace.actions.imports import choose_columns
from workspace.actions.invitations import invite_administrator
from workspace.actions.login_experience import keep_draft
from workspace.actions.looking import note_look
from workspace.actions.sealing import seal_all
from workspace.admin.base import LongAdmin
from workspace.branding.look import Look
from workspace.events import SYSTEM, Actor
from workspace.key_ring import join
from workspace.models import (
    Administrator,
    ChangeEvent,
    ConsoleSession,
    EndUser,
    EndUserGroup,
    Environment,
    GroupMembership,
    IdempotentRequest,
    Job,
    MergedEndUser,
    Passkey,
    SignInThrottle,
    User,
    Workspace,
)
from workspace.scheduling import run_due
from workspace.visits import Visit

# The key of a session opens it, so operators do not see sessions.
MODELS = [each for each in apps.get_app_config("workspace").get_models() if each is not ConsoleSession]
READ_ONLY = [model for model in MODELS if model not in (User, Workspace, Administrator)]


@pytest.fixture
def operator(acme, globex):
    """A browser of an operator, in an installation with two workspaces."""
    now = timezone.now()
    SignInThrottle.objects.attempt("a@b", "192.0.2.1", now)
    invite_administrator(
        workspace=acme.workspace, email="new@acme.example", role=Administrator.Role.VIEWER, by=SYSTEM, now=now
    )
    request_account_password(email="owner@acme.example", visit=Visit(), now=now)
    with_two_step(acme.roles["owner"].user)
    seal_all(now + timedelta(hours=1))
    Passkey.objects.create(
        user=acme.roles["owner"].user,
        name="MacBook",
        credential_id="credential-1",
        public_key="public-key-1",
        sign_count=0,
        challenged_at=0,
    )
    token, _ = issue_api_token(
        workspace=acme.workspace,
        name="Ada’s import",
        scopes=["groups:read"],
        environments=None,
        expires_at=None,
        by=SYSTEM,
        now=now,
    )
    IdempotentRequest.objects.create(token=token, key="import-1")
    job = uploaded(acme.dev)
    choose_columns(job=job, columns={"full_name": 0, "email": 1}, default_access=[], creates_groups=False)
    run_due(now)
    join()
    MergedEndUser.objects.create(end_user=acme.ada, full_name="Ada Summer")
    branding.brand(acme.dev)
    keep_draft(environment=acme.dev, look=Look(), now=now)
    return factories.as_operator(Client())


def test_every_table_has_pages_that_show_no_secret(operator):
    hold_to_the_rules(operator, MODELS)
    read_only(operator, READ_ONLY)


def test_lists_take_the_same_queries_however_long(operator):
    few = query_counts(operator, MODELS)
    build("initech")
    assert query_counts(operator, MODELS) == few


def test_there_is_nothing_for_administrators_of_a_workspace(acme, owner):
    for model in MODELS:
        assert owner.get(page(model, "changelist")).status_code == 302
    response = owner.get(page(Workspace, "changelist"), follow=True)
    assert response.redirect_chain[-1][0].startswith("/sign-in/")


def test_each_section_has_its_tables(operator):
    sections = {
        each["name"]: [model["object_name"] for model in each["models"]]
        for each in operator.get("/operator/").context["app_list"]
    }
    assert list(sections) == ["Workspaces", "People", "Sign-in", "Provisioning", "Records", "Installation"]
    assert sections["Records"] == ["ChangeEvent", "ChangeSubject", "AuditSeal"]
    assert operator.get("/operator/provisioning/").url == "/operator/"


class TestLooking:
    def looks(self, place):
        return ChangeEvent.objects.of(place.workspace).filter(action="workspace.looked_at")

    def test_the_owners_see_once_an_hour_that_an_operator_looked(self, operator, acme, globex, owner):
        operator.get(page(EndUser, "change", acme.ada.pk))
        operator.get(page(EndUser, "change", acme.ada.pk))
        operator.get(page(EndUserGroup, "change", acme.support.pk))
        (event,) = self.looks(acme)
        assert event.sentence == "op@example.com looked at end users of Acme."
        assert (event.actor_kind, event.address, bool(event.request_id)) == ("operator", "127.0.0.1", True)
        assert not self.looks(globex)
        assert "looked at end users of" in owner.get(f"{acme.url}audit-log/").content.decode()

    def test_a_list_counts_for_the_workspaces_whose_rows_it_shows(self, operator, acme, globex):
        operator.get(page(EndUser, "changelist"), {"workspace__exact": acme.workspace.pk})
        assert self.looks(acme).count() == 1 and not self.looks(globex)
        operator.get(page(EndUser, "changelist"))
        assert self.looks(acme).count() == 1 and self.looks(globex).count() == 1

    def test_another_operator_and_another_hour_are_other_looks(self, operator, acme):
        url, now = page(EndUser, "change", acme.ada.pk), timezone.now()
        operator.get(url)
        factories.as_operator(Client(), "op2@example.com").get(url)
        assert self.looks(acme).count() == 2
        me = Actor.operator(User.objects.get(email_key="op@example.com"))
        for minutes, total in ((50, 2), (61, 3)):
            later = now + timedelta(minutes=minutes)
            note_look(workspaces=[acme.workspace.pk], what="end users", by=me, now=later)
            assert self.looks(acme).count() == total

    def test_tables_of_the_installation_are_nobodys(self, operator, acme):
        for model in (Workspace, Environment, User, Job):
            operator.get(page(model, "changelist"))
        assert not self.looks(acme)


class TestFinding:
    def found(self, operator, model, text):
        return list(operator.get(page(model, "changelist"), {"q": text}).context["cl"].result_list)

    def test_people_are_found_by_whole_values_and_by_parts_of_names(self, operator, acme, globex):
        assert self.found(operator, EndUser, f" {acme.ada.email.upper()} ") == [acme.ada]
        assert self.found(operator, EndUser, str(acme.bo.pk)) == [acme.bo]
        assert set(self.found(operator, EndUser, "wint")) == {acme.ada, globex.ada}

    def test_what_belongs_to_a_person_is_found_by_the_person(self, operator, acme):
        assert {each.end_user for each in self.found(operator, GroupMembership, acme.bo.email)} == {acme.bo}
        assert acme.event in self.found(operator, ChangeEvent, acme.event.subject_id)

    def test_a_row_leads_to_its_related_rows_and_to_the_console(self, operator, acme):
        url = page(EndUser, "change", acme.ada.pk)
        response = operator.get(url)
        links = dict(response.context["related"])
        assert operator.get(links["environment accesses"]).context["cl"].result_count == 1
        assert operator.get(links["changes"]).context["cl"].result_count >= 1
        assert response.context["console_page"] == ""
        add_administrator(workspace=acme.workspace, email="op@example.com", role=Administrator.Role.VIEWER, by=SYSTEM)
        assert operator.get(url).context["console_page"] == f"{acme.url}end-users/{acme.ada.pk}/"


def test_long_lists_count_no_further_than_needed(operator, acme, monkeypatch):
    monkeypatch.setattr("workspace.admin.lists.COUNTED", 2)
    monkeypatch.setattr("workspace.admin.lists.WALKED", 3)
    monkeypatch.setattr(LongAdmin, "list_per_page", 2)
    listed = operator.get(page(ChangeEvent, "changelist"))
    assert listed.context["cl"].paginator.is_cut and "more than 3" in listed.content.decode()
    newest = list(ChangeEvent.objects.values_list("pk", flat=True)[:4])
    second = operator.get(page(ChangeEvent, "changelist"), {"p": 2})
    assert [each.pk for each in second.context["cl"].result_list] == newest[2:4]
    part = operator.get(page(ChangeEvent, "changelist"), {"actor_kind__exact": "system"})
    assert part.context["cl"].is_part and "newest 3" in part.content.decode()


def test_a_row_leads_back_to_the_search_without_resolving_each_url(operator, monkeypatch):
    resolved, resolve = [], admin_urls.resolve
    monkeypatch.setattr(admin_urls, "resolve", lambda url: resolved.append(url) or resolve(url))
    search = page(EndUser, "changelist") + "?q=acme.example"
    listed = operator.get(search)
    rows = re.findall(r'<th class="field-[^"]*"><a href="([^"]+)"', listed.content.decode())
    assert len(rows) == len(listed.context["cl"].result_list) > 1
    resolved.clear()
    operator.get(search)
    assert len(resolved) < len(rows)
    row = operator.get(unescape(rows[0]))
    assert row.context["original"] == listed.context["cl"].result_list[0]
    assert search in unquote(unescape(row.content.decode()))


@pytest.mark.parametrize("model", [User, Workspace, Administrator], ids=lambda model: model.__name__)
def test_accounts_roles_and_workspaces_are_not_deleted(operator, model):
    row = model._default_manager.first()
    assert operator.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).exists()


def test_password_hashes_are_on_no_page(operator, acme):
    acme.ada.password = "argon2$secret-of-an-end-user"
    acme.ada.save()
    user = acme.roles["owner"].user
    for url in (page(User, "change", user.pk), page(type(acme.ada), "change", acme.ada.pk), page(User, "changelist")):
        content = operator.get(url).content.decode()
        assert "argon2" not in content and user.password not in content


class TestAccounts:
    def create(self, operator, **more):
        data = {"email": "New@Example.com", "full_name": "New", "usable_password": "true"}
        return operator.post(page(User, "add"), data | {"password1": PASSWORD, "password2": PASSWORD} | more)

    def test_a_new_account_can_sign_in_and_is_no_operator(self, operator):
        assert self.create(operator).status_code == 302
        user = User.objects.get(email_key="new@example.com")
        assert user.check_password(PASSWORD) and not user.is_staff and not user.is_superuser
        event = ChangeEvent.objects.about(user.pk).get(action="user.created")
        assert (event.actor_kind, event.sentence) == ("operator", "op@example.com created the account New@Example.com.")

    def test_one_address_in_any_spelling_is_one_account(self, operator):
        self.create(operator)
        response = self.create(operator, email="NEW@example.COM")
        assert "There is an account with this email address already." in response.content.decode()

    @pytest.mark.parametrize("password", ["short", "password1234", "qwerty123456"])
    def test_a_poor_password_is_refused(self, operator, password):
        assert self.create(operator, password1=password, password2=password).status_code == 200
        assert not User.objects.filter(email_key="new@example.com").exists()

    def change(self, operator, user, **more):
        return operator.post(
            page(User, "change", user.pk), {"email": user.email, "full_name": "", "is_active": "on"} | more
        )

    def test_an_operator_is_made_and_unmade_with_all_rights_at_once(self, operator, acme):
        user = acme.roles["viewer"].user
        self.change(operator, user, is_staff="on")
        user.refresh_from_db()
        assert user.is_staff and user.is_superuser
        event = ChangeEvent.objects.about(user.pk).get(action="user.changed")
        assert event.sentence == "op@example.com changed operator rights of the account viewer@acme.example."
        self.change(operator, user)
        user.refresh_from_db()
        assert not user.is_staff and not user.is_superuser
        assert ChangeEvent.objects.about(user.pk).filter(action="user.changed").count() == 2

    def test_a_workspace_keeps_an_owner_who_can_sign_in(self, operator, acme):
        owner = acme.roles["owner"].user
        response = operator.post(page(User, "change", owner.pk), {"email": owner.email, "full_name": ""}, follow=True)
        assert "This is the last owner of Acme." in response.content.decode()
        owner.refresh_from_db()
        assert owner.is_active and not ChangeEvent.objects.about(owner.pk).filter(action="user.changed").exists()
        other = add_administrator(
            workspace=acme.workspace, email="cy@acme.example", role=Administrator.Role.OWNER, by=SYSTEM
        )
        self.change(operator, owner, is_active="")
        owner.refresh_from_db()
        assert not owner.is_active and other.user.is_active

    def test_the_last_operator_stays_one(self, operator):
        me = User.objects.get(email_key="op@example.com")
        for wish in ({"is_staff": ""}, {"is_staff": "on", "is_active": ""}):
            response = operator.post(page(User, "change", me.pk), {"email": me.email, "is_active": "on"} | wish)
            assert response.status_code == 302
            me.refresh_from_db()
            assert me.is_staff and me.is_superuser and me.is_active

    def test_a_change_keeps_what_was_and_what_is(self, operator, acme):
        user = acme.roles["viewer"].user
        self.change(operator, user, email="Other@acme.example")
        event = ChangeEvent.objects.about(acme.roles["viewer"].pk).get(action="user.changed")
        assert (event.before, event.after) == ({"email": user.email}, {"email": "Other@acme.example"})
        assert event.sentence == "op@example.com changed email address of the account Other@acme.example."
        self.change(operator, User.objects.get(pk=user.pk))
        assert ChangeEvent.objects.about(user.pk).filter(action="user.changed").count() == 1

    def test_a_deactivated_account_is_out_at_once(self, operator, acme, as_role):
        browser = as_role("viewer")
        assert browser.get(f"{acme.url}groups/").status_code == 200
        self.change(operator, acme.roles["viewer"].user, is_active="")
        assert browser.get(f"{acme.url}groups/").status_code == 302

    def test_a_new_password_ends_the_sessions_and_is_recorded_without_it(self, operator, acme, as_role):
        browser, user = as_role("viewer"), acme.roles["viewer"].user
        url = reverse("admin:auth_user_password_change", args=[user.pk])
        new = "another long enough phrase"
        assert operator.get(url).status_code == 200
        operator.post(url, {"usable_password": "true", "password1": new, "password2": new, "set-password": "1"})
        user.refresh_from_db()
        assert user.check_password(new)
        assert browser.get(f"{acme.url}groups/").status_code == 302
        event = ChangeEvent.objects.about(user.pk).get(action="user.changed")
        assert event.sentence == "op@example.com edited the account viewer@acme.example: Changed password."
        assert new not in str(event.__dict__)


def test_a_workspace_is_made_by_the_action_with_environments_and_everyone(operator):
    data = {"name": "Initech", "slug": "initech", "kinds": ["dev", "prod"]}
    assert operator.post(page(Workspace, "add"), data).status_code == 302
    initech = Workspace.objects.get(slug="initech")
    assert [str(environment) for environment in initech.environments.all()] == ["DEV", "PROD"]
    assert all(environment.groups.get().is_everyone for environment in initech.environments.all())
    event = ChangeEvent.objects.of(initech).get()
    assert (event.action, event.actor_name) == ("workspace.created", "op@example.com")


def test_a_taken_slug_is_an_error_of_the_form(operator):
    response = operator.post(page(Workspace, "add"), {"name": "Other", "slug": "acme", "kinds": ["dev"]})
    assert response.status_code == 200 and Workspace.objects.filter(slug="acme").count() == 1


def test_a_role_is_given_by_the_action(operator, acme, globex):
    user = acme.roles["owner"].user
    data = {"user": user.pk, "workspace": globex.workspace.pk, "role": "viewer"}
    assert operator.post(page(Administrator, "add"), data).status_code == 302
    administrator = Administrator.objects.get(user=user, workspace=globex.workspace)
    assert ChangeEvent.objects.about(administrator.pk).get().action == "administrator.added"
    assert operator.post(page(Administrator, "add"), data).status_code == 200
    assert Administrator.objects.filter(user=user, workspace=globex.workspace).count() == 1


def test_a_session_of_an_operator_ends_after_fifteen_minutes_without_a_request(operator):
    page = operator.get("/operator/")
    assert page.cookies["sessionid"]["max-age"] == 15 * 60
    row = ConsoleSession.objects.get(session_key=operator.session.session_key)
    assert timedelta(minutes=14) < row.expire_date - timezone.now() <= timedelta(minutes=15)
    assert abs(row.last_used_at - timezone.now()) < timedelta(minutes=1)


def test_djangos_own_groups_do_not_stand_beside_end_user_groups(operator):
    assert "auth/group" not in operator.get("/operator/").content.decode()

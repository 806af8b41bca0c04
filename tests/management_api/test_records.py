"""Administrators, sessions, attempts, the audit log and branding through the API."""

from datetime import timedelta

from django.utils import timezone

from authentication.models import EndUserSession, SignInAttempt
from tests.management_api.conftest import errors_of
from tests.workspace import branding
from workspace.models import ChangeEvent


def test_a_token_acts_as_an_admin_and_never_touches_owners(acme, program):
    owner, viewer = (f"/administrators/{acme.roles[role].pk}" for role in ("owner", "viewer"))
    for answer in (
        program.patch(owner, {"role": "viewer"}),
        program.patch(viewer, {"role": "owner"}),
        program.delete(owner),
        program.post("/administrators/invitations", {"email": "x@example.com", "role": "owner"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "owners_only")
    assert program.patch(viewer, {"role": "admin"}).json()["role"] == "admin"
    assert program.delete(viewer).status_code == 204
    assert {each["role"] for each in program.get("/administrators").json()["items"]} == {"owner", "admin"}


def test_an_invitation_is_mailed_listed_and_withdrawn(acme, program, mails):
    sent = mails(lambda: program.post("/administrators/invitations", {"email": "New@example.com", "role": "viewer"}))
    assert "New@example.com" in [address for mail in sent for address in mail.to]
    (invitation,) = program.get("/administrators/invitations").json()["items"]
    assert (invitation["email"], invitation["invited_by"]) == ("New@example.com", "Program")
    again = program.post("/administrators/invitations", {"email": "new@EXAMPLE.com", "role": "viewer"})
    assert (again.status_code, errors_of(again)) == (409, {"/email": "is_invited"})
    assert program.delete(f"/administrators/invitations/{invitation['id']}").status_code == 204
    assert program.get("/administrators/invitations").json()["items"] == []


def test_sessions_are_listed_and_ended(acme, program):
    now = timezone.now()
    sessions = [
        EndUserSession.objects.create(
            end_user=acme.ada, environment=acme.dev, digest=str(number), last_seen_at=now,
            expires_at=now + timedelta(hours=1),
        )
        for number in range(2)
    ]  # fmt: skip
    url = f"/end-users/{acme.ada.pk}/sessions"
    assert [each["id"] for each in program.get(url).json()["items"]] == [str(each.pk) for each in sessions]
    assert program.delete(f"/end-users/{acme.bo.pk}/sessions/{sessions[0].pk}").status_code == 404
    assert program.delete(f"{url}/{sessions[0].pk}").status_code == 204
    assert [each["id"] for each in program.get(url).json()["items"]] == [str(sessions[1].pk)]
    assert program.delete(url).status_code == 204
    assert program.get(url).json()["items"] == []
    assert ChangeEvent.objects.filter(action="end_user.sessions_ended", actor_kind="api_token").count() == 2


def test_attempts_are_filtered_by_environment(acme, program):
    for place, outcome in ((acme.dev, "refused"), (acme.dev, "succeeded"), (acme.test, "refused")):
        SignInAttempt.objects.create(
            environment=place,
            workspace_id=acme.workspace.pk,
            outcome=outcome,
            email="Ada@acme.example",
            end_user=acme.ada,
        )
    url = f"/sign-in-attempts?environment={acme.dev.pk}"
    assert [each["outcome"] for each in program.get(url).json()["items"]] == ["succeeded", "refused"]
    assert len(program.get(f"{url}&outcome=refused&email=ada@ACME.example").json()["items"]) == 1
    first = program.get(f"{url}&limit=1").json()
    assert program.get(f"{url}&limit=1&cursor={first['next']}").json()["items"][0]["outcome"] == "refused"
    assert errors_of(program.get("/sign-in-attempts")) == {"environment": "required"}


def test_the_audit_log_is_read_by_what_it_is_about(acme, globex, program):
    events = program.get(f"/audit-events?subject={acme.ada.pk}").json()["items"]
    assert [each["action"] for each in events] == ["group.created", "end_user.created"]
    assert events[1]["after"]["status"] == "active"
    assert program.get(f"/audit-events/{events[0]['id']}").json() == events[0]
    assert len(program.get("/audit-events?action=workspace.created").json()["items"]) == 1
    until = events[1]["at"]
    assert all(each["at"] < until for each in program.get(f"/audit-events?until={until}").json()["items"])
    for wrong in (
        "0005-11-27T09:29:16-06:22",
        "0001-01-01T00:00:00%2B05:00",
        "9999-12-31T23:59:59-05:00",
        "2026-01-01T00:00:00",
    ):
        assert [*errors_of(program.get(f"/audit-events?since={wrong}"))] == ["since"]
    assert errors_of(program.get("/audit-events?since=2026-01-01&action=x")) == {
        "since": "invalid",
        "action": "invalid_choice",
    }


def test_branding_is_read(acme, program):
    url = f"/environments/{acme.dev.pk}/branding"
    assert program.get(url).json()["is_default"] is True
    branding.brand(acme.dev)
    look = program.get(url).json()
    assert look["is_default"] is False and look["logo_url"].startswith("http://testserver/sign-in/acme/dev/branding/")
    assert program.client.get(look["logo_url"]).status_code == 200

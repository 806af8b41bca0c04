"""Access control: who administers the workspace, their roles, and how they go."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workspace.actions.administrators import change_role, remove_administrator
from workspace.actions.second_factors import require_second_factor
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import Item, page_url
from workspace.console.permissions import Permission, may, require, to_give
from workspace.console.presenters import present
from workspace.console.proof import OPENED_RECENTLY
from workspace.console.second_factor import ask_for_second_factor, has_second_factor
from workspace.db.paging import numbered_list
from workspace.forms import SearchForm, sent
from workspace.forms.administrators import ROLE_HINTS, RoleForm
from workspace.models import Administrator, AdministratorInvitation, ChangeEvent, Environment, Workspace
from workspace.words import count

RECENT_CHANGES = 10
_TONES = {AdministratorInvitation.State.WAITING: "info", AdministratorInvitation.State.EXPIRED: "warning"}


@console
def index(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Show the administrators of the workspace, who is invited, and what has changed."""
    workspace, now, form = environment.workspace, timezone.now(), SearchForm(request.GET)
    page = numbered_list(workspace.administrators.matching(form.text()), request.GET.get("page"))
    invitations = workspace.administrator_invitations.open().select_related("mail")
    context = {
        "form": form,
        "page_obj": page,
        "rows": [_row(request, each) for each in page.rows],
        "invitations": [_invitation_row(request, each, now) for each in invitations],
        "events": present(ChangeEvent.objects.of(workspace).latest_about(RECENT_CHANGES, workspace.pk), environment),
        "list_url": page_url("workspace:access-control", environment),
    }
    return render(request, "workspace/access/index.html", context)


@console(needs=Permission.MANAGE_ADMINISTRATORS, recent=OPENED_RECENTLY)
def role(request: ConsoleRequest, environment: Environment, administrator: UUID) -> HttpResponse:
    """Give an administrator another role."""
    found = _administrator(request, environment, administrator)
    form = RoleForm(sent(request), by=request.administrator, initial={"role": found.role})
    if form.is_valid():
        with refusals_in_form(form):
            is_changed = change_role(administrator=found, role=form.chosen(), by=request.actor, now=timezone.now())
            _keep_own_session(request, found)
            done = (
                _("%(user)s is %(label)s now.") % {"user": found.user, "label": form.chosen().label}
                if is_changed
                else _("Nothing was changed.")
            )
            messages.success(request, done)
            return redirect(page_url("workspace:access-control", environment))
    return render(request, "workspace/access/role.html", {"form": form, **_about(request, environment, found)})


@console(needs=Permission.MANAGE_ADMINISTRATORS, recent=OPENED_RECENTLY)
def remove(request: ConsoleRequest, environment: Environment, administrator: UUID) -> HttpResponse:
    """Confirm with the effect, then take the role from somebody else."""
    found = _administrator(request, environment, administrator)
    if found == request.administrator:
        return redirect(page_url("workspace:access-control-leave", environment))
    if request.method == "POST":
        remove_administrator(administrator=found, by=request.actor, now=timezone.now())
        messages.warning(
            request,
            _("%(user)s was removed from %(workspace)s and is signed out.")
            % {"user": found.user, "workspace": environment.workspace},
        )
        return redirect(page_url("workspace:access-control", environment))
    context = {
        "effect": _("%(user)s can no longer open %(workspace)s, and is signed out at once.")
        % {"user": found.user, "workspace": environment.workspace},
        "notes": [
            *_notes_on_what_they_made(found),
            _("The account stays. You can invite this person again at any time."),
        ],
        "submit": _("Remove administrator"),
        **_about(request, environment, found),
    }
    return render(request, "workspace/access/remove.html", context)


@console
def leave(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Confirm, then take the role from oneself."""
    found, workspace = request.administrator, environment.workspace
    if request.method == "POST":
        remove_administrator(administrator=found, by=request.actor, now=timezone.now())
        _keep_own_session(request, found)
        messages.success(request, _("You have left %(workspace)s.") % {"workspace": workspace})
        return redirect("workspace:home")
    context = {
        "effect": _("You can no longer open %(workspace)s.") % {"workspace": workspace},
        "notes": [*_notes_on_what_they_made(found), _("To come back, ask an owner or admin to invite you again.")],
        "submit": _("Leave workspace"),
        **_about(request, environment, found),
    }
    return render(request, "workspace/access/leave.html", context)


@console(needs=Permission.MANAGE_OWNERS, recent=OPENED_RECENTLY)
def second_factor(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Confirm with numbers, then require a second factor of all administrators, or require it no longer."""
    workspace, list_url = environment.workspace, page_url("workspace:access-control", environment)
    if request.method == "POST":
        is_required = request.POST.get("is_required") == "true"
        if is_required and not has_second_factor(request):
            return ask_for_second_factor(request)
        is_changed = require_second_factor(workspace=workspace, is_required=is_required, by=request.actor)
        tell = messages.success if is_required or not is_changed else messages.warning
        tell(request, _decided(workspace, is_required) if is_changed else _("Nothing was changed."))
        return redirect(list_url)
    without = list(workspace.administrators.without_second_factor().select_related("user"))
    context = {
        "is_required": workspace.requires_second_factor,
        "must_begin_with_own": not has_second_factor(request),
        "names": [each.name for each in without],
        "list_url": list_url,
    }
    return render(request, "workspace/access/second_factor.html", context)


def _decided(workspace: Workspace, is_required: bool) -> str:
    if is_required:
        return _("%(workspace)s requires a second factor of its administrators.") % {"workspace": workspace}
    return _("%(workspace)s no longer requires a second factor of its administrators.") % {"workspace": workspace}


def _administrator(request: ConsoleRequest, environment: Environment, pk: UUID) -> Administrator:
    """Return an administrator whose role the one who asks may change."""
    found = get_object_or_404(environment.workspace.administrators.select_related("user"), pk=pk)
    found.workspace = environment.workspace
    require(request.administrator, to_give(found.role))
    return found


def _about(request: ConsoleRequest, environment: Environment, found: Administrator) -> dict[str, object]:
    """Return what each page about one administrator shows."""
    return {
        "found": found,
        "is_self": found == request.administrator,
        "is_last_owner": found.is_last_owner,
        "role_hints": ROLE_HINTS,
        "list_url": page_url("workspace:access-control", environment),
    }


def _row(request: ConsoleRequest, found: Administrator) -> dict[str, object]:
    """Return an administrator as the list shows them, with what the one who looks may do."""
    environment, is_self = request.environment, found == request.administrator
    items: list[Item] = []
    if may(request.administrator, to_give(found.role)):
        role_url = page_url("workspace:administrator-role", environment, administrator=found.pk)
        items.append({"label": _("Change role"), "url": role_url})
        if not is_self:
            remove_url = page_url("workspace:administrator-remove", environment, administrator=found.pk)
            items.append({"label": _("Remove"), "url": remove_url, "danger": True})
    if is_self:
        leave_url = page_url("workspace:access-control-leave", environment)
        items.append({"label": _("Leave workspace"), "url": leave_url, "danger": True})
    return {"administrator": found, "is_self": is_self, "menu": items}


def _invitation_row(request: ConsoleRequest, invitation: AdministratorInvitation, now: datetime) -> dict[str, object]:
    environment, state = request.environment, invitation.state(now)
    urls = {
        what: page_url(f"workspace:administrator-invitation-{what}", environment, invitation=invitation.pk)
        for what in ("resend", "withdraw")
    }
    items: list[Item] = [
        {"label": _("Send again"), "url": urls["resend"], "method": "post"},
        {"label": _("Withdraw"), "url": urls["withdraw"], "method": "post", "danger": True},
    ]
    return {
        "invitation": invitation,
        "state": state.label,
        "tone": _TONES[state],
        "is_expired": state == AdministratorInvitation.State.EXPIRED,
        "is_undelivered": bool(invitation.mail and invitation.mail.is_undelivered),
        "menu": items if may(request.administrator, to_give(invitation.role)) else [],
    }


def _notes_on_what_they_made(found: Administrator) -> list[str]:
    invitations = found.workspace.administrator_invitations.open().sent_by(found).count()
    tokens = found.workspace.api_tokens.live().made_by(str(found.pk)).count()
    notes = (
        [
            ngettext(
                "%(invitations)s from this person will be withdrawn.",
                "%(invitations)s from this person will be withdrawn.",
                invitations,
            )
            % {"invitations": count(invitations, "open invitation", "open invitations")}
        ]
        if invitations
        else []
    )
    if tokens:
        notes.append(
            ngettext(
                "%(tokens)s that this person made will go on working. See API tokens.",
                "%(tokens)s that this person made will go on working. See API tokens.",
                tokens,
            )
            % {"tokens": count(tokens, "API token", "API tokens")}
        )
    return notes


def _keep_own_session(request: ConsoleRequest, changed: Administrator) -> None:
    """Keep this browser signed in, with a new key, when one's own role has changed; other browsers are signed out."""
    if changed.user_id == request.user.pk:
        request.user.refresh_from_db()
        update_session_auth_hash(request, request.user)

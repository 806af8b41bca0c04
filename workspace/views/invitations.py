"""Invitations of administrators, as those see them who send them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from workspace.actions.invitations import invite_administrator, resend_invitation, withdraw_invitation
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission, require, to_give
from workspace.console.proof import OPENED_RECENTLY, RECENT
from workspace.forms import sent
from workspace.forms.administrators import ROLE_HINTS, InvitationForm
from workspace.isolation import isolated
from workspace.models import Administrator, AdministratorInvitation, Environment


@console(needs=Permission.MANAGE_ADMINISTRATORS, recent=OPENED_RECENTLY)
def invite(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Invite an administrator by mail."""
    form = InvitationForm(sent(request), by=request.administrator, initial={"role": Administrator.Role.ADMIN})
    list_url = page_url("workspace:access-control", environment)
    if form.is_valid():
        email = form.cleaned_data["email"]
        with refusals_in_form(form):
            invite_administrator(
                workspace=environment.workspace,
                email=email,
                role=form.chosen(),
                by=request.actor,
                now=timezone.now(),
            )
            messages.success(
                request,
                _("An invitation is on its way to %(email)s. Its link works for 7 days.") % {"email": isolated(email)},
            )
            return redirect(list_url)
    return render(
        request, "workspace/access/invite.html", {"form": form, "list_url": list_url, "role_hints": ROLE_HINTS}
    )


@console(needs=Permission.MANAGE_ADMINISTRATORS, recent=RECENT)
def resend(request: ConsoleRequest, environment: Environment, invitation: UUID) -> HttpResponse:
    """Send an invitation again, with a new link."""
    found = _invitation(request, environment, invitation)
    if request.method == "POST":
        resend_invitation(invitation=found, by=request.actor, now=timezone.now())
        messages.success(
            request,
            _("A new invitation is on its way to %(found)s. The link of the old mail no longer works.")
            % {"found": found},
        )
    return redirect(page_url("workspace:access-control", environment))


@console(needs=Permission.MANAGE_ADMINISTRATORS)
def withdraw(request: ConsoleRequest, environment: Environment, invitation: UUID) -> HttpResponse:
    """Withdraw an invitation."""
    found = _invitation(request, environment, invitation)
    if request.method == "POST":
        withdraw_invitation(invitation=found, by=request.actor, now=timezone.now())
        messages.success(
            request, _("The invitation of %(found)s was withdrawn. Its link no longer works.") % {"found": found}
        )
    return redirect(page_url("workspace:access-control", environment))


def _invitation(request: ConsoleRequest, environment: Environment, pk: UUID) -> AdministratorInvitation:
    """Return an invitation to a role that the one who asks may give."""
    found = get_object_or_404(environment.workspace.administrator_invitations, pk=pk)
    found.workspace = environment.workspace
    require(request.administrator, to_give(found.role))
    return found

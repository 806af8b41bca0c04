"""The link in the mail of an invitation, by which an administrator joins a workspace."""

from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from workspace.actions.invitations import (
    INACTIVE,
    accept_invitation,
    accept_with_new_account,
    needs_password,
    why_dead,
)
from workspace.console.acting import refusals_in_form
from workspace.console.middleware import IdentifiedRequest
from workspace.console.second_step import enter
from workspace.forms import sent
from workspace.forms.administrators import NewAccountForm
from workspace.models import Administrator, AdministratorInvitation, User
from workspace.refusals import ActionError
from workspace.visits import Visit


@never_cache
@sensitive_post_parameters()
def accept(request: IdentifiedRequest) -> HttpResponse:
    """Accept an invitation. Only the POST uses the link up, because mail programs open links to check them."""
    token, now = request.POST.get("token", request.GET.get("token", "")), timezone.now()
    invitation = AdministratorInvitation.objects.select_related("workspace").opened_by(token).first()
    if invitation is None or why_dead(invitation, now):
        return _page(request, invitation, token, {"dead": why_dead(invitation, now)}, status=410)
    account = User.objects.filter(email_key=invitation.email_key).first()
    if account and not account.is_active:
        return _page(request, invitation, token, {"dead": INACTIVE % {"email": account}}, status=403)
    if request.user.is_authenticated:
        return _accept_signed_in(request, invitation, token)
    if needs_password(account):
        return _accept_new(request, invitation, token)
    sign_in_url = f"{reverse('workspace:sign-in')}?{urlencode({'next': _link(token)})}"
    return _page(request, invitation, token, {"sign_in_url": sign_in_url})


@never_cache
def switch_account(request: HttpRequest) -> HttpResponse:
    """Sign out of another account, and come back to the invitation."""
    token = request.POST.get("token", "")
    if request.method == "POST":
        logout(request)
    return redirect(_link(token))


def _accept_signed_in(request: IdentifiedRequest, invitation: AdministratorInvitation, token: str) -> HttpResponse:
    user = cast(User, request.user)
    if user.email_key != invitation.email_key:
        return _page(request, invitation, token, {"is_other_account": True})
    if request.method != "POST":
        return _page(request, invitation, token, {"may_accept": True})
    try:
        accept_invitation(token=token, user=user, visit=Visit.of(request), now=timezone.now())
    except ActionError as refusal:
        messages.error(request, refusal.message)
        return redirect("workspace:home")
    request.session.cycle_key()
    return _welcome(request, invitation)


def _accept_new(request: IdentifiedRequest, invitation: AdministratorInvitation, token: str) -> HttpResponse:
    form = NewAccountForm(sent(request), email=invitation.email)
    if form.is_valid():
        with refusals_in_form(form):
            administrator = accept_with_new_account(
                token=token,
                full_name=form.cleaned_data["full_name"],
                password=form.cleaned_data["password"],
                visit=Visit.of(request),
                now=timezone.now(),
            )
            welcome = _welcome(request, invitation)
            return enter(request, administrator.user, welcome.url)
    return _page(request, invitation, token, {"form": form})


def _welcome(request: HttpRequest, invitation: AdministratorInvitation) -> HttpResponseRedirect:
    role = Administrator.Role(invitation.role).label
    messages.success(
        request,
        _("Welcome to %(workspace)s. You are %(role)s here.") % {"workspace": invitation.workspace, "role": role},
    )
    return redirect("workspace:workspace", workspace=invitation.workspace.slug)


def _page(
    request: HttpRequest,
    invitation: AdministratorInvitation | None,
    token: str,
    context: dict[str, object],
    status: int = 200,
) -> HttpResponse:
    shown = {"invitation": invitation, "token": token, **context}
    return render(request, "workspace/access/accept.html", shown, status=status)


def _link(token: str) -> str:
    return f"{reverse('workspace:invitation')}?{urlencode({'token': token})}"

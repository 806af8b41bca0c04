"""The SCIM tokens of a provider: a new one, one shown again, one revoked."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from provisioning.actions.tokens import Retirement, reveal_token, revoke_token, rotate_token
from provisioning.forms import NewTokenForm
from provisioning.models import ProvisioningConnection, ScimToken
from provisioning.views.providers import about, connection_or_404, setup_url, to_setup
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.permissions import Permission, may
from workspace.console.proof import OPENED_RECENTLY, RECENT, is_proved, take_password
from workspace.console.responses import with_wait
from workspace.crypto import UnsealError, seal, unseal
from workspace.forms import sent
from workspace.forms.sign_in import PasswordForm
from workspace.isolation import isolated
from workspace.models import Environment

# A token that was just made, sealed, until the next page has shown it.
_NEW_TOKEN = "new_scim_token"


@console(needs=Permission.SEE_SECRETS, recent=RECENT)
def new(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Ask when the old token retires, then make a new one beside it or in its place."""
    connection = connection_or_404(environment, provider)
    old = connection.tokens.live().first()
    form = NewTokenForm(sent(request), has_old=old is not None)
    if form.is_valid():
        asked = {"retirement": Retirement.AT_ONCE} | form.cleaned_data
        with refusals_in_form(form):
            clear = rotate_token(connection=connection, **asked, now=timezone.now(), by=request.actor)
            hand_over(request, connection, clear)
            return redirect(f"{setup_url('provisioning:setup', connection.environment_provider)}?method=scim#tokens")
    name = {"provider": isolated(connection.name)}
    hints = {
        Retirement.FIRST_USE: _("Both work until %(provider)s sends its first request with the new one.") % name,
        Retirement.DATE: _("Both work until then."),
        Retirement.AT_ONCE: _("%(provider)s is refused until you have given it the new one.") % name,
    }
    context = {"form": form, "hints": hints, "old": old} | about(connection.environment_provider)
    return render(request, "provisioning/setup/new_token.html", context)


@console(needs=Permission.SEE_SECRETS)
@sensitive_post_parameters("password")
def reveal(request: ConsoleRequest, environment: Environment, provider: UUID, token: UUID) -> HttpResponse:
    """Show a token in clear once more, each time after the administrator's password."""
    connection = connection_or_404(environment, provider)
    scim_token = _live_token(connection, token)
    if not scim_token.is_revealable:
        raise Http404
    form = PasswordForm(sent(request))
    clear, wait = "", timedelta(0)
    if form.is_valid():
        wait = take_password(request, form)
        if not form.errors:
            with refusals_in_form(form):
                clear = reveal_token(token=scim_token, by=request.actor)
    context = {"form": form, "clear": clear, "token": scim_token} | about(connection.environment_provider)
    return with_wait(render(request, "provisioning/setup/reveal.html", context), wait)


@console(needs=Permission.MANAGE_PROVISIONING, recent=OPENED_RECENTLY)
def revoke(request: ConsoleRequest, environment: Environment, provider: UUID, token: UUID) -> HttpResponse:
    """Ask with the effect, then end a token."""
    connection = connection_or_404(environment, provider)
    scim_token = _live_token(connection, token)
    if request.method == "POST":
        revoke_token(token=scim_token, by=request.actor)
        messages.success(request, _("The SCIM token %(token)s was revoked.") % {"token": scim_token.masked})
        return to_setup(connection.environment_provider, method="scim")
    other = connection.tokens.live().exclude(pk=scim_token.pk).first()
    context = {"token": scim_token, "other": other} | about(connection.environment_provider)
    return render(request, "provisioning/setup/revoke.html", context)


def hand_over(request: ConsoleRequest, connection: ProvisioningConnection, clear: str) -> None:
    """Keep a new token for the one page that shows it; sealed, because sessions are rows of the database."""
    request.session[_NEW_TOKEN] = [str(connection.pk), seal(clear)]


def token_to_show(request: ConsoleRequest, connection: ProvisioningConnection) -> str:
    """Return the token to show in clear: one just made; until SCIM is saved the first, after a recent password."""
    if not may(request.administrator, Permission.SEE_SECRETS):
        return ""
    for_connection, sealed = request.session.get(_NEW_TOKEN, ("", ""))
    if for_connection == str(connection.pk):
        del request.session[_NEW_TOKEN]
        return unseal(sealed)
    first = connection.tokens.live().first() if connection.is_new and is_proved(request, OPENED_RECENTLY) else None
    try:
        return unseal(first.sealed) if first and first.is_revealable else ""
    except UnsealError:
        return ""


def _live_token(connection: ProvisioningConnection, pk: UUID) -> ScimToken:
    token = get_object_or_404(connection.tokens.live(), pk=pk)
    token.connection = connection
    return token

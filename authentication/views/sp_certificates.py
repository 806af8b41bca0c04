"""Our own certificate: download, creation and rollover. Its part of the page is in Sign-in settings."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from authentication.actions.service_provider import (
    cancel_rollover,
    ensure_signing_key,
    finish_rollover,
    start_rollover,
)
from authentication.models import ServiceProviderKey
from authentication.views.provider_settings import manages_settings, settings_url
from authentication.views.providers import get_environment_provider
from workspace.console.acting import refusals_as_messages
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.methods import post_only
from workspace.models import Environment

State = ServiceProviderKey.State


@console
def download(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Serve a published certificate as a file: the active one, or with ?next the one of the rollover."""
    get_environment_provider(environment, provider)
    state = State.NEXT if "next" in request.GET else State.ACTIVE
    key = environment.workspace.service_provider_keys.filter(state=state).first()
    if key is None:
        raise Http404
    response = HttpResponse(key.certificate, content_type="application/x-pem-file")
    response["Content-Disposition"] = f'attachment; filename="sp-certificate-{state}.pem"'
    return response


@post_only("authentication:provider-settings")
@manages_settings
def create(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Create the workspace's first certificate before it is needed."""
    get_environment_provider(environment, provider)
    with refusals_as_messages(request):
        ensure_signing_key(environment.workspace, by=request.actor, now=timezone.now())
        messages.success(request, _("The SP certificate was created. It stands in the SP metadata now."))
    return redirect(settings_url("settings", environment, provider))


@post_only("authentication:provider-settings")
@manages_settings
def start(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Create the next certificate."""
    done = _("The rollover has started. Give the next certificate to your identity providers, then finish it.")
    return _roll(request, provider, start_rollover, done)


@post_only("authentication:provider-settings")
@manages_settings
def finish(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Put the next certificate in force."""
    return _roll(request, provider, finish_rollover, _("The rollover is finished: the new certificate signs now."))


@post_only("authentication:provider-settings")
@manages_settings
def cancel(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Withdraw the next certificate."""
    return _roll(request, provider, cancel_rollover, _("The rollover was cancelled. The active certificate stays."))


def _roll(request: ConsoleRequest, provider: UUID, action: Callable[..., object], done: str) -> HttpResponse:
    get_environment_provider(request.environment, provider)
    with refusals_as_messages(request):
        action(workspace=request.environment.workspace, by=request.actor, now=timezone.now())
        messages.success(request, done)
    return redirect(settings_url("settings", request.environment, provider))

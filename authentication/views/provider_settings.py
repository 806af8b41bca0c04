"""The page Sign-in settings of a provider: signed requests, attributes, our own certificate, SHA-1."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_POST

from authentication.actions.provider_settings import set_attributes, switch_request_signing, switch_sha1
from authentication.actions.service_provider import cancel_rollover, finish_rollover, signing_key, start_rollover
from authentication.forms import AttributesForm
from authentication.models import ServiceProviderKey
from authentication.saml.certificates import parse_certificates
from authentication.views.providers import certificate_badge, get_environment_provider, list_url
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY
from workspace.forms import sent
from workspace.models import Environment
from workspace.refusals import ActionError

State = ServiceProviderKey.State

_ROUTES = ("signing", "sha1", "sp-certificate", "sp-create", "rollover-start", "rollover-finish", "rollover-cancel")
_STATES = {
    State.ACTIVE: {"word": "Active: signs and decrypts", "tone": "success"},
    State.NEXT: {"word": "Next: published", "tone": "info"},
}
_BINDINGS = {"redirect": "Redirect", "post": "POST"}
# Everything here is reached from one page, which opens only with a recent proof.
_manages = console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)


@_manages
def settings(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """The whole page; a POST names the attributes."""
    environment_provider = get_environment_provider(environment, provider)
    found = environment_provider.identity_provider
    form = AttributesForm(sent(request), provider=found)
    if form.is_valid():
        with refusals_in_form(form):
            changed = set_attributes(environment_provider=environment_provider, by=request.actor, **form.cleaned_data)
            messages.success(request, f"The attributes were {'saved' if changed else 'not changed'}.")
            return _back(environment, provider)
    keys = list(environment.workspace.service_provider_keys.published())
    context = {
        "provider": found,
        "form": form,
        "keys": [_described(key, timezone.now()) for key in keys],
        "is_rolling_over": any(key.state == State.NEXT for key in keys),
        "single_logout": [
            {"label": "At the identity provider", "value": found.slo_url, "mono": True},
            {"label": "By", "value": f"HTTP {_BINDINGS.get(found.slo_binding, '')}"},
        ],
        "list_url": list_url(environment),
        "urls": {route.replace("-", "_"): _url(route, environment, provider) for route in _ROUTES},
    }
    return render(request, "authentication/providers/settings.html", context)


@require_POST
@_manages
def signing_switch(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Sign AuthnRequests, or not."""
    environment_provider = get_environment_provider(environment, provider)
    found, is_enabled = environment_provider.identity_provider, request.POST.get("is_enabled") == "true"
    done = f"AuthnRequests to {found} are {'signed' if is_enabled else 'not signed'} from now on."
    return _act(
        request,
        provider,
        lambda: switch_request_signing(
            environment_provider=environment_provider, is_enabled=is_enabled, by=request.actor
        ),
        done,
    )


@require_POST
@_manages
def sha1_switch(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Accept SHA-1, or not."""
    environment_provider = get_environment_provider(environment, provider)
    found, is_enabled = environment_provider.identity_provider, request.POST.get("is_enabled") == "true"
    done = f"SHA-1 signatures of {found} are {'accepted' if is_enabled else 'refused'} from now on."
    return _act(
        request,
        provider,
        lambda: switch_sha1(environment_provider=environment_provider, is_enabled=is_enabled, by=request.actor),
        done,
    )


@console
def sp_certificate(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """A published certificate as a file: the active one, or with ?next the one of the rollover."""
    get_environment_provider(environment, provider)
    state = State.NEXT if "next" in request.GET else State.ACTIVE
    key = environment.workspace.service_provider_keys.filter(state=state).first()
    if key is None:
        raise Http404
    response = HttpResponse(key.certificate, content_type="application/x-pem-file")
    response["Content-Disposition"] = f'attachment; filename="sp-certificate-{state}.pem"'
    return response


@require_POST
@_manages
def create_key(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Make the workspace's first certificate before it is needed."""
    get_environment_provider(environment, provider)
    done = "The SP certificate was created. It stands in the SP metadata now."
    return _act(request, provider, lambda: signing_key(environment.workspace, by=request.actor), done)


@require_POST
@_manages
def start(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Make the next certificate."""
    done = "The rollover has started. Give the next certificate to your identity providers, then finish it."
    return _roll(request, provider, start_rollover, done)


@require_POST
@_manages
def finish(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Put the next certificate in force."""
    return _roll(request, provider, finish_rollover, "The rollover is finished: the new certificate signs now.")


@require_POST
@_manages
def cancel(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Take the next certificate back."""
    return _roll(request, provider, cancel_rollover, "The rollover was cancelled. The active certificate stays.")


def _roll(request: ConsoleRequest, provider: UUID, action: Callable[..., Any], done: str) -> HttpResponse:
    get_environment_provider(request.environment, provider)
    workspace = request.environment.workspace
    return _act(request, provider, lambda: action(workspace=workspace, by=request.actor), done)


def _act(request: ConsoleRequest, provider: UUID, action: Callable[[], Any], done: str) -> HttpResponse:
    """Change something, say so or why not, and show the page again."""
    try:
        action()
        messages.success(request, done)
    except ActionError as error:
        messages.error(request, error.message)
    return _back(request.environment, provider)


def _back(environment: Environment, provider: UUID) -> HttpResponse:
    return redirect(_url("settings", environment, provider))


def _described(key: ServiceProviderKey, now: datetime) -> dict[str, Any]:
    (certificate,) = parse_certificates(key.certificate)
    return {
        "badge": _STATES[State(key.state)],
        "expiry": certificate_badge(certificate, now),
        "query": "?next" if key.state == State.NEXT else "",
        "facts": [
            {"label": "Subject", "value": certificate.subject},
            {"label": "SHA-256 fingerprint", "value": certificate.fingerprint, "mono": True},
            {"label": "Key", "value": certificate.key_description},
            {"label": "Valid until", "value": date_format(certificate.not_after, "j F Y")},
        ],
    }


def _url(route: str, environment: Environment, provider: UUID) -> str:
    return page_url(f"authentication:provider-{route}", environment, provider=provider)

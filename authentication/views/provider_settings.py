"""The page Sign-in settings of a provider: signed requests, attributes, our own certificate, SHA-1."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.conf import settings as site
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from authentication.actions.provider_settings import (
    set_attributes,
    switch_idp_initiated,
    switch_request_signing,
    switch_sha1,
)
from authentication.forms.providers import AttributesForm
from authentication.guides import GUIDES
from authentication.models import ServiceProviderKey
from authentication.views.described import described_key
from authentication.views.providers import get_environment_provider, list_url
from workspace.console.acting import refusals_as_messages, refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.methods import post_only
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY
from workspace.forms import sent
from workspace.models import Environment

_ROUTES = (
    "signing",
    "idp-initiated",
    "sha1",
    "sp-certificate",
    "sp-create",
    "rollover-start",
    "rollover-finish",
    "rollover-cancel",
)
_BINDINGS = {"redirect": "Redirect", "post": "POST"}
# Everything here is reached from one page, which opens only with a recent proof.
manages_settings = console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)


def settings_url(route: str, environment: Environment, provider: UUID) -> str:
    """Return the URL of the page Sign-in settings (`settings`) or of one of its buttons."""
    return page_url(f"authentication:provider-{route}", environment, provider=provider)


@manages_settings
def settings(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Show the whole page; a POST sets the attribute names."""
    environment_provider = get_environment_provider(environment, provider)
    found = environment_provider.identity_provider
    form = AttributesForm(sent(request), provider=found)
    if form.is_valid():
        with refusals_in_form(form):
            changed = set_attributes(environment_provider=environment_provider, by=request.actor, **form.cleaned_data)
            messages.success(
                request, _("The attributes were saved.") if changed else _("The attributes were not changed.")
            )
            return redirect(settings_url("settings", environment, provider))
    keys = list(environment.workspace.service_provider_keys.published())
    context = {
        "provider": found,
        "form": form,
        "keys": [described_key(key, timezone.now()) for key in keys],
        "is_rolling_over": any(key.state == ServiceProviderKey.State.NEXT for key in keys),
        "single_logout": [
            {"label": _("At the identity provider"), "value": found.slo_url, "mono": True},
            {"label": _("By"), "value": f"HTTP {_BINDINGS.get(found.slo_binding, '')}"},
        ],
        "guide": GUIDES[found.vendor],
        "sign_in_url": f"{site.ORIGIN}{page_url('end_user:sign-in', environment)}",
        "list_url": list_url(environment),
        "urls": {route.replace("-", "_"): settings_url(route, environment, provider) for route in _ROUTES},
    }
    return render(request, "authentication/providers/settings.html", context)


@post_only("authentication:provider-settings")
@manages_settings
def signing_switch(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Sign AuthnRequests, or stop signing them."""
    told = (
        _("AuthnRequests to %(provider)s are signed from now on."),
        _("AuthnRequests to %(provider)s are not signed from now on."),
    )
    return _switched(request, environment, provider, partial(switch_request_signing, now=timezone.now()), told)


@post_only("authentication:provider-settings")
@manages_settings
def idp_initiated_switch(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Let sign-ins that begin at the IdP go on by themselves, or show a button first."""
    told = (
        _("Sign-ins that begin at %(provider)s go on by themselves."),
        _("Sign-ins that begin at %(provider)s lead to a button first."),
    )
    return _switched(request, environment, provider, switch_idp_initiated, told)


@post_only("authentication:provider-settings")
@manages_settings
def sha1_switch(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Accept SHA-1 in signatures, or refuse it."""
    told = (
        _("SHA-1 signatures of %(provider)s are accepted from now on."),
        _("SHA-1 signatures of %(provider)s are refused from now on."),
    )
    return _switched(request, environment, provider, switch_sha1, told)


def _switched(
    request: ConsoleRequest,
    environment: Environment,
    provider: UUID,
    switch: Callable[..., bool],
    told: tuple[str, str],
) -> HttpResponse:
    """Set a switch as its form asks, and tell that it is on (the first sentence) or off."""
    environment_provider = get_environment_provider(environment, provider)
    is_enabled = request.POST.get("is_enabled") == "true"
    with refusals_as_messages(request):
        switch(environment_provider=environment_provider, is_enabled=is_enabled, by=request.actor)
        sentence = told[0] if is_enabled else told[1]
        messages.success(request, sentence % {"provider": environment_provider.identity_provider})
    return redirect(settings_url("settings", environment, provider))

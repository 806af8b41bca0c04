"""The tab Authentication: how end users sign in to one environment."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import get_text_list
from django.views.decorators.http import require_POST

from authentication.actions.policies import switch_password, switch_saml
from authentication.models import EnvironmentPolicy, EnvironmentProvider, IdentityProvider
from authentication.views.described import expiry_badge
from workspace.console.acting import refusals_as_messages
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import authentication_and_groups_tabs, page_url
from workspace.console.permissions import Permission, may
from workspace.console.proof import RECENT
from workspace.models import Environment
from workspace.words import together

Enforcement = EnvironmentProvider.Enforcement
State = EnvironmentProvider.State

_TONES = {State.ON: "success", State.OFF: "neutral", State.UNFINISHED: "warning"}


@console
def environment(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Show the switches, the providers in use, and those of other environments."""
    may_change = may(request.administrator, Permission.MANAGE_SIGN_IN)
    providers = environment.providers.listed().prefetch_related("identity_provider__certificates")
    now = timezone.now()
    context = {
        "tabs": authentication_and_groups_tabs(request),
        "policy": EnvironmentPolicy.objects.of(environment),
        "rows": [_row(environment, each, may_change, now) for each in providers],
        "offers": [_offer(environment, provider) for provider in _offered(environment)],
        "create_url": page_url("authentication:provider-create", environment),
        "saml_url": page_url("authentication:saml-switch", environment),
        "password_url": page_url("authentication:password-switch", environment),
    }
    return render(request, "authentication/environment.html", context)


@require_POST
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def saml_switch(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Switch SAML-based SSO authentication on or off."""
    return _switch(request, environment, switch_saml, "SAML-based SSO authentication")


@require_POST
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def password_switch(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Switch password authentication on or off."""
    return _switch(request, environment, switch_password, "Password authentication")


def _switch(request: ConsoleRequest, environment: Environment, action: Callable[..., bool], label: str) -> HttpResponse:
    is_enabled = request.POST.get("is_enabled") == "true"
    with refusals_as_messages(request):
        action(environment=environment, is_enabled=is_enabled, by=request.actor)
        messages.success(request, f"{label} is {'on' if is_enabled else 'off'} in {environment}.")
    return redirect(page_url("authentication:environment", environment))


def _offered(environment: Environment) -> QuerySet[IdentityProvider]:
    providers = environment.workspace.identity_providers.offered_to(environment)
    return providers.prefetch_related("environment_providers__environment")


def _offer(environment: Environment, provider: IdentityProvider) -> dict[str, object]:
    """Return a provider of other environments, as the list shows it."""
    used_in = sorted(
        (each.environment for each in provider.environment_providers.all()), key=lambda each: each.position
    )
    return {
        "provider": provider,
        "used_in": get_text_list([each.name for each in used_in], "and"),
        "use_url": page_url("authentication:provider-use", environment, provider=provider.pk),
    }


def _row(
    environment: Environment, environment_provider: EnvironmentProvider, may_change: bool, now: datetime
) -> dict[str, object]:
    """Return a provider that this environment uses, as the list shows it."""
    provider = environment_provider.identity_provider
    last = next(iter(provider.certificates.all()), None)
    return {
        "environment_provider": environment_provider,
        "provider": provider,
        "menu_id": f"provider-menu-{provider.pk}",
        "tone": _TONES[environment_provider.state],
        "certificate": expiry_badge(last, now) if last else None,
        "enforcement": _enforcement_words(environment_provider),
        "button": _button(environment, environment_provider) if may_change else None,
        "menu": _menu(environment, environment_provider, may_change),
    }


def _enforcement_words(environment_provider: EnvironmentProvider) -> str:
    if environment_provider.enforcement == Enforcement.NO_ONE:
        return "Enforced for no one yet"
    is_selective = environment_provider.enforcement == Enforcement.SELECTED_DOMAINS
    whom = together(environment_provider.domain_names) if is_selective else "all domains"
    later = {State.ON: "", State.OFF: " once turned on", State.UNFINISHED: " once set up"}
    return f"Enforced for {whom}{later[environment_provider.state]}"


def _button(environment: Environment, environment_provider: EnvironmentProvider) -> dict[str, str] | None:
    """Return the button with the next step of a provider; None if there is none."""
    if environment_provider.state == State.UNFINISHED:
        return {
            "label": "Continue set-up",
            "url": _url("authentication:provider-connect", environment, environment_provider),
        }
    if not environment_provider.is_method_chosen:
        return {"label": "Set up", "url": _url("provisioning:setup", environment, environment_provider)}
    return None


def _menu(
    environment: Environment, environment_provider: EnvironmentProvider, may_change: bool
) -> list[dict[str, object]]:
    """Return the ellipsis menu. Viewers get only the entries that read."""
    is_set_up = environment_provider.state != State.UNFINISHED
    turn = ("Turn off", "disable") if environment_provider.is_enabled else ("Turn on", "enable")
    entries: list[tuple[str, str, bool, dict[str, object]]] = [
        ("Edit", "authentication:provider-edit", may_change, {}),
        ("End user & group provisioning", "provisioning:setup", True, {}),
        ("Test sign-in", "authentication:provider-test", may_change and is_set_up, {}),
        ("Certificates", "authentication:provider-certificates", is_set_up, {}),
        ("Sign-in settings", "authentication:provider-settings", may_change and is_set_up, {}),
        ("Use in another environment", "authentication:provider-use", may_change and is_set_up, {}),
        (turn[0], f"authentication:provider-{turn[1]}", may_change and is_set_up, {"method": "post"}),
        ("Remove", "authentication:provider-remove", may_change, {"danger": True}),
    ]
    return [
        {"label": label, "url": _url(route, environment, environment_provider), **extra}
        for label, route, is_shown, extra in entries
        if is_shown
    ]


def _url(route: str, environment: Environment, environment_provider: EnvironmentProvider) -> str:
    return page_url(route, environment, provider=environment_provider.identity_provider_id)

"""What can be done with a provider that exists: turn on and off, use in other environments, remove."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.views.decorators.http import require_POST

from authentication.actions.identity_providers import (
    disable_provider,
    enable_provider,
    refuse_managed_people,
    remove_provider,
    use_provider,
)
from authentication.models import EnvironmentProvider, IdentityProvider, SigningCertificate
from authentication.saml.certificates import Certificate
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY, RECENT
from workspace.models import Environment
from workspace.refusals import ActionError

EXPIRES_SOON = timedelta(days=30)


def get_environment_provider(environment: Environment, provider: UUID) -> EnvironmentProvider:
    """The environment's use of a provider, or 404."""
    return get_object_or_404(environment.providers.listed(), identity_provider=provider)


def list_url(environment: Environment) -> str:
    """The tab that lists the environment's providers."""
    return page_url("authentication:environment", environment)


def certificate_badge(certificate: SigningCertificate | Certificate, now: datetime) -> dict[str, str] | None:
    """What to warn about, if anything."""
    day = date_format(certificate.not_after, "j M Y")
    if certificate.is_expired(now):
        return {"word": f"Certificate expired {day}", "tone": "danger"}
    if certificate.not_after < now + EXPIRES_SOON:
        return {"word": f"Certificate expires {day}", "tone": "warning"}
    return None


@require_POST
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def enable(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Turn on."""
    environment_provider = get_environment_provider(environment, provider)
    return _act(
        request,
        lambda: enable_provider(environment_provider=environment_provider, by=request.actor),
        f"{environment_provider.identity_provider} is on.",
    )


@require_POST
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def disable(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Turn off."""
    environment_provider = get_environment_provider(environment, provider)
    done = f"{environment_provider.identity_provider} is off: nobody can sign in to {environment} with it."
    return _act(request, lambda: disable_provider(environment_provider=environment_provider, by=request.actor), done)


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def use_elsewhere(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Choose an environment for a provider; a POST uses it in the environment of the URL."""
    found = get_object_or_404(environment.workspace.identity_providers, pk=provider)
    if request.method == "POST":
        done = f"{environment} uses {found} now. Nobody has to sign in with it yet."
        return _act(request, lambda: use_provider(provider=found, environment=environment, by=request.actor), done)
    used_in = set(found.environment_providers.values_list("environment", flat=True))
    context = {
        "provider": found,
        "choices": [_choice(each, found, used_in) for each in environment.workspace.environments.all()],
        "list_url": list_url(environment),
    }
    return render(request, "authentication/providers/use.html", context)


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def remove(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Ask with the effect in numbers, then end this environment's use of the provider."""
    environment_provider = get_environment_provider(environment, provider)
    if request.method == "POST":
        done = f"{environment_provider.identity_provider} was removed from {environment}."
        return _act(request, lambda: remove_provider(environment_provider=environment_provider, by=request.actor), done)
    context = {
        "provider": environment_provider.identity_provider,
        "refusal": _refusal(environment_provider),
        "setup_url": page_url("provisioning:setup", environment, provider=provider),
        "effect": f"{environment_provider.identity_provider} will no longer sign anybody in to {environment}.",
        "notes": _notes(environment, environment_provider.identity_provider),
        "list_url": list_url(environment),
    }
    return render(request, "authentication/providers/remove.html", context)


def _act(request: ConsoleRequest, action: Callable[[], Any], done: str) -> HttpResponse:
    """Change something, say so or why not, and show the list again."""
    try:
        action()
        messages.success(request, done)
    except ActionError as error:
        messages.error(request, error.message)
    return redirect(list_url(request.environment))


def _choice(environment: Environment, provider: IdentityProvider, used_in: set[UUID]) -> dict[str, Any]:
    return {
        "environment": environment,
        "is_used": environment.pk in used_in,
        "url": page_url("authentication:provider-use", environment, provider=provider.pk),
    }


def _refusal(environment_provider: EnvironmentProvider) -> str:
    try:
        refuse_managed_people(environment_provider)
    except ActionError as error:
        return error.message
    return ""


def _notes(environment: Environment, provider: IdentityProvider) -> list[str]:
    """What else follows from the removal."""
    people = environment.workspace.end_users.with_access_to(environment).count()
    others = [
        str(each.environment) for each in provider.environment_providers.exclude(environment=environment).listed()
    ]
    return [
        _kept_access(people, environment),
        f"{', '.join(others)} will go on using it."
        if others
        else "No other environment uses it: its connection and certificates will be deleted.",
    ]


def _kept_access(count: int, environment: Environment) -> str:
    if not count:
        return f"Nobody has access to {environment} yet."
    who = "1 end user has" if count == 1 else f"{count:,} end users have"
    return f"{who} access to {environment}. It stays, for the other ways to sign in."

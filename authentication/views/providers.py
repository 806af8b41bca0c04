"""What can be done with a provider that exists: turn on and off, use in another environment, remove."""

from typing import TypedDict
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from authentication.actions.identity_providers import (
    disable_provider,
    enable_provider,
    refuse_managed_people,
    remove_provider,
    use_provider,
)
from authentication.models import EnvironmentProvider, IdentityProvider
from workspace.console.acting import refusals_as_messages
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY, RECENT
from workspace.models import Environment
from workspace.refusals import ActionError
from workspace.words import count


class Choice(TypedDict):
    """An environment in which a provider may be used."""

    environment: Environment
    is_used: bool
    url: str


def get_environment_provider(environment: Environment, provider: UUID) -> EnvironmentProvider:
    """Return the environment's use of a provider, or raise 404."""
    found = get_object_or_404(environment.providers.listed(), identity_provider=provider)
    found.environment = environment
    return found


def list_url(environment: Environment) -> str:
    """Return the URL of the tab that lists the environment's providers."""
    return page_url("authentication:environment", environment)


@require_POST
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def enable(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Turn a provider on."""
    environment_provider = get_environment_provider(environment, provider)
    with refusals_as_messages(request):
        enable_provider(environment_provider=environment_provider, by=request.actor)
        messages.success(request, f"{environment_provider.identity_provider} is on.")
    return redirect(list_url(environment))


@require_POST
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def disable(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Turn a provider off."""
    environment_provider = get_environment_provider(environment, provider)
    with refusals_as_messages(request):
        disable_provider(environment_provider=environment_provider, by=request.actor)
        name = environment_provider.identity_provider
        messages.success(request, f"{name} is off: nobody can sign in to {environment} with it.")
    return redirect(list_url(environment))


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def use_elsewhere(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Choose an environment for a provider. A POST lets the environment of the URL use it."""
    found = get_object_or_404(environment.workspace.identity_providers, pk=provider)
    if request.method == "POST":
        with refusals_as_messages(request):
            use_provider(provider=found, environment=environment, by=request.actor)
            messages.success(request, f"{environment} uses {found} now. Nobody has to sign in with it yet.")
        return redirect(list_url(environment))
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
    found = environment_provider.identity_provider
    if request.method == "POST":
        with refusals_as_messages(request):
            remove_provider(environment_provider=environment_provider, by=request.actor)
            messages.success(request, f"{found} was removed from {environment}.")
        return redirect(list_url(environment))
    context = {
        "provider": found,
        "refusal": _refusal(environment_provider),
        "setup_url": page_url("provisioning:setup", environment, provider=provider),
        "effect": f"{found} will no longer sign anybody in to {environment}.",
        "notes": _notes(environment, found),
        "list_url": list_url(environment),
    }
    return render(request, "authentication/providers/remove.html", context)


def _choice(environment: Environment, provider: IdentityProvider, used_in: set[UUID]) -> Choice:
    return {
        "environment": environment,
        "is_used": environment.pk in used_in,
        "url": page_url("authentication:provider-use", environment, provider=provider.pk),
    }


def _refusal(environment_provider: EnvironmentProvider) -> str:
    """Return why the provider cannot be removed yet; empty if it can."""
    try:
        refuse_managed_people(environment_provider)
    except ActionError as error:
        return error.message
    return ""


def _notes(environment: Environment, provider: IdentityProvider) -> list[str]:
    """Return what else follows from the removal."""
    people = environment.workspace.end_users.with_access_to(environment).count()
    rows = provider.environment_providers.exclude(environment=environment).listed()
    others = ", ".join(str(row.environment) for row in rows)
    last = "No other environment uses it: its connection and certificates will be deleted."
    return [_kept_access(people, environment), f"{others} will go on using it." if others else last]


def _kept_access(number: int, environment: Environment) -> str:
    if not number:
        return f"Nobody has access to {environment} yet."
    who = count(number, "end user has", "end users have")
    return f"{who} access to {environment}. It stays, for the other ways to sign in."

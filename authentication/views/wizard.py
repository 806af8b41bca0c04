"""The wizard of an identity provider: name and enforcement, then the connection."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import get_text_list

from authentication import idp_side
from authentication.actions.identity_providers import connect_provider, create_provider, update_provider
from authentication.forms import ConnectionForm, ProviderForm
from authentication.guides import GUIDES
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.views.providers import get_environment_provider, list_url
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY
from workspace.models import Environment


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def create(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Step 1 of a new provider: it is kept as a draft, so that its URLs in step 2 are final."""
    form = ProviderForm(request.POST or None)
    if form.is_valid():
        with refusals_in_form(form):
            environment_provider = create_provider(environment=environment, by=request.actor, **form.cleaned_data)
            return redirect(_step(idp_side.CONNECTION, environment, environment_provider.identity_provider))
    context = {
        "form": form,
        "title": "Set up new provider",
        "steps": idp_side.steps(environment, idp_side.DETAILS),
        "list_url": list_url(environment),
    }
    return render(request, "authentication/wizard/details.html", context)


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def edit(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Step 1 of a provider that exists."""
    environment_provider = get_environment_provider(environment, provider)
    form = ProviderForm(request.POST or None, initial=_details(environment_provider))
    # Taken before the action, which may refuse a name that it has set already.
    context = _context(environment, environment_provider, idp_side.DETAILS) | {"form": form}
    if form.is_valid():
        with refusals_in_form(form):
            changed = update_provider(environment_provider=environment_provider, by=request.actor, **form.cleaned_data)
            if not environment_provider.identity_provider.is_set_up:
                return redirect(_step(idp_side.CONNECTION, environment, environment_provider.identity_provider))
            messages.success(
                request, f"{environment_provider.identity_provider} was {'saved' if changed else 'not changed'}."
            )
            return redirect(list_url(environment))
    return render(request, "authentication/wizard/details.html", context)


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def connect(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Step 2: what to carry to the IdP, and what the IdP says of itself."""
    environment_provider = get_environment_provider(environment, provider)
    found = environment_provider.identity_provider
    form = ConnectionForm(request.POST or None, request.FILES or None, provider=found)
    if form.is_valid():
        with refusals_in_form(form):
            changed = connect_provider(
                environment_provider=environment_provider,
                metadata=form.metadata,
                source=form.source,
                metadata_url=form.kept_url,
                by=request.actor,
            )
            messages.success(request, _connected(found, changed))
            return redirect(list_url(environment))
    context = _context(environment, environment_provider, idp_side.CONNECTION) | {"form": form} | _guidance(found)
    return render(request, "authentication/wizard/connection.html", context)


def _step(step: str, environment: Environment, provider: IdentityProvider) -> str:
    return page_url(f"authentication:{step}", environment, provider=provider.pk)


def _context(environment: Environment, environment_provider: EnvironmentProvider, step: str) -> dict[str, Any]:
    """What both steps of an existing provider show around the form."""
    provider = environment_provider.identity_provider
    others = provider.environment_providers.exclude(pk=environment_provider.pk).listed()
    return {
        "title": provider.name,
        "provider": provider,
        "shared_with": get_text_list([each.environment.name for each in others], "and"),
        "steps": idp_side.steps(environment, step, provider),
        "list_url": list_url(environment),
        "back_url": _step(idp_side.DETAILS, environment, provider),
    }


def _guidance(provider: IdentityProvider) -> dict[str, Any]:
    """Our values in the words of the provider's vendor."""
    guide = GUIDES[provider.vendor]
    is_known = provider.vendor != IdentityProvider.Vendor.OTHER
    whose = f"In {guide.label}" if is_known else "At your identity provider"
    return {
        "guide": guide,
        "acs_hint": f"{whose}: {guide.acs_url_field}",
        "entity_id_hint": f"{whose}: {guide.entity_id_field}",
        "download_url": f"{reverse('saml:metadata', kwargs={'provider': provider.pk})}?download",
    }


def _details(environment_provider: EnvironmentProvider) -> dict[str, Any]:
    return {
        "name": environment_provider.identity_provider.name,
        "vendor": environment_provider.identity_provider.vendor,
        "enforcement": environment_provider.enforcement,
        "domains": ", ".join(environment_provider.domain_names),
    }


def _connected(provider: IdentityProvider, changed: bool) -> str:
    if not provider.is_set_up:
        return f"{provider} is set up."
    return f"The connection of {provider} was {'changed' if changed else 'not changed'}."

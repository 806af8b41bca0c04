"""The wizard of an identity provider: name and enforcement, then the connection."""

from copy import copy
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypedDict
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authentication.actions.identity_providers import create_provider, update_provider
from authentication.actions.provider_connection import connect_provider
from authentication.forms.connection import ConnectionForm, Provided
from authentication.forms.providers import ProviderForm
from authentication.guides import GUIDES
from authentication.idp_side import fetch_idp
from authentication.losses import depending_on, loss_by
from authentication.models import EnvironmentProvider, IdentityProvider
from authentication.sentences import in_words
from authentication.views.asking import CONFIRMED, Question, ask_about_loss, say
from authentication.views.providers import get_environment_provider, list_url, lose
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY
from workspace.models import ChangeEvent, Environment
from workspace.words import count, together

DETAILS, CONNECTION = "provider-edit", "provider-connect"
STEPS = {DETAILS: gettext_lazy("Name and enforcement"), CONNECTION: gettext_lazy("Connection")}
PROVIDED_HINTS = {
    Provided.FILE: gettext_lazy("The metadata that your identity provider offers for download."),
    Provided.XML: gettext_lazy("The same metadata as text."),
    Provided.VALUES: gettext_lazy("Single sign-on URL, issuer and certificate, one by one."),
}
Context = dict[str, object]


class Step(TypedDict):
    """An item of the stepper; `state` is current, done or todo."""

    label: str
    url: str
    state: str


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def create(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Step 1 of a new provider. It creates the provider, so that its URLs in step 2 are final."""
    form = ProviderForm(request.POST or None)
    if form.is_valid():
        with refusals_in_form(form):
            environment_provider = create_provider(environment=environment, by=request.actor, **form.cleaned_data)
            return redirect(_step_url(CONNECTION, environment, environment_provider.identity_provider))
    context = {
        "form": form,
        "title": _("Set up new provider"),
        "steps": _steps(environment, DETAILS),
        "list_url": list_url(environment),
    }
    return render(request, "authentication/wizard/details.html", context)


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def edit(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Step 1 of a provider that exists."""
    environment_provider = get_environment_provider(environment, provider)
    form = ProviderForm(request.POST or None, initial=_details(environment_provider))
    if form.is_valid():
        with refusals_in_form(form):
            return _update(request, environment_provider, form)
    context = _context(environment_provider, DETAILS) | {"form": form}
    return render(request, "authentication/wizard/details.html", context)


def _update(request: ConsoleRequest, environment_provider: EnvironmentProvider, form: ProviderForm) -> HttpResponse:
    """Save step 1. Ask first if somebody loses a way to sign in because less is enforced than before."""
    environment, answers = environment_provider.environment, form.cleaned_data
    question = Question(
        title=_("Change the enforcement of %(provider)s in %(environment)s?")
        % {"provider": answers["name"], "environment": environment},
        submit=_("Save"),
        loses=partial(lose, environment_provider),
        hidden=[(name, form.data.get(name, "")) for name in form.fields],
    )

    def change(row: EnvironmentProvider) -> ChangeEvent | None:
        return update_provider(environment_provider=row, by=request.actor, **answers)

    loss = loss_by(lambda: change(copy(environment_provider)), environment, timezone.now())
    if loss.losing.number and CONFIRMED not in request.POST.items():
        return ask_about_loss(request, environment, question, loss)
    event, found = change(environment_provider), environment_provider.identity_provider
    if not found.is_set_up:
        return redirect(_step_url(CONNECTION, environment, found))
    say(request, environment, replace(question, done=_saved(environment_provider, event)), loss, event)
    return redirect(list_url(environment))


def _saved(environment_provider: EnvironmentProvider, event: ChangeEvent | None) -> str:
    said = _("%(provider)s was not changed.")
    if event and environment_provider.wished_enforcement:
        said = _("%(provider)s was saved. Enforcement starts after a test sign-in.")
    elif event:
        said = _("%(provider)s was saved.")
    return said % {"provider": environment_provider.identity_provider}


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def connect(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Step 2: what to carry to the IdP, and what the IdP says of itself. A metadata URL is fetched between."""
    environment_provider, now = get_environment_provider(environment, provider), timezone.now()
    found = environment_provider.identity_provider
    form = ConnectionForm(request.POST or None, request.FILES or None, provider=found, now=now)
    if form.is_valid():
        answers = form.cleaned_data
        with refusals_in_form(form):
            metadata = answers["metadata"] or fetch_idp(found, answers["metadata_url"], now)
            changed = connect_provider(
                environment_provider=environment_provider,
                metadata=metadata,
                source=answers["source"],
                metadata_url=answers["metadata_url"],
                by=request.actor,
                now=now,
            )
            messages.success(request, _connected(found, changed))
            for sentence in metadata.left_out:
                messages.warning(request, in_words(sentence))
            return redirect(list_url(environment))
    context = _context(environment_provider, CONNECTION) | {"form": form} | _guidance(found)
    context |= {"risk": _risk(environment_provider, timezone.now()), "provided_hints": PROVIDED_HINTS}
    context["is_values_open"] = found.is_set_up or bool(form.errors)
    return render(request, "authentication/wizard/connection.html", context)


def _steps(environment: Environment, current: str, provider: IdentityProvider | None = None) -> list[Step]:
    """Return the stepper's items; a step that is done can be gone back to."""
    done = {DETAILS: provider is not None, CONNECTION: provider is not None and provider.is_set_up}
    return [
        {
            "label": str(label),
            "url": _step_url(step, environment, provider) if provider else "",
            "state": "current" if step == current else "done" if done[step] else "todo",
        }
        for step, label in STEPS.items()
    ]


def _step_url(step: str, environment: Environment, provider: IdentityProvider) -> str:
    return page_url(f"authentication:{step}", environment, provider=provider.pk)


def _context(environment_provider: EnvironmentProvider, step: str) -> Context:
    """Return what both steps of an existing provider show around the form."""
    provider, environment = environment_provider.identity_provider, environment_provider.environment
    others = provider.environment_providers.exclude(pk=environment_provider.pk).listed()
    return {
        "title": provider.name,
        "provider": provider,
        "shared_with": together(each.environment.name for each in others),
        "steps": _steps(environment, step, provider),
        "list_url": list_url(environment),
        "back_url": _step_url(DETAILS, environment, provider),
    }


def _guidance(provider: IdentityProvider) -> Context:
    """Return our values in the words of the provider's vendor."""
    guide = GUIDES[provider.vendor]
    return {
        "guide": guide,
        "acs_hint": f"{guide.whose}: {guide.field_name(guide.acs_url_field)}",
        "entity_id_hint": f"{guide.whose}: {guide.field_name(guide.entity_id_field)}",
        "download_url": f"{reverse('saml:metadata', kwargs={'provider': provider.pk})}?download",
    }


def _risk(environment_provider: EnvironmentProvider, now: datetime) -> str:
    """Return how many people depend on the connection, in every environment that enforces it; empty if none does."""
    used = environment_provider.identity_provider.environment_providers.listed().select_related(
        "environment__workspace"
    )
    enforcing = [row for row in used.usable() if row.enforcement != row.Enforcement.NO_ONE]
    told = {row.environment: depending_on(row, row.environment, now).number for row in enforcing}
    return together(
        _("%(people)s of %(environment)s") % {"people": count(number, "end user", "end users"), "environment": place}
        for place, number in told.items()
        if number
    )


def _details(environment_provider: EnvironmentProvider) -> Context:
    wished = environment_provider.as_wished()
    return {
        "name": environment_provider.identity_provider.name,
        "vendor": environment_provider.identity_provider.vendor,
        "enforcement": wished.enforcement,
        "domains": ", ".join(wished.domain_names),
    }


def _connected(provider: IdentityProvider, changed: bool) -> str:
    if not provider.is_set_up:
        return _("%(provider)s is connected.") % {"provider": provider}
    said = _("The connection of %(provider)s was changed.")
    if not changed:
        said = _("The connection of %(provider)s was not changed.")
    return said % {"provider": provider}

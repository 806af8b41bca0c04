"""What can be done with a provider that exists: turn on and off, use in another environment, remove."""

from copy import copy
from datetime import datetime
from functools import partial
from typing import TypedDict
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from authentication.actions.enforcement import enforce_without_test, enforced_for
from authentication.actions.provider_states import configuration
from authentication.actions.provider_use import (
    PROVISIONING_FIRST,
    disable_provider,
    enable_provider,
    remove_provider,
    use_provider,
)
from authentication.losses import depending_on, loss_by
from authentication.models import EndUserSession, EnvironmentPolicy, EnvironmentProvider, IdentityProvider
from authentication.views.asking import Question, ask, ask_about_loss, change_or_ask, say, sessions_form
from workspace.console.acting import refusals_as_messages
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.methods import post_only
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.proof import OPENED_RECENTLY, RECENT
from workspace.models import ChangeEvent, Environment
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


@post_only("authentication:environment")
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def enable(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Turn a provider on."""
    environment_provider = get_environment_provider(environment, provider)
    name = str(environment_provider.identity_provider)
    question = Question(
        title=_("Turn %(name)s on in %(environment)s?") % {"name": name, "environment": environment},
        submit=_("Turn on"),
        loses=partial(_lose_all_but, environment_provider),
        done=_("%(name)s is on.") % {"name": name},
        notes=[_("It is enforced for %(whom)s.") % {"whom": _whom(environment_provider)}],
    )

    def change(sessions_end_at: datetime | None) -> ChangeEvent | None:
        return enable_provider(environment_provider=copy(environment_provider), by=request.actor)

    return change_or_ask(request, environment, change, question)


@post_only("authentication:environment")
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def disable(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Turn a provider off."""
    environment_provider = get_environment_provider(environment, provider)
    name = str(environment_provider.identity_provider)
    question = Question(
        title=_("Turn %(name)s off in %(environment)s?") % {"name": name, "environment": environment},
        submit=_("Turn off"),
        loses=partial(lose, environment_provider),
        done=_("%(name)s is off in %(environment)s.") % {"name": name, "environment": environment},
        notes=_lifted(environment_provider),
        sessions=EndUserSession.objects.of(environment).through(provider),
    )

    def change(sessions_end_at: datetime | None) -> ChangeEvent | None:
        return disable_provider(
            environment_provider=copy(environment_provider), by=request.actor, sessions_end_at=sessions_end_at
        )

    return change_or_ask(request, environment, change, question)


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def enforce(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Ask with the effect in numbers, then start the wished enforcement without a test."""
    environment_provider = get_environment_provider(environment, provider)
    name, wished = str(environment_provider.identity_provider), environment_provider.as_wished()
    whom = enforced_for(wished.enforcement, wished.domain_names)
    if request.method == "POST":
        with refusals_as_messages(request):
            enforce_without_test(
                environment_provider=environment_provider, seen=request.POST.get("configuration", ""), by=request.actor
            )
            messages.warning(
                request,
                _("%(name)s is enforced for %(whom)s in %(environment)s, without a test sign-in.")
                % {"name": name, "whom": whom, "environment": environment},
            )
        return redirect(list_url(environment))
    if wished is environment_provider:
        messages.info(request, _("No enforcement of %(name)s waits to start.") % {"name": name})
        return redirect(list_url(environment))
    depending = depending_on(wished, environment, timezone.now())
    question = Question(
        title=_("Enforce %(name)s without a test?") % {"name": name},
        submit=_("Enforce without a test"),
        notes=[
            _("%(name)s is then enforced for %(whom)s.") % {"name": name, "whom": whom},
            _("A test sign-in shows beforehand whether it works."),
        ],
        hidden=[("configuration", configuration(environment_provider))],
    )
    return ask(request, environment, question, [if_wrong(depending.number, environment_provider)], depending)


def if_wrong(number: int, environment_provider: EnvironmentProvider) -> str:
    """Return what an enforcement means for the people who could then sign in through the provider alone."""
    name, environment = environment_provider.identity_provider, environment_provider.environment
    if not number:
        return nobody_depends_on(environment_provider)
    told = ngettext(
        "If %(provider)s is set up wrongly, %(people)s can no longer sign in to %(environment)s.",
        "If %(provider)s is set up wrongly, %(people)s can no longer sign in to %(environment)s.",
        number,
    )
    return told % {"provider": name, "people": count(number, "end user", "end users"), "environment": environment}


def nobody_depends_on(environment_provider: EnvironmentProvider) -> str:
    """Say that nobody can sign in through the provider alone."""
    told = _("So far no end user of %(environment)s depends on %(provider)s alone.")
    return told % {
        "environment": environment_provider.environment,
        "provider": environment_provider.identity_provider,
    }


def lose(environment_provider: EnvironmentProvider, number: int) -> str:
    """Say that so many people can no longer sign in with the provider."""
    told = ngettext(
        "%(people)s can no longer sign in to %(environment)s with %(provider)s.",
        "%(people)s can no longer sign in to %(environment)s with %(provider)s.",
        number,
    )
    return told % _loss(environment_provider, number)


def _lose_all_but(environment_provider: EnvironmentProvider, number: int) -> str:
    told = ngettext(
        "%(people)s can no longer sign in to %(environment)s except with %(provider)s.",
        "%(people)s can no longer sign in to %(environment)s except with %(provider)s.",
        number,
    )
    return told % _loss(environment_provider, number)


def _loss(environment_provider: EnvironmentProvider, number: int) -> dict[str, object]:
    return {
        "people": count(number, "end user", "end users"),
        "environment": environment_provider.environment,
        "provider": environment_provider.identity_provider,
    }


def _whom(row: EnvironmentProvider) -> str:
    return str(enforced_for(row.enforcement, row.domain_names))


@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def use_elsewhere(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Choose an environment for a provider. A POST lets the environment of the URL use it."""
    found = get_object_or_404(environment.workspace.identity_providers, pk=provider)
    if request.method == "POST":
        with refusals_as_messages(request):
            use_provider(provider=found, environment=environment, by=request.actor)
            messages.success(
                request,
                _("%(environment)s uses %(found)s now. Nobody has to sign in with it yet.")
                % {"environment": environment, "found": found},
            )
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
    environment_provider, now = get_environment_provider(environment, provider), timezone.now()
    found = environment_provider.identity_provider
    question = Question(
        title=_("Remove %(found)s from %(environment)s?") % {"found": found, "environment": environment},
        submit=_("Remove %(found)s") % {"found": found},
        loses=partial(lose, environment_provider),
        done=_("%(found)s was removed from %(environment)s.") % {"found": found, "environment": environment},
        notes=[*_lifted(environment_provider), *_notes(environment, found)],
    )
    try:
        loss = loss_by(
            lambda: remove_provider(environment_provider=environment_provider, by=request.actor), environment, now
        )
    except ActionError as error:
        return _not_removed(request, environment_provider, error)
    form = sessions_form(request, EndUserSession.objects.of(environment).through(provider), now)
    if request.method != "POST" or not (form is None or form.is_valid()):
        return ask_about_loss(request, environment, question, loss, form)
    ends_at = now if form is not None and form.is_ending else None
    remove_provider(environment_provider=environment_provider, by=request.actor, sessions_end_at=ends_at)
    say(request, environment, question, loss, None)
    return redirect(list_url(environment))


def _choice(environment: Environment, provider: IdentityProvider, used_in: set[UUID]) -> Choice:
    return {
        "environment": environment,
        "is_used": environment.pk in used_in,
        "url": page_url("authentication:provider-use", environment, provider=provider.pk),
    }


def _not_removed(
    request: ConsoleRequest, environment_provider: EnvironmentProvider, error: ActionError
) -> HttpResponse:
    """Say why the provider cannot be removed yet; where people depend on it, with the way to its provisioning."""
    environment, provider = environment_provider.environment, environment_provider.identity_provider
    if request.method == "POST" or error.code not in PROVISIONING_FIRST:
        messages.error(request, error.message)
        return redirect(list_url(environment))
    context = {
        "provider": provider,
        "refusal": error.message,
        "setup_url": page_url("provisioning:setup", environment, provider=provider.pk),
        "list_url": list_url(environment),
    }
    return render(request, "authentication/providers/remove.html", context)


def _lifted(environment_provider: EnvironmentProvider) -> list[str]:
    """Return what becomes of an enforcement that ends with the provider."""
    policy = EnvironmentPolicy.objects.of(environment_provider.environment)
    is_enforced = environment_provider.enforcement != EnvironmentProvider.Enforcement.NO_ONE
    if not (is_enforced and policy.is_saml_enabled and policy.is_password_enabled):
        return []
    told = _(
        "It is enforced for %(whom)s. Without it, passwords work there again, unless another provider is enforced."
    )
    return [told % {"whom": _whom(environment_provider)}]


def _notes(environment: Environment, provider: IdentityProvider) -> list[str]:
    """Return what else follows from the removal."""
    people = environment.workspace.end_users.with_access_to(environment).count()
    rows = provider.environment_providers.exclude(environment=environment).listed()
    others = [str(row.environment) for row in rows]
    if not others:
        last = _("No other environment uses it: its connection and certificates will be deleted.")
        return [_kept_access(people, environment), last]
    told = ngettext("%(environments)s will go on using it.", "%(environments)s will go on using it.", len(others))
    return [_kept_access(people, environment), told % {"environments": ", ".join(others)}]


def _kept_access(number: int, environment: Environment) -> str:
    if not number:
        return _("Nobody has access to %(environment)s yet.") % {"environment": environment}
    told = ngettext(
        "%(people)s has access to %(environment)s. It stays, for the other ways to sign in.",
        "%(people)s have access to %(environment)s. It stays, for the other ways to sign in.",
        number,
    )
    return told % {"people": count(number, "end user", "end users"), "environment": environment}

"""The tab Authentication: how end users sign in to one environment."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from authentication.actions.policies import switch_password, switch_saml
from authentication.actions.undo import UNDOABLE, undo
from authentication.losses import can_anybody_use_a_password
from authentication.models import EndUserSession, EnvironmentPolicy, EnvironmentProvider, IdentityProvider
from authentication.models.sessions import EndUserSessionQuerySet
from authentication.policy import SignInPolicy
from authentication.views.asking import Question, change_or_ask
from authentication.views.provider_rows import enforcement_notes, provider_row
from workspace.console.acting import refusals_as_messages
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.methods import post_only
from workspace.console.navigation import authentication_and_groups_tabs, page_url
from workspace.console.permissions import Permission, may
from workspace.console.proof import OPENED_RECENTLY, RECENT
from workspace.models import ChangeEvent, Environment
from workspace.words import count, together


@console
def environment(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Show the switches, the providers in use, and those of other environments."""
    may_change = may(request.administrator, Permission.MANAGE_SIGN_IN)
    providers = environment.providers.listed().prefetch_related("identity_provider__certificates")
    policy, now = EnvironmentPolicy.objects.of(environment), timezone.now()
    context = {
        "tabs": authentication_and_groups_tabs(request),
        "policy": policy,
        "is_password_useless": _is_password_useless(environment, policy, providers, now),
        "rows": [provider_row(environment, each, may_change, now) for each in providers],
        "offers": [_offer(environment, provider) for provider in _offered(environment)],
        "create_url": page_url("authentication:provider-create", environment),
        "saml_url": page_url("authentication:saml-switch", environment),
        "password_url": page_url("authentication:password-switch", environment),
    }
    return render(request, "authentication/environment.html", context)


@post_only("authentication:environment")
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def saml_switch(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Switch SAML-based SSO authentication on or off."""
    sessions = EndUserSession.objects.of(environment).through_any_provider()
    return _switch(request, environment, switch_saml, _saml_question(environment, _is_on(request)), sessions)


@post_only("authentication:environment")
@console(needs=Permission.MANAGE_SIGN_IN, recent=RECENT)
def password_switch(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Switch password authentication on or off."""
    sessions = EndUserSession.objects.of(environment).with_password()
    return _switch(request, environment, switch_password, _password_question(environment, _is_on(request)), sessions)


@post_only("authentication:environment")
@console(needs=Permission.MANAGE_SIGN_IN, recent=OPENED_RECENTLY)
def undo_change(request: ConsoleRequest, environment: Environment, event: UUID) -> HttpResponse:
    """Undo the change of which a message has just told."""
    found = get_object_or_404(ChangeEvent.objects.in_environment(environment), pk=event, action__in=UNDOABLE)
    with refusals_as_messages(request):
        undo(event=found, environment=environment, by=request.actor, now=timezone.now())
        messages.success(request, _("Undone. Everything is as it was before."))
    return redirect(page_url("authentication:environment", environment))


def _switch(
    request: ConsoleRequest,
    environment: Environment,
    action: Callable[..., ChangeEvent | None],
    question: Question,
    sessions: EndUserSessionQuerySet,
) -> HttpResponse:
    is_enabled = _is_on(request)
    question = replace(
        question,
        notes=enforcement_notes(environment) if is_enabled else [],
        hidden=[("is_enabled", "true" if is_enabled else "false")],
        sessions=None if is_enabled else sessions,
    )

    def change(sessions_end_at: datetime | None) -> ChangeEvent | None:
        return action(environment=environment, is_enabled=is_enabled, by=request.actor, sessions_end_at=sessions_end_at)

    return change_or_ask(request, environment, change, question)


def _is_on(request: ConsoleRequest) -> bool:
    return request.POST.get("is_enabled") == "true"


def _press(is_enabled: bool) -> str:
    return _("Switch on") if is_enabled else _("Switch off")


def _saml_question(environment: Environment, is_enabled: bool) -> Question:
    if is_enabled:
        title = _("Switch SAML-based SSO authentication on in %(environment)s?")
        done = _("SAML-based SSO authentication is on in %(environment)s.")
    else:
        title = _("Switch SAML-based SSO authentication off in %(environment)s?")
        done = _("SAML-based SSO authentication is off in %(environment)s.")
    place = {"environment": environment}
    loses = _lose_all_but_providers if is_enabled else _lose_providers
    return Question(
        title=title % place, submit=_press(is_enabled), done=done % place, loses=partial(loses, environment)
    )


def _password_question(environment: Environment, is_enabled: bool) -> Question:
    if is_enabled:
        title = _("Switch Password authentication on in %(environment)s?")
        done = _("Password authentication is on in %(environment)s.")
    else:
        title = _("Switch Password authentication off in %(environment)s?")
        done = _("Password authentication is off in %(environment)s.")
    place = {"environment": environment}
    return Question(
        title=title % place, submit=_press(is_enabled), done=done % place, loses=partial(_lose_passwords, environment)
    )


def _lose_all_but_providers(environment: Environment, number: int) -> str:
    told = ngettext(
        "%(people)s can no longer sign in to %(environment)s except through an identity provider.",
        "%(people)s can no longer sign in to %(environment)s except through an identity provider.",
        number,
    )
    return _losing(told, environment, number)


def _lose_providers(environment: Environment, number: int) -> str:
    told = ngettext(
        "%(people)s can no longer sign in to %(environment)s through an identity provider.",
        "%(people)s can no longer sign in to %(environment)s through an identity provider.",
        number,
    )
    return _losing(told, environment, number)


def _lose_passwords(environment: Environment, number: int) -> str:
    told = ngettext(
        "%(people)s can no longer sign in to %(environment)s with a password.",
        "%(people)s can no longer sign in to %(environment)s with a password.",
        number,
    )
    return _losing(told, environment, number)


def _losing(told: str, environment: Environment, number: int) -> str:
    return told % {"people": count(number, "end user", "end users"), "environment": environment}


def _is_password_useless(
    environment: Environment, policy: EnvironmentPolicy, providers: Iterable[EnvironmentProvider], now: datetime
) -> bool:
    """Say whether passwords are on, but enforcement leaves nobody who can use one."""
    usable = [each for each in providers if each.state == each.State.ON]
    is_enforced = any(each.enforcement != each.Enforcement.NO_ONE for each in usable)
    if not (policy.is_saml_enabled and policy.is_password_enabled and is_enforced):
        return False
    return not can_anybody_use_a_password(environment, SignInPolicy(True, usable), now)


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
        "used_in": together(each.name for each in used_in),
        "use_url": page_url("authentication:provider-use", environment, provider=provider.pk),
    }

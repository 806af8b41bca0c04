"""The tab Sign-in of an end user: ways to sign in, sessions and last attempts."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from authentication.actions.passwords import invite_end_user, send_password_reset
from authentication.actions.sessions import EndReason, end_session, end_sessions
from authentication.actions.sign_in import why_no_password, why_not
from authentication.models import EnvironmentProvider, IdentityProvider, SsoBypass
from authentication.models.sessions import EndUserSessionQuerySet
from authentication.policy import Enforcement, SignInPolicy, Ways
from authentication.reasons import Reason, heading_of, help_of
from authentication.records import known_by_name_id
from authentication.views.attempts import rows_of
from workspace.console.acting import refusals_as_messages
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.methods import post_only
from workspace.console.navigation import end_user_tabs, page_url
from workspace.console.permissions import Permission
from workspace.isolation import isolated
from workspace.models import EndUser, Environment
from workspace.words import together

LAST_ATTEMPTS = 10


@console
@require_safe
def detail(request: ConsoleRequest, environment: Environment, end_user: UUID) -> HttpResponse:
    """Show the ways to sign in that apply to the person and why, sessions, and the last attempts."""
    person = _person(environment, end_user)
    policy = SignInPolicy.of(environment)
    ways, barrier = policy.own_ways(person, environment, timezone.now()), why_not(person, environment)
    attempts = environment.sign_in_attempts.filter(end_user=person).select_related(
        "environment", "end_user", "identity_provider"
    )
    context = {
        "end_user": person,
        "tabs": end_user_tabs(request, person),
        "barrier": f"{heading_of(barrier)}. {help_of(barrier)}" if barrier else "",
        "ways": [
            _password_row(person, environment, ways),
            *(_provider_row(each, person, ways) for each in policy.providers),
        ],
        "may_get_link": barrier is None and ways.has_password and bool(person.email),
        "sessions": _sessions(person, environment).select_related("identity_provider"),
        "rows": rows_of(attempts[:LAST_ATTEMPTS], environment),
        "list_url": page_url("workspace:end-users", environment),
    }
    return render(request, "authentication/people/detail.html", context)


@post_only("authentication:end-user")
@console(needs=Permission.MANAGE_PEOPLE)
def invite(request: ConsoleRequest, environment: Environment, end_user: UUID) -> HttpResponse:
    """Mail the link for the first password."""
    person = _person(environment, end_user)
    with refusals_as_messages(request):
        invite_end_user(end_user=person, environment=environment, by=request.actor, now=timezone.now())
        messages.success(
            request,
            _("An invitation is on its way to %(email)s. Its link works for 7 days.")
            % {"email": isolated(person.email)},
        )
    return redirect(_tab_url(environment, person))


@post_only("authentication:end-user")
@console(needs=Permission.MANAGE_PEOPLE)
def reset(request: ConsoleRequest, environment: Environment, end_user: UUID) -> HttpResponse:
    """Mail the link for another password."""
    person = _person(environment, end_user)
    with refusals_as_messages(request):
        send_password_reset(end_user=person, environment=environment, by=request.actor, now=timezone.now())
        messages.success(
            request,
            _("A password reset is on its way to %(email)s. Its link works for 1 hour.")
            % {"email": isolated(person.email)},
        )
    return redirect(_tab_url(environment, person))


@post_only("authentication:end-user")
@console(needs=Permission.MANAGE_PEOPLE)
def end_one(request: ConsoleRequest, environment: Environment, end_user: UUID, session: UUID) -> HttpResponse:
    """Sign the person out in one browser."""
    person = _person(environment, end_user)
    sessions = person.sessions.filter(environment=environment).select_related("end_user__workspace", "environment")
    found = get_object_or_404(sessions, pk=session)
    reason, now = EndReason.ENDED_BY_ADMINISTRATOR, timezone.now()
    messages.success(request, _ended(end_session(session=found, reason=reason, by=request.actor, now=now)))
    return redirect(_tab_url(environment, person))


@post_only("authentication:end-user")
@console(needs=Permission.MANAGE_PEOPLE)
def end_all(request: ConsoleRequest, environment: Environment, end_user: UUID) -> HttpResponse:
    """Sign the person out of this environment in every browser."""
    person, now = _person(environment, end_user), timezone.now()
    ended = end_sessions(
        end_user=person,
        environment=environment,
        reason=EndReason.ENDED_BY_ADMINISTRATOR,
        by=request.actor,
        now=now,
    )
    messages.success(request, _ended(ended))
    return redirect(_tab_url(environment, person))


def _tab_url(environment: Environment, person: EndUser) -> str:
    return page_url("authentication:end-user", environment, end_user=person.pk)


def _ended(count: int) -> str:
    if not count:
        return _("No session was open any more.")
    told = ngettext("The session has ended.", "%(number)s sessions have ended.", count)
    return told % {"number": count}


def _person(environment: Environment, pk: UUID) -> EndUser:
    return get_object_or_404(environment.workspace.end_users.select_related("workspace"), pk=pk)


def _sessions(person: EndUser, environment: Environment) -> EndUserSessionQuerySet:
    return person.sessions.filter(environment=environment).usable(timezone.now())


def _password_row(person: EndUser, environment: Environment, ways: Ways) -> dict[str, str]:
    obstacle = why_no_password(person, ways)
    text = {
        None: _bypassing(ways.bypass) if ways.bypass else _("The person has a password, and may use it here."),
        Reason.NO_ADDRESS: _("The person has no email address, so no password can be set."),
        Reason.NO_PASSWORD: _("A password may be used here, but the person has none yet."),
        Reason.PASSWORD_OFF: _("Password authentication is off in %(environment)s.") % {"environment": environment},
        Reason.SSO_ENFORCED: _enforced(ways.enforced_by) if ways.enforced_by else "",
    }[obstacle]
    word, tone = {None: (_("Yes"), "success"), Reason.NO_PASSWORD: (_("Not yet"), "warning")}.get(
        obstacle, (_("No"), "neutral")
    )
    return {"name": _("Password"), "word": word, "tone": tone, "text": text}


def _bypassing(bypass: SsoBypass) -> str:
    until = f"{date_format(bypass.expires_at, 'DATETIME_FORMAT')} UTC"
    return _("The person may use a password past single sign-on until %(until)s: %(reason)s") % {
        "until": until,
        "reason": isolated(bypass.reason),
    }


def _provider_row(environment_provider: EnvironmentProvider, person: EndUser, ways: Ways) -> dict[str, str]:
    if person.email:
        is_open = environment_provider in ways.providers
    else:
        is_open = EndUser.objects.filter(known_by_name_id(environment_provider), pk=person.pk).exists()
    word, tone = (_("Yes"), "success") if is_open else (_("No"), "neutral")
    name = environment_provider.identity_provider
    text = _enforced(environment_provider) if person.email else _known(name, is_open)
    return {"name": name.name, "word": word, "tone": tone, "text": text}


def _known(provider: IdentityProvider, is_known: bool) -> str:
    """Say whether a provider can sign in a person without an address."""
    if is_known:
        return _("%(provider)s knows this person by NameID.") % {"provider": provider}
    return _("%(provider)s has no record of this person, who has no email address.") % {"provider": provider}


def _enforced(environment_provider: EnvironmentProvider) -> str:
    """Return in words whom the provider is enforced for."""
    name = environment_provider.identity_provider
    if environment_provider.enforcement == Enforcement.SELECTED_DOMAINS:
        told, domains = _("%(provider)s is enforced for addresses at %(domains)s."), environment_provider.domain_names
        return told % {"provider": name, "domains": together(domains)}
    if environment_provider.enforcement == Enforcement.ALL_DOMAINS:
        return _("%(provider)s is enforced for all domains.") % {"provider": name}
    return _("%(provider)s is enforced for no one yet.") % {"provider": name}

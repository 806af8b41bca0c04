"""Test sign-in: shows an administrator what the IdP sends and what would happen, and changes nothing."""

from collections.abc import Iterator
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from authentication.actions.enforcement import enforced_for, take_test
from authentication.actions.provider_states import configuration
from authentication.actions.saml_requests import start_sign_in
from authentication.actions.saml_sign_in import Entry, Rehearsal, rehearse_sign_in
from authentication.losses import depending_on
from authentication.models import AuthnRequest, EnvironmentPolicy, EnvironmentProvider
from authentication.reasons import Refused, heading_of, help_of
from authentication.saml.assertions import Claims
from authentication.saml.attributes import AssertedProfile
from authentication.saml.checks import Clock
from authentication.sentences import duration_in_words, in_words
from authentication.views.compared import Comparison, compared, owners_in
from authentication.views.notes import note_in_words
from authentication.views.onwards import browser_nonce, to_idp
from authentication.views.providers import get_environment_provider, list_url, nobody_depends_on
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.console.presenters import first_names
from workspace.console.proof import OPENED_RECENTLY, ask_for_proof, is_proved
from workspace.models import ChangeEvent, Environment
from workspace.visits import Visit
from workspace.words import count, listed, together

Method = EnvironmentProvider.Method

CHECKS = (
    gettext_noop("The document has the one shape that is accepted."),
    gettext_noop("It is signed by a certificate of this provider."),
    gettext_noop("It comes from this identity provider, and is addressed to us."),
    gettext_noop("It answers the request of this browser, once and in time."),
    gettext_noop("It names a person."),
)
NOT_WAITING = gettext_noop(
    "There is no response to show here: each is shown once, within ten minutes of its test. Test again."
)


@require_safe
@console(needs=Permission.MANAGE_SIGN_IN)
def page(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Show what the test does, with the button that starts it."""
    environment_provider = get_environment_provider(environment, provider)
    if environment_provider.wished_enforcement and not is_proved(request):
        return ask_for_proof(request)
    context = _frame(environment, environment_provider) | {"notes": list(_notes(environment_provider))}
    return render(request, "authentication/providers/test.html", context | _wish(environment_provider))


@require_http_methods(["GET", "POST"])
@console(needs=Permission.MANAGE_SIGN_IN)
def start(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Send the browser to the IdP. What comes back is shown to this administrator alone.

    A test that starts an enforcement begins with the button of the page that says for whom.
    """
    environment_provider, nonce = get_environment_provider(environment, provider), browser_nonce(request)
    if not environment_provider.identity_provider.is_set_up:
        raise Http404
    if environment_provider.wished_enforcement and request.method != "POST":
        return redirect(page_url("authentication:provider-test", environment, provider=provider))
    if environment_provider.wished_enforcement and not is_proved(request, OPENED_RECENTLY):
        return ask_for_proof(request)
    departure = start_sign_in(
        environment_provider=environment_provider,
        nonce=nonce,
        tester_id=str(request.administrator.pk),
        tested=configuration(environment_provider),
        now=timezone.now(),
    )
    return to_idp(request, environment_provider, departure, nonce)


@require_GET
@console(needs=Permission.MANAGE_SIGN_IN)
def result(request: ConsoleRequest, environment: Environment, provider: UUID, answered: str) -> HttpResponse:
    """Show the report."""
    environment_provider, now = get_environment_provider(environment, provider), timezone.now()
    mine = AuthnRequest.objects.to(provider).open(now).answered()
    asked = mine.filter(
        pk=answered, environment_provider=environment_provider, tester_id=str(request.administrator.pk)
    ).first()
    if asked is None:
        messages.info(request, _(NOT_WAITING))
        return redirect(page_url("authentication:provider-test", environment, provider=provider))
    rehearsal = rehearse_sign_in(request=asked, nonce=browser_nonce(request), visit=Visit.of(request), now=now)
    started = None
    if rehearsal.entry:
        row, tested = environment_provider, asked.configuration
        started = take_test(environment_provider=row, tested=tested, by=request.actor, now=now)
    context = (
        _frame(environment, environment_provider)
        | {"enforcement": _enforcement(environment_provider, started, rehearsal)}
        | _report(rehearsal, environment_provider, Clock(now, settings.SAML_CLOCK_SKEW))
        | {"notes": list(_notes(environment_provider))}
    )
    return render(request, "authentication/providers/test_result.html", context)


def _frame(environment: Environment, environment_provider: EnvironmentProvider) -> dict[str, object]:
    provider = environment_provider.identity_provider
    return {
        "provider": provider,
        "list_url": list_url(environment),
        "start_url": page_url("authentication:provider-test-start", environment, provider=provider.pk),
        "connect_url": page_url("authentication:provider-connect", environment, provider=provider.pk),
    }


def _notes(environment_provider: EnvironmentProvider) -> Iterator[str]:
    """Return what keeps people from signing in for real, whatever the test says."""
    provider, environment = environment_provider.identity_provider, environment_provider.environment
    if not EnvironmentPolicy.objects.of(environment).is_saml_enabled:
        yield _("SAML-based SSO authentication is off in %(environment)s: nobody can sign in this way yet.") % {
            "environment": environment
        }
    if not environment_provider.is_enabled:
        yield _("%(provider)s is turned off in %(environment)s: nobody can sign in through it now.") % {
            "provider": provider,
            "environment": environment,
        }


def _wish(environment_provider: EnvironmentProvider) -> dict[str, object]:
    """Return what a successful test starts, with numbers and names; empty if no enforcement waits for one."""
    wished, provider = environment_provider.as_wished(), environment_provider.identity_provider
    if wished is environment_provider:
        return {}
    environment, whom = environment_provider.environment, enforced_for(wished.enforcement, wished.domain_names)
    depending = depending_on(wished, environment, timezone.now())
    return {
        "wish": _("A successful test starts the enforcement for %(whom)s.") % {"whom": whom},
        "effect": _effect(depending.number, environment_provider),
        **first_names(depending.people, depending.number),
        "enforce_url": page_url("authentication:provider-enforce", environment, provider=provider.pk),
    }


def _effect(number: int, environment_provider: EnvironmentProvider) -> str:
    provider, environment = environment_provider.identity_provider, environment_provider.environment
    if not number:
        return nobody_depends_on(environment_provider)
    told = ngettext(
        "%(people)s can then sign in to %(environment)s only with %(provider)s.",
        "%(people)s can then sign in to %(environment)s only with %(provider)s.",
        number,
    )
    return told % {"people": count(number, "end user", "end users"), "environment": environment, "provider": provider}


def _enforcement(
    environment_provider: EnvironmentProvider, started: ChangeEvent | None, rehearsal: Rehearsal
) -> dict[str, str]:
    """Return what the test did to the enforcement that waited for it; empty if none did."""
    wished, provider = environment_provider.as_wished(), environment_provider.identity_provider
    if wished is environment_provider:
        return {}
    whom = enforced_for(wished.enforcement, wished.domain_names)
    if started:
        return {
            "tone": "warning",
            "title": _("Enforcement has started: %(provider)s is now enforced for %(whom)s.")
            % {"provider": provider, "whom": whom},
        }
    if rehearsal.entry:
        return {
            "tone": "danger",
            "title": _("Enforcement has not started: the configuration was changed during the test. Test again."),
        }
    return {
        "tone": "info",
        "title": _("Enforcement for %(whom)s has not started: it starts after a successful test.") % {"whom": whom},
    }


def _report(rehearsal: Rehearsal, environment_provider: EnvironmentProvider, clock: Clock) -> dict[str, object]:
    claims, profile, entry = rehearsal.claims, rehearsal.profile, rehearsal.entry
    return {
        "verdict": _refusal(rehearsal.refusal)
        if rehearsal.refusal
        else _success(entry, environment_provider)
        if entry
        else {},
        "checks": [_(check) for check in CHECKS] if claims else [],
        "person": _person(claims, profile, clock) if claims and profile else [],
        "attributes": _attributes(claims) if claims else [],
        "groups": _groups(entry, environment_provider, profile) if entry and profile else [],
        "comparisons": _comparisons(rehearsal.refusal, environment_provider) if rehearsal.refusal else [],
        "remarks": [note_in_words(note) for note in rehearsal.notes],
    }


def _refusal(refusal: Refused) -> dict[str, str]:
    reason = heading_of(refusal.reason) + (f" ({refusal.detail})" if refusal.detail else "")
    if refusal.end_user:
        title = _("%(person)s would be refused: %(reason)s.") % {"person": refusal.end_user, "reason": reason}
    else:
        title = _("The sign-in would be refused: %(reason)s.") % {"reason": reason}
    return {"tone": "danger", "title": title, "text": help_of(refusal.reason)}


def _comparisons(refusal: Refused, environment_provider: EnvironmentProvider) -> list[Comparison]:
    owners = owners_in(environment_provider.environment) if refusal.differences else {}
    return compared(refusal.differences, environment_provider.identity_provider, owners)


def _success(entry: Entry, environment_provider: EnvironmentProvider) -> dict[str, str]:
    person, environment = entry.end_user, environment_provider.environment
    if entry.welcomed.is_new:
        title = _("%(person)s would be created, and signed in to %(environment)s.") % {
            "person": person,
            "environment": environment,
        }
    elif entry.welcomed.is_let_in:
        title = _("%(person)s would get access to %(environment)s, and be signed in.") % {
            "person": person,
            "environment": environment,
        }
    else:
        title = _("%(person)s would be signed in to %(environment)s.") % {"person": person, "environment": environment}
    return {"tone": "success", "title": title, "text": _("This was a test: nobody was made, changed or signed in.")}


def _person(claims: Claims, profile: AssertedProfile, clock: Clock) -> list[dict[str, object]]:
    """Return what was read from the assertion."""
    end = claims.session_not_on_or_after
    groups = _("Nothing said") if profile.groups is None else listed(profile.groups, _("In no group"))
    return [
        {"label": _("Email address"), "value": profile.email},
        {"label": _("Full name"), "value": profile.name},
        {"label": _("Groups"), "value": groups},
        {"label": "NameID", "value": claims.name_id, "mono": True},
        {"label": _("NameID format"), "value": claims.name_id_format, "mono": True},
        {"label": _("Issuer"), "value": claims.issuer, "mono": True},
        {"label": _("The IdP's clock"), "value": _measured(claims, clock)},
        {
            "label": _("The IdP's session ends"),
            "value": f"{date_format(end, 'DATETIME_FORMAT')} UTC" if end else _("Not said"),
        },
    ]


def _measured(claims: Claims, clock: Clock) -> str:
    told = _("%(difference)s, the time on the way included; up to %(accepted)s are accepted")
    accepted = duration_in_words(int(clock.skew.total_seconds()), "second")
    return told % {"difference": in_words(clock.compared(claims.issued_at)), "accepted": accepted}


def _attributes(claims: Claims) -> list[dict[str, str]]:
    return [{"name": name, "value": listed(values, "")} for name, values in sorted(claims.attributes.items())]


def _groups(entry: Entry, environment_provider: EnvironmentProvider, profile: AssertedProfile) -> list[str]:
    """Return what would happen to the person's groups, in sentences."""
    if environment_provider.method != Method.JIT:
        told = _("Groups do not follow sign-ins: the provisioning method is %(method)s.")
        return [told % {"method": environment_provider.get_method_display()}]
    if not environment_provider.syncs_groups:
        return [_("Groups do not follow sign-ins: Enable user groups syncing is off.")]
    if profile.groups is None:
        return [_("No group attribute was sent, so groups would stay as they are.")]
    changes = entry.groups
    ignored = [name for name, why in changes.ignored]
    kinds = (
        (_("Would be created, with the person in it: %(groups)s."), changes.created),
        (_("Would be joined: %(groups)s."), changes.joined),
        (_("Would be left: %(groups)s."), changes.left),
        (_("Would not be filled: %(groups)s."), ignored),
    )
    sentences = [sentence % {"groups": together(names)} for sentence, names in kinds if names]
    return sentences or [_("Groups are as the assertion says already.")]

"""The overview of an identity provider in an environment: what it does, when it last did it, and what comes next."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from authentication.actions.provider_states import configuration
from authentication.losses import count_of_those_through
from authentication.models import EnvironmentPolicy, EnvironmentProvider, SignInAttempt, SigningCertificate
from authentication.provenance import source_of
from authentication.views.described import Badge, expiry_badge
from authentication.views.provider_rows import TONES, enforcement_words, next_step, provider_menu, wish_words
from provisioning.models import ProvisioningConnection
from provisioning.views.day_charts import request_chart, requests_by_day, sign_in_chart
from provisioning.views.providers import connection_of, get_environment_provider, setup_url
from workspace.console.charts import Chart
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission, may
from workspace.models import Environment
from workspace.words import count

Method, State = EnvironmentProvider.Method, EnvironmentProvider.State
# A step that comes next: what it is about, the label and URL of its button, and how that is pressed.
Step = dict[str, str]


@console
@require_safe
def overview(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Show status, enforcement, method, last sign-in, last SCIM call, people, certificates, and what comes next."""
    environment_provider, now = get_environment_provider(environment, provider), timezone.now()
    connection, found = connection_of(environment_provider), environment_provider.identity_provider
    last_sign_in = _last_sign_in(environment_provider)
    may_change = may(request.administrator, Permission.MANAGE_SIGN_IN)
    context = {
        "environment_provider": environment_provider,
        "provider": found,
        "tone": TONES[environment_provider.state],
        "enforcement": enforcement_words(environment_provider),
        "wish": wish_words(environment_provider),
        "is_test_stale": _is_test_stale(environment_provider),
        "last_sign_in": last_sign_in,
        "last_request": connection.requests.order_by("-id").first() if connection else None,
        "connection": connection,
        "people": _people(environment_provider, connection),
        "certificates": [_certificate(each, now) for each in found.certificates.all()],
        "steps": list(_steps(environment_provider, connection, bool(last_sign_in), now)) if may_change else [],
        "urls": _urls(environment_provider),
        "charts": _charts(environment_provider, connection, now),
        "menu": provider_menu(environment, environment_provider, may_change),
    }
    return render(request, "provisioning/overview.html", context)


def _charts(
    environment_provider: EnvironmentProvider, connection: ProvisioningConnection | None, now: datetime
) -> list[Chart]:
    charts = [sign_in_chart(environment_provider, now)]
    if connection:
        charts.append(request_chart(requests_by_day(connection), environment_provider.environment, now))
    return charts


def _urls(environment_provider: EnvironmentProvider) -> dict[str, str]:
    environment = environment_provider.environment
    attempts = page_url("authentication:attempts", environment)
    requests = page_url("provisioning:requests", environment)
    return {
        "list": page_url("authentication:environment", environment),
        "edit": setup_url("authentication:provider-edit", environment_provider),
        "setup": setup_url("provisioning:setup", environment_provider),
        "test": setup_url("authentication:provider-test", environment_provider),
        "certificates": setup_url("authentication:provider-certificates", environment_provider),
        "attempts": f"{attempts}?provider={environment_provider.identity_provider_id}",
        "requests": requests,
    }


def _last_sign_in(environment_provider: EnvironmentProvider) -> SignInAttempt | None:
    """Return the attempt that last succeeded, if one has since attempts are kept."""
    attempts = environment_provider.environment.sign_in_attempts.select_related("end_user")
    mine = attempts.filter(
        identity_provider=environment_provider.identity_provider_id, outcome=SignInAttempt.Outcome.SUCCEEDED
    )
    return mine.order_by("-id").first()


def _people(environment_provider: EnvironmentProvider, connection: ProvisioningConnection | None) -> list[str]:
    """Return numbers of people in words: who may sign in with it, and who has access through it."""
    environment = environment_provider.environment
    through = count_of_those_through(environment_provider)
    people, place = count(through, "end user", "end users"), {"environment": environment}
    told = [_("%(people)s of %(environment)s can sign in with it") % {"people": people, **place}]
    if environment_provider.method == Method.SCIM and connection:
        made = connection.count_people()
        sentence = ngettext("%(people)s has access through SCIM", "%(people)s have access through SCIM", made)
        told.append(sentence % {"people": count(made, "end user", "end users")})
    if environment_provider.method == Method.JIT:
        made = environment.accesses.of_source(source_of(environment_provider)).count()
        sentence = ngettext(
            "%(people)s has access since a sign-in with it", "%(people)s have access since a sign-in with it", made
        )
        told.append(sentence % {"people": count(made, "end user", "end users")})
    return told


def _is_test_stale(environment_provider: EnvironmentProvider) -> bool:
    """Say whether the last successful test was of another configuration than that of now."""
    tested = environment_provider.tested_configuration
    return bool(tested) and tested != configuration(environment_provider)


def _certificate(certificate: SigningCertificate, now: datetime) -> dict[str, object]:
    badge: Badge | None = expiry_badge(certificate, now)
    until = date_format(certificate.not_after, "DATE_FORMAT")
    return {"text": _("Valid until %(date)s") % {"date": until}, "badge": badge}


def _steps(
    environment_provider: EnvironmentProvider,
    connection: ProvisioningConnection | None,
    has_signed_in: bool,
    now: datetime,
) -> Iterator[Step]:
    """Yield what is to be done next, the most important first."""
    environment, provider = environment_provider.environment, environment_provider.identity_provider
    if step := next_step(environment, environment_provider):
        yield {"text": _WHY[environment_provider.state] % {"provider": provider, "environment": environment}} | step
    if not provider.is_set_up:
        return
    if provider.pending_metadata:
        url = setup_url("authentication:provider-certificates", environment_provider)
        text = _("Its metadata has changed. Nothing is in force until you confirm it.")
        yield {"text": text, **_link(_("Compare"), url)}
    if not EnvironmentPolicy.objects.of(environment).is_saml_enabled:
        url = page_url("authentication:environment", environment)
        text = _("SAML-based SSO authentication is off in %(environment)s: nobody can sign in with it.")
        yield {"text": text % {"environment": environment}, **_link(_("Go to the switch"), url)}
    if (last := provider.certificates.first()) and expiry_badge(last, now):
        url = setup_url("authentication:provider-connect", environment_provider)
        text = _("Its last certificate ends. Add the new one in time.")
        yield {"text": text, **_link(_("Replace certificates"), url)}
    if text := _why_test(environment_provider, has_signed_in):
        url = setup_url("authentication:provider-test", environment_provider)
        yield {"text": text, **_link(_("Test sign-in"), url)}
    if environment_provider.method == Method.SCIM and connection and not connection.requests.exists():
        url = setup_url("provisioning:setup", environment_provider)
        text = _("No SCIM call has come yet. Give the Base URL and the token to it.")
        yield {"text": text, **_link(_("Open"), url)}


_WHY = {
    State.UNFINISHED: gettext_lazy("The connection is missing, so nobody can sign in with %(provider)s yet."),
    State.OFF: gettext_lazy("It is turned off: nobody can sign in to %(environment)s with it."),
    State.ON: gettext_lazy("Provisioning is not chosen yet."),
}


def _why_test(environment_provider: EnvironmentProvider, has_signed_in: bool) -> str:
    if environment_provider.wished_enforcement:
        return _("Enforcement starts after a test sign-in.")
    if _is_test_stale(environment_provider):
        return _("It was changed since the last successful test sign-in.")
    is_proved = has_signed_in or environment_provider.tested_configuration
    return "" if is_proved else _("No test sign-in has succeeded yet.")


def _link(label: str, url: str) -> Step:
    return {"label": label, "url": url, "method": "get"}

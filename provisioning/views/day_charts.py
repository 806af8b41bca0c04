"""Charts of sign-ins and SCIM requests by day."""

from datetime import datetime

from django.utils.translation import gettext as _

from authentication.actions.retention import ATTEMPTS_KEPT
from authentication.models import EnvironmentProvider, SignInAttempt
from provisioning.actions.retention import REQUESTS_KEPT
from provisioning.models import ProvisioningConnection, ScimRequest
from workspace.console.charts import Chart, chart_of
from workspace.console.days import Log, last_days
from workspace.models import Environment

_Outcome = SignInAttempt.Outcome


def sign_ins_by_day(use: EnvironmentProvider) -> Log:
    """Return the attempts to sign in with a provider to an environment."""
    provider, environment = use.identity_provider_id, use.environment
    attempts = environment.sign_in_attempts.filter(identity_provider=provider)
    tried, refused = [_Outcome.SUCCEEDED, _Outcome.REFUSED], _Outcome.REFUSED
    return Log(use.pk, "sign-ins", attempts.filter(outcome__in=tried), attempts.filter(outcome=refused), "count")


def requests_by_day(connection: ProvisioningConnection) -> Log:
    """Return the requests of a connection."""
    return Log(connection.pk, "requests", connection.requests.all(), connection.requests.failed())


def requests_of_environment(environment: Environment) -> Log:
    """Return the requests of all connections of an environment."""
    requests = ScimRequest.objects.in_environment(environment)
    return Log(environment.pk, "requests", requests, requests.failed())


def sign_in_chart(use: EnvironmentProvider, now: datetime) -> Chart:
    """Return the chart of a provider's sign-ins."""
    days = last_days(sign_ins_by_day(use), use.environment, now, ATTEMPTS_KEPT)
    return chart_of(days, title=_("Sign-ins by day"), noun=_("Sign-in attempts"), good=_("signed in"), bad=_("refused"))


def request_chart(log: Log, environment: Environment, now: datetime) -> Chart:
    """Return a chart of SCIM requests."""
    days = last_days(log, environment, now, REQUESTS_KEPT)
    return chart_of(days, title=_("SCIM requests by day"), noun=_("SCIM requests"), good=_("answered"), bad=_("failed"))

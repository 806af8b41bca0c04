"""A check of connections, for operators."""

from datetime import datetime, timedelta

from django.db.models import F, Max, Q
from django.urls import reverse

from provisioning.models import ProvisioningConnection
from workspace.health import NAMED, Checked, Finding, State, health_check, some

# IdPs look at what they provisioned every few hours, or at least once a day.
SILENT_AFTER = timedelta(days=3)


@health_check
def connections(now: datetime) -> Checked:
    """Find connections that are on and from which no request comes."""
    rows = ProvisioningConnection.objects.named().select_related("environment_provider__environment__workspace")
    rows = rows.filter(is_enabled=True, environment_provider__environment__workspace__removed_at=None)
    rows = rows.annotate(last_call=Max("tokens__last_used_at"))
    before = now - SILENT_AFTER
    rows = rows.filter(Q(last_call__lt=before) | Q(last_call=None, saved_at__lt=before))
    found = [_silent(each) for each in rows.order_by(F("last_call").desc(nulls_last=True))[: NAMED + 1]]
    return Checked("SCIM connections", some(found, reverse("admin:provisioning_provisioningconnection_changelist")))


def _silent(connection: ProvisioningConnection) -> Finding:
    last: datetime | None = connection.last_call  # type: ignore[attr-defined] # annotated
    when = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "since it was set up"
    words = f"{connection} of {connection.environment.workspace} has sent no request {when}."
    url = reverse("admin:provisioning_provisioningconnection_change", args=[connection.pk])
    return Finding(State.WARNING, words, "Check token and provisioning at the IdP", url)

"""The live checklist: what a working connection does, and when the real identity provider did it first."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from provisioning.models import ProvisioningConnection, ScimRequest
from provisioning.views.providers import connection_or_404, setup_url
from workspace.action_names import Action
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.sessions import do_not_extend
from workspace.models import ChangeEvent, Environment

Line = dict[str, object]


@console
@require_safe
def live(request: ConsoleRequest, environment: Environment, provider: UUID) -> HttpResponse:
    """Show the checklist alone, for the page that asks for it again and again."""
    connection = connection_or_404(environment, provider)
    if not connection.is_enabled:
        raise Http404
    do_not_extend(request)
    return render(request, "provisioning/setup/_live.html", progress(connection))


def progress(connection: ProvisioningConnection) -> dict[str, object]:
    """Return the checklist as templates read it, with the URL to ask again until all is done."""
    checks = checklist(connection)
    done_count = sum(check["state"] == "done" for check in checks)
    live_url = setup_url("provisioning:setup-checklist", connection.environment_provider)
    return {"checks": checks, "done_count": done_count, "live_url": live_url if done_count < len(checks) else ""}


def checklist(connection: ProvisioningConnection) -> list[Line]:
    """Return the lines, each done, waiting or failed."""
    answered = connection.requests.filter(status__lt=400).order_by("id")
    events = ChangeEvent.objects.of(connection.environment.workspace).filter(
        actor_kind=ChangeEvent.ActorKind.CONNECTION, actor_id=str(connection.pk)
    )

    def by(*actions: Action) -> list[QuerySet[ChangeEvent]]:
        # One at a time: of several, databases would walk all changes of the connection. Between bounds the order needs
        # the index by action; of an equal one PostgreSQL walks all changes from the first on.
        bounds = [{"action__gte": action, "action__lte": action} for action in actions]
        return [events.filter(**each).order_by("-action", "id") for each in bounds]

    updates = by(Action.END_USER_UPDATED, Action.PROVISIONED_USER_UPDATED)
    return [
        _first_call(connection, answered),
        _line(
            _("Look-up"),
            [answered.filter(method="GET", path__contains="/Users")],
            _("It asks which end users there are."),
        ),
        _line(
            _("Create"), by(Action.END_USER_CREATED, Action.END_USER_LINKED), _("Assign somebody to the application.")
        ),
        _line(_("Update"), updates, _("Change a name there.")),
        _line(_("Group push"), by(Action.GROUP_CREATED, Action.GROUP_TAKEN_OVER), _("Push a group.")),
        _line(_("Deactivate"), by(Action.END_USER_ACCESS_ENDED), _("Unassign a test person.")),
    ]


def _first_call(connection: ProvisioningConnection, answered: QuerySet[ScimRequest]) -> Line:
    """Return the line that can fail: the provider calls, but without a live token of this connection."""
    if not answered.exists() and connection.requests.filter(status=401).exists():
        # As the provider was answered (`errors.unauthorized`).
        detail = _(
            "Send a live SCIM token of this connection as Authorization: Bearer <token>. "
            "Copy the Base URL and the token from the same page of the console."
        )
        return {"label": _("First call"), "state": "failed", "detail": detail}
    return _line(_("First call"), [answered], _("The provider reaches the Base URL with the token."))


def _line(label: str, rows: Sequence[QuerySet[Any]], detail: str) -> Line:
    """Return a line: done since the first of the rows, else how to get there."""
    firsts = [at for each in rows if (at := each.values_list("at", flat=True).first())]
    if firsts:
        return {"label": label, "state": "done", "at": min(firsts)}
    return {"label": label, "state": "waiting", "detail": detail}

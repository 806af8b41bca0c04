"""Health checks for load balancers."""

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from workspace import outage
from workspace.models import OutgoingMail
from workspace.start import why_not_ready

_SECONDS_TO_WRITE = 2
_OVERDUE = "Mail waits for more than a minute. Run manage.py jobs.\n"


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer whether the database takes changes, and whether migrations, static files and keys fit this release.

    Mail that nobody sends is told too. This node may serve all the same.
    """
    try:
        reason = why_not_ready(seconds_to_write=_SECONDS_TO_WRITE)
        mail = "" if reason or not OutgoingMail.objects.overdue(timezone.now()).exists() else _OVERDUE
    except DatabaseError as error:
        outage.note(error)
        reason = outage.reason(error)
    if reason:
        return HttpResponse(f"{reason}\n", status=503, content_type="text/plain", headers=outage.RETRY)
    return HttpResponse(f"ok\n{mail}", content_type="text/plain")

"""Health checks for load balancers."""

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from workspace import outage
from workspace.start import why_not_ready

_SECONDS_TO_WRITE = 2


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer whether the database takes changes, and whether migrations, static files and keys fit this release."""
    try:
        reason = why_not_ready(seconds_to_write=_SECONDS_TO_WRITE)
    except DatabaseError as error:
        outage.note(error)
        reason = outage.reason(error)
    if reason:
        return HttpResponse(f"{reason}\n", status=503, content_type="text/plain", headers=outage.RETRY)
    return HttpResponse("ok\n", content_type="text/plain")

"""Health checks for load balancers."""

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from workspace import outage
from workspace.db.writing import check_writable

_SECONDS_TO_WRITE = 2


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer whether the database takes changes."""
    try:
        check_writable(seconds=_SECONDS_TO_WRITE)
    except DatabaseError as error:
        outage.note(error)
        return HttpResponse(f"{outage.reason(error)}\n", status=503, content_type="text/plain", headers=outage.RETRY)
    return HttpResponse("ok\n", content_type="text/plain")

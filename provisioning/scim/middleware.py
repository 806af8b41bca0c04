"""What holds for every request under /scim/: no cookies, SCIM error bodies, no copies, one row in the log."""

import json
import logging
import time
from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpResponse

from provisioning.models import ScimRequest
from provisioning.scim import errors, responses
from provisioning.scim.auth import Call, CallRequest, address
from provisioning.scim.masking import masked_request, masked_text

Handler = Callable[[CallRequest], HttpResponse]
logger = logging.getLogger(__name__)

_DETAILS = {
    400: "The request is malformed.",
    404: "There is no such path. Copy the Base URL from the console.",
    413: "Send at most 1 MB in one request.",
}


def scim(get_response: Handler) -> Handler:
    """Makes whatever happens below /scim/ an answer that SCIM clients understand, and keeps it."""

    def handle(request: CallRequest) -> HttpResponse:
        if not request.path.startswith("/scim/"):
            return get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        began = time.perf_counter()
        response = _as_scim(request, get_response(request))
        response["Cache-Control"] = "no-store"
        if call := getattr(request, "scim", None):
            _log(request, response, call, (time.perf_counter() - began) * 1000)
        return response

    return handle


def _as_scim(request: CallRequest, response: HttpResponse) -> HttpResponse:
    """The response, or a SCIM error in place of what is none: a page of Django's, or a failure of the program."""
    status = response.status_code
    is_ours = response.headers.get("Content-Type", "") == responses.CONTENT_TYPE and status != 500
    if status < 400 or is_ours:
        return response
    detail = _DETAILS.get(status, f"The request failed. Tell us its id: {request.request_id}.")
    return responses.error(errors.ScimError(status, detail))


def _log(request: CallRequest, response: HttpResponse, call: Call, duration_ms: float) -> None:
    """One row; a log that cannot be written must not undo what the client is told."""
    environment = call.connection.environment
    try:
        ScimRequest.objects.create(
            connection=call.connection,
            connection_name=call.connection.name,
            workspace_id=environment.workspace_id,
            environment_id=environment.pk,
            request_id=request.request_id,
            method=str(request.method)[:10],
            path=masked_text(request.path)[:2000],
            query=masked_text(request.META.get("QUERY_STRING", ""))[:4000],
            status=response.status_code,
            duration_ms=round(duration_ms, 1),
            address=address(request),
            request_body=masked_request(getattr(request, "_body", b"")),
            response_body=masked_text(response.content[:65_536].decode("utf-8", "replace")),
            error=_error(response),
            notes=call.notes,
        )
    except DatabaseError:
        logger.exception("A SCIM request could not be logged.")


def _error(response: HttpResponse) -> str:
    return json.loads(response.content)["detail"] if response.status_code >= 400 else ""

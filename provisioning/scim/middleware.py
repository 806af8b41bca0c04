"""What holds for every request under /scim/: no cookies, SCIM error bodies, no copies, one row in the log."""

import time
from collections.abc import Callable

from django.http import HttpResponse

from provisioning.payload import errors
from provisioning.payload.masking import masked_text
from provisioning.scim import request_log, responses
from provisioning.scim.auth import CallRequest

Handler = Callable[[CallRequest], HttpResponse]

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
        request.path = masked_text(request.path)  # for log lines; views are found by path_info
        began = time.perf_counter()
        response = _as_scim(request, get_response(request))
        response["Cache-Control"] = "no-store"
        request_log.keep(request, response, (time.perf_counter() - began) * 1000)
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

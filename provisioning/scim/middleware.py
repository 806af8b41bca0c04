"""What holds for every request below /scim/: no cookies, no copies in caches, and errors as SCIM clients read them."""

from collections.abc import Callable

from django.http import HttpResponse

from provisioning.payload import errors
from provisioning.payload.masking import masked_text
from provisioning.scim import responses
from provisioning.scim.auth import CallRequest

Handler = Callable[[CallRequest], HttpResponse]

_DETAILS = {
    400: "The request is malformed.",
    404: "There is no such path. Copy the Base URL from the console.",
    413: "Send at most 1 MB in one request.",
}


def scim(get_response: Handler) -> Handler:
    """Makes a SCIM error of each error of Django's: a path that leads nowhere, an unknown host, a failure."""

    def handle(request: CallRequest) -> HttpResponse:
        if not request.path.startswith("/scim/"):
            return get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        request.path = masked_text(request.path)  # for log lines; views are found by path_info
        response = get_response(request)
        if response.status_code >= 400 and response.headers.get("Content-Type") != responses.CONTENT_TYPE:
            status = response.status_code
            known = errors.ScimError(status, _DETAILS[status]) if status in _DETAILS else None
            if status == 503:
                known = errors.unavailable("The database does not answer.")
            response = responses.error(known) if known else responses.failed(request.request_id, status)
        response["Cache-Control"] = "no-store"
        return response

    return handle

"""What holds for every request below /scim/: no cookies, no copies in caches, and errors as SCIM clients read them."""

from collections.abc import Callable
from typing import Any, cast

from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpResponse

from provisioning.payload import errors
from provisioning.payload.masking import masked_text
from provisioning.scim import responses
from provisioning.scim.auth import CallRequest

# A client that shows an answer in a browser runs nothing of it. Copies stay out of caches.
_HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}

Handler = Callable[[CallRequest], HttpResponse]

_DETAILS = {
    400: "The request is malformed.",
    404: "There is no such path. Copy the Base URL from the console.",
    413: "Send at most 1 MB in one request.",
}


class _Views(BaseHandler):
    """Django's way from a request to its view, without the middleware that comes after this one."""

    _view_middleware: list[Any] = []
    _template_response_middleware: list[Any] = []
    _exception_middleware: list[Any] = []


def scim(get_response: Handler) -> Handler:
    """Answer SCIM requests, and make a SCIM error of each error of Django's."""
    answer = cast(Handler, convert_exception_to_response(_Views()._get_response))  # type: ignore[attr-defined] # private

    def handle(request: CallRequest) -> HttpResponse:
        if not request.path.startswith("/scim/"):
            return get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        request.path = masked_text(request.path)  # for log lines; views are found by path_info
        response = answer(request)
        if response.status_code >= 400 and response.headers.get("Content-Type") != responses.CONTENT_TYPE:
            status = response.status_code
            known = errors.ScimError(status, _DETAILS[status]) if status in _DETAILS else None
            if status == 503:
                known = errors.unavailable("The database does not answer.")
            response = responses.error(known) if known else responses.failed(request.request_id, status)
        for name, value in _HEADERS.items():
            response.headers[name] = value
        response.headers["Content-Length"] = str(len(response.content))
        return response

    return handle

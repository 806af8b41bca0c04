"""What holds for every request below /scim/: no cookies, no copies in caches, and errors as SCIM clients read them."""

import re
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpResponse

from provisioning.payload import errors
from provisioning.payload.masking import masked_text
from provisioning.scim import responses
from provisioning.scim.auth import CallRequest
from provisioning.scim.views import GroupsView, ResourceView, UsersView

# A client that shows an answer in a browser runs nothing of it. Copies stay out of caches.
_HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}

Handler = Callable[[CallRequest], HttpResponse]

_DETAILS = {
    400: "The request is malformed.",
    404: "There is no such path. Copy the Base URL from the console.",
    413: "Send at most 1 MB in one request.",
}


# Finding these by the URLconf took a tenth of a look-up. Others, such as /.search, are found by it.
_RESOURCES = re.compile(
    r"/scim/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/v2/(Users|Groups)(?:/([^./][^/]*))?"
)
_VIEWS: dict[str, type[ResourceView]] = {"Users": UsersView, "Groups": GroupsView}


def resource_path(path: str) -> tuple[type[ResourceView], UUID, str | None] | None:
    """Return the view, the connection and the id in a path of Users or Groups; None for any other path."""
    found = _RESOURCES.fullmatch(path)
    return (_VIEWS[found[2]], UUID(found[1]), found[3]) if found else None


class _Views(BaseHandler):
    """Django's way from a request to its view, without the middleware that comes after this one."""

    _view_middleware: list[Any] = []
    _template_response_middleware: list[Any] = []
    _exception_middleware: list[Any] = []

    def answer(self, request: CallRequest) -> HttpResponse:
        found = resource_path(request.path_info)
        if found is None:
            return self._get_response(request)  # type: ignore[attr-defined] # private
        view_class, connection, uuid = found
        view = view_class()
        view.setup(request)
        return view.dispatch(request, connection=connection, uuid=uuid)


def scim(get_response: Handler) -> Handler:
    """Answer SCIM requests, and make a SCIM error of each error of Django's."""
    answer = cast(Handler, convert_exception_to_response(_Views().answer))  # type: ignore[arg-type]

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

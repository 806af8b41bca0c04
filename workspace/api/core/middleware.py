"""What holds for every request below /api/v1/: no session, no cookies, no copies in caches, and problems as errors."""

from collections.abc import Callable
from typing import Any, cast

from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpResponse

from workspace import outage
from workspace.api.core import problems
from workspace.api.core.problems import Problem
from workspace.console.middleware import IdentifiedRequest

PREFIX = "/api/v1/"
# A page for people; it goes the way of all pages.
DOCUMENTATION = "/api/v1/docs"
# A browser that shows an answer runs nothing of it.
_HEADERS = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
_PROBLEMS = {
    400: ("malformed", "The request is malformed."),
    404: ("not_found", f"There is no such path. {DOCUMENTATION} lists all of them."),
    413: ("too_large", "Send at most 2 MB in one request."),
    503: ("unavailable", "The database does not answer."),
}

Handler = Callable[[IdentifiedRequest], HttpResponse]


class Views(BaseHandler):
    """Django's way from a request to its view, without the middleware that comes after this one."""

    _view_middleware: list[Any] = []
    _template_response_middleware: list[Any] = []
    _exception_middleware: list[Any] = []

    def answer(self, request: IdentifiedRequest) -> HttpResponse:
        request.get_host()  # Raises DisallowedHost, which Django answers.
        return self._get_response(request)  # type: ignore[attr-defined] # private


def api(get_response: Handler) -> Handler:
    """Answer requests of programs, and make a problem of each error of Django's."""
    answer = cast(Handler, convert_exception_to_response(Views().answer))  # type: ignore[arg-type]

    def handle(request: IdentifiedRequest) -> HttpResponse:
        if not f"{request.path}/".startswith(PREFIX) or request.path == DOCUMENTATION:
            return get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        response = answer(request)
        if response.status_code >= 400 and response.headers.get("Content-Type") != problems.CONTENT_TYPE:
            response = problems.response(_problem_of(response.status_code, request.request_id), request.request_id)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Content-Length"] = str(len(response.content))
        return response

    return handle


def _problem_of(status: int, request_id: str) -> Problem:
    if status not in _PROBLEMS:
        return Problem(status, "failed", f"The request failed. Tell the operator its id: {request_id}.")
    return Problem(status, *_PROBLEMS[status], headers=outage.RETRY if status == 503 else {})

"""Middleware of every request: its id, the end of outages and old sessions, and no caching of signed-in pages."""

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from io import BytesIO

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from workspace import outage
from workspace.db.keys import new_id
from workspace.db.waiting import at_most
from workspace.visits import is_trusted

# With what a request does besides, its answer comes within 20 seconds.
LONGEST_WAIT = 15.0
# Twice what a request may have that brings no files.
MOST_DROPPED = 4 * 1024 * 1024

Handler = Callable[[HttpRequest], HttpResponse]
_current: ContextVar[str] = ContextVar("request_id", default="-")


class IdentifiedRequest(HttpRequest):
    """A request with its id, as every view gets it."""

    request_id: str


class RequestIdFilter(logging.Filter):
    """A filter that adds the request id to every log line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _current.get()
        return True


class RefusedFilter(logging.Filter):
    """A filter that turns Django's error and traceback about what a stranger may send into a warning of one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
        return logging.getLogger(record.name).isEnabledFor(logging.WARNING)


def request_id(get_response: Handler) -> Callable[[IdentifiedRequest], HttpResponse]:
    """Give each request an id for logs, pages and the `X-Request-ID` header."""

    def handle(request: IdentifiedRequest) -> HttpResponse:
        request.request_id = str(new_id())
        # Not reset afterwards: Django logs a refused request only once all middleware has returned.
        _current.set(request.request_id)
        response = get_response(request)
        response["X-Request-ID"] = request.request_id
        return response

    return handle


def proxies(get_response: Handler) -> Handler:
    """Drop what a client says that it was forwarded, unless it is one of our proxies."""

    def handle(request: HttpRequest) -> HttpResponse:
        if settings.TRUSTED_PROXIES and not is_trusted(request.META.get("REMOTE_ADDR", "")):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        return get_response(request)

    return handle


def health_checks(get_response: Handler) -> Handler:
    """Drop cookie and host of health checks: /livez needs no session, and load balancers ask by a node's address."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.path in ("/livez", "/readyz"):
            request.META.pop("HTTP_COOKIE", None)
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0]
        return get_response(request)

    return handle


def outages(get_response: Handler) -> Handler:
    """Limit how long all statements of a request wait for SQLite's writer. Log when the database works again."""

    def handle(request: HttpRequest) -> HttpResponse:
        with at_most(LONGEST_WAIT):
            response = get_response(request)
        outage.notice_end(response)
        return response

    return handle


def chunked_bodies(get_response: Handler) -> Handler:
    """Read a body that comes in chunks up to the size that is refused. Django would not read it at all."""

    def handle(request: HttpRequest) -> HttpResponse:
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower() and not request.META.get(
            "CONTENT_LENGTH"
        ):
            body = request.META["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            request.META["CONTENT_LENGTH"] = str(len(body))
            request._stream = BytesIO(body)
        return get_response(request)

    return handle


def unread_bodies(get_response: Handler) -> Handler:
    """Read and drop what is left of a body before its request is answered.

    The server ends a connection that has more to read at the answer. A client that still sends would get a broken
    connection in place of a refusal. What is too large to be dropped ends the connection.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not (hasattr(request, "_body") or _is_dropped(request)):
            response.headers["Connection"] = "close"
        return response

    return handle


def _is_dropped(request: HttpRequest) -> bool:
    """Read the rest of a body, unless it is too large, and say whether nothing is left."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0  # as Django takes it
    if "HTTP_TRANSFER_ENCODING" in request.META:
        stream, left = request.META["wsgi.input"], MOST_DROPPED - length  # so much was read by `chunked_bodies`
    else:
        stream, left = request._stream, length  # Django's stream ends there
    if left <= 0:
        return True
    if left > MOST_DROPPED:
        return False
    while left >= 0 and (dropped := len(stream.read(65_536))):
        left -= dropped
    return left >= 0


def session_end(get_response: Handler) -> Handler:
    """End console sessions at their absolute age. Idle sessions end earlier, by the age of their cookie."""

    def handle(request: HttpRequest) -> HttpResponse:
        # Reading a session adds `Vary: Cookie`. SCIM and health checks send no cookie, so they do not get it.
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            began = request.session.get("signed_in_at")
            if began is not None and time.time() - began > settings.SESSION_ABSOLUTE_AGE:
                logout(request)
        return get_response(request)

    return handle


def explained_refusals(get_response: Handler) -> Handler:
    """Show a page where a URL does not take the request's method. Django's answer is empty."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 405 and not response.streaming and not response.content:
            page = render(request, "405.html", status=405)
            page["Allow"] = response["Allow"]
            return page
        return response

    return handle


def no_store(get_response: Handler) -> Handler:
    """Keep pages of signed-in people out of every cache."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # An error page shows no personal data, and reading the signed-in user may fail for the same reason.
        if response.status_code < 500 and request.session.accessed and request.user.is_authenticated:
            response["Cache-Control"] = "no-store"
        return response

    return handle

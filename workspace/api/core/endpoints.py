"""The base of all endpoints: the steps of a request, in their order."""

import hashlib
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, IntegrityError, InterfaceError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import parse_etags
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from workspace import outage
from workspace.api.core import bodies, problems
from workspace.api.core.calls import Call, authenticate
from workspace.api.core.fields import Answer, Input, Query, checked, parameters
from workspace.api.core.idempotency import once
from workspace.api.core.operations import Operation, Run
from workspace.api.core.paging import Page
from workspace.api.core.problems import Problem
from workspace.last_use import mark_used
from workspace.rate import SAVED_SECONDS, Buckets
from workspace.refusals import ActionError
from workspace.visits import client_address

_renderer = JSONRenderer()
_buckets = Buckets()


class _Nothing(Input):
    """The body of a request that takes none."""


class _NoQuery(Query):
    """The parameters of a URL that takes none."""


class Endpoint(APIView):
    """One path of the API: token, rate, scope, body, row, version, action, answer."""

    # The noun of the scopes, as `workspace.scopes` names it.
    noun: ClassVar[str]
    # What a path with an id names. `find` returns the rows that it is looked for in.
    thing: ClassVar[type[Answer] | None] = None
    # The parameter of the path that holds the id.
    key: ClassVar[str]

    http_method_names = ["get", "head", "post", "patch", "delete"]
    authentication_classes: list[type] = []
    permission_classes: list[type] = []
    throttle_classes: list[type] = []
    parser_classes = [JSONParser]
    renderer_classes = [JSONRenderer]
    format_kwarg = None

    call: Call
    rate_headers: dict[str, str]

    def find(self, call: Call) -> "QuerySet[Any]":
        """Return the rows among which the path names one."""
        raise NotImplementedError

    def prepare(self, given: list[Any], path: dict[str, Any]) -> None:
        """Do what takes long, like a request to another server, before the transaction of the change begins.

        Errors are kept and raised by the method: a repeated request gets the answer of the first one all the same.
        """

    def dispatch(self, request: HttpRequest, *args: Any, **path: Any) -> HttpResponse:
        """Answer a request. The token's rate is told with every answer."""
        self.rate_headers = {}
        response: HttpResponse = super().dispatch(request, *args, **path)
        for name, value in self.rate_headers.items():
            response.headers[name] = value
        return response

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Check who calls, how often, and whether the token has the scope. Raises Problem."""
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.call = authenticate(request._request)
        self._check_rate()
        mark_used(self.call.token, client_address(request._request), self.call.now)
        if described := self._operation(request.method):
            self._check_scope(described)

    def _operation(self, method: str) -> Operation | None:
        name = "get" if method == "HEAD" else method.lower()
        return getattr(getattr(self, name, None), "operation", None)

    def _check_rate(self) -> None:
        rate = settings.API_REQUESTS_PER_SECOND
        spent = _buckets.spend(self.call.token.pk, rate)
        self.rate_headers = {
            "RateLimit-Limit": str(int(rate * SAVED_SECONDS)),
            "RateLimit-Remaining": str(spent.left),
            "RateLimit-Reset": str(spent.seconds_to_full),
        }
        if spent.wait:
            detail = f"This token makes too many requests. Wait {spent.wait} s."
            raise Problem(429, "too_many_requests", detail, headers={"Retry-After": str(spent.wait)})

    def _check_scope(self, described: Operation) -> None:
        needed = f"{self.noun}:{described.level}"
        if not self.call.has(self.noun, described.level):
            headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{needed}"'}
            detail = f"This token lacks the scope {needed}."
            raise Problem(403, "missing_scope", detail, headers=headers, scope=needed)
        if described.is_everywhere and self.call.places is not None:
            raise Problem(403, "other_environments", "This needs a token for all environments.")

    def respond(self, request: Any, described: Operation, run: Run, path: dict[str, Any]) -> HttpResponse:
        """Check what was sent, then do it: a change in one transaction with its kept answer."""
        sent: HttpRequest = request._request
        asked = parameters(described.asks or _NoQuery, sent.GET)
        if sent.method in ("GET", "HEAD"):
            return self._read(sent, described, run, path, [asked] if described.asks else [])
        taken = checked(described.takes or _Nothing, bodies.read(sent), "pointer")
        given = [taken] if described.takes else [asked] if described.asks else []
        self.prepare(given, path)
        return once(sent, self.call, lambda: self._change(sent, described, run, path, given))

    def _read(
        self, sent: HttpRequest, described: Operation, run: Run, path: dict[str, Any], given: list[Any]
    ) -> HttpResponse:
        named = [self._named(path, to_change=False)] if self.thing else []
        response = self._shown(described, run(self, self.call, *named, *given))
        if "ETag" in response.headers and _names(sent.headers.get("If-None-Match"), response.headers["ETag"]):
            return HttpResponse(status=304, headers={"ETag": response.headers["ETag"]})
        return response

    def _change(
        self, sent: HttpRequest, described: Operation, run: Run, path: dict[str, Any], given: list[Any]
    ) -> HttpResponse:
        expected = sent.headers.get("If-Match")
        named = []
        if self.thing:
            row = self._named(path, to_change=expected is not None)
            if expected is not None and not _names(expected, _etag(_json(self.thing, [row], self.call)[0])):
                raise Problem(412, "changed_since", "This has changed since. Read it again, then repeat the change.")
            named = [row]
        return self._shown(described, run(self, self.call, *named, *given))

    def _named(self, path: dict[str, Any], *, to_change: bool) -> Any:
        """Return the row that the path names. Where a version is expected, it is locked, so that it stays this one."""
        rows = self.find(self.call)
        if to_change:
            rows = rows.select_for_update(no_key=True, of=("self",))
        found = rows.filter(pk=path[self.key]).first()
        if found is None:
            raise problems.not_found()
        return found

    def _shown(self, described: Operation, result: Any) -> HttpResponse:
        if result is None:
            return HttpResponse(status=described.status)
        headers = {}
        content: dict[str, Any]
        if isinstance(result, Page):
            assert described.lists  # noqa: S101 -- a mistake of the endpoint
            content = {"items": _json(described.lists, result.rows, self.call), "next": result.next}
        else:
            assert described.gives  # noqa: S101
            content = _json(described.gives, [result], self.call)[0]
            if described.gives is self.thing:
                headers["ETag"] = _etag(content)
            if described.status == 201:
                headers["Location"] = f"{settings.ORIGIN}{self.request.path}/{content['id']}"
        return HttpResponse(
            _renderer.render(content), content_type="application/json", status=described.status, headers=headers
        )

    def handle_exception(self, exc: Exception) -> HttpResponse:
        """Return the problem that an error becomes. Mistakes of ours pass on."""
        problem = _problem_of(exc, self)
        if problem is None:
            raise exc
        return problems.response(problem, self.request.request_id)

    def finalize_response(self, request: Any, response: HttpResponse, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the response as it is: nothing is left to render."""
        return response


def _json(kind: type[Answer], rows: list[Any], call: Call) -> list[Any]:
    return list(kind(list(kind.shown(rows, call)), many=True).data)


def _etag(content: object) -> str:
    return f'"{hashlib.sha256(_renderer.render(content)).hexdigest()[:32]}"'


def _names(header: str | None, etag: str) -> bool:
    """Say whether a list of entity tags names this one."""
    tags = parse_etags(header or "")
    return "*" in tags or etag in tags


def _problem_of(error: Exception, endpoint: Endpoint) -> Problem | None:
    match error:
        case Problem():
            return error
        case ActionError():
            return problems.of_refusal(error)
        case Http404():
            return problems.not_found()
        case exceptions.MethodNotAllowed():
            allowed = ", ".join(endpoint.allowed_methods)
            return Problem(405, "method_not_allowed", f"Allowed here: {allowed}.", headers={"Allow": allowed})
        case exceptions.NotAcceptable():
            return Problem(406, "not_acceptable", "Answers are application/json.")
        case RequestDataTooBig():
            return Problem(413, "too_large", "Send at most 2 MB in one request.")
        case SuspiciousOperation():
            return Problem(400, "malformed", "The request is malformed.")
        case IntegrityError():
            return Problem(
                409, "changed_at_once", "Another request changed the same at the same time. Read it, then try again."
            )
        case DatabaseError() | InterfaceError() if outage.is_outage(error):
            outage.note(error)
            return Problem(503, "unavailable", outage.reason(error), headers=outage.RETRY)
    return None

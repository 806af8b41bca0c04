"""Errors of the API: problem details (RFC 9457) with a code for programs and the id of the request."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TypedDict

from django.http import HttpResponse

from workspace.refusals import ActionError, ConflictError

CONTENT_TYPE = "application/problem+json"
# Refusals for what the role of the token does not reach.
_FORBIDDEN = {"not_allowed", "owners_only"}


class Fault(TypedDict, total=False):
    """What is wrong with one value: a JSON pointer into the body, or the name of a parameter."""

    pointer: str
    parameter: str
    code: str
    detail: str


class Problem(Exception):
    """An error that the caller is told. Nothing was changed."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
        **more: str,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers, self.more = list(errors), dict(headers or {}), more


def response(problem: Problem, request_id: str) -> HttpResponse:
    """Return the response that tells a problem."""
    document: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "request_id": request_id,
        **problem.more,
    }
    if problem.errors:
        document["errors"] = problem.errors
    content = json.dumps(document, ensure_ascii=False)
    return HttpResponse(content, content_type=CONTENT_TYPE, status=problem.status, headers=problem.headers)


def of_refusal(refusal: ActionError, pointer: str = "") -> Problem:
    """Return the problem that a refusal of an action becomes. `pointer` leads to the object that was refused."""
    status = 409 if isinstance(refusal, ConflictError) else 403 if refusal.code in _FORBIDDEN else 422
    return Problem(status, refusal.code, refusal.message, errors=[fault_of(refusal, pointer)] if refusal.field else [])


def fault_of(refusal: ActionError, pointer: str = "") -> Fault:
    """Return what a refusal says of one value."""
    at = f"{pointer}/{refusal.field}" if refusal.field else pointer
    return {"pointer": at, "code": refusal.code, "detail": refusal.message}


def not_found() -> Problem:
    """Return the answer for what does not exist, and equally for what belongs to another workspace."""
    return Problem(404, "not_found", "There is nothing here that this token can see.")


def wrong(field: str, code: str, detail: str) -> Problem:
    """Return the answer to a value of the body that is wrong. `field` is its name, or its path with slashes."""
    return Problem(
        400, "invalid", "The request is not valid.", errors=[{"pointer": f"/{field}", "code": code, "detail": detail}]
    )

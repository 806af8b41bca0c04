"""What an endpoint says of each of its methods: schema, checks, tests and documentation read it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse

from workspace.api.core.fields import Answer, Input, Query

Run = Callable[..., Any]


@dataclass(frozen=True)
class Operation:
    """One method of one endpoint.

    `takes` is its body, `asks` the parameters of its URL, `gives` what it answers with, `lists` what a page of its
    answer holds. `level` is that of the scope. `is_everywhere` keeps tokens of some environments out.
    """

    summary: str
    about: str
    level: str
    takes: type[Input] | None = None
    asks: type[Query] | None = None
    gives: type[Answer] | None = None
    lists: type[Answer] | None = None
    status: int = 200
    is_everywhere: bool = False

    @property
    def name(self) -> str:
        """Return what generated clients call it: "Read an end user" is read_end_user."""
        words = re.findall(r"[a-z0-9]+", self.summary.lower())
        return "_".join(word for word in words if word not in ("a", "an", "the"))


class Answering(Protocol):
    """An endpoint, as a method that answers needs it."""

    def respond(self, request: HttpRequest, operation: Operation, run: Run, path: dict[str, Any]) -> HttpResponse: ...


def operation(
    summary: str,
    about: str = "",
    *,
    takes: type[Input] | None = None,
    asks: type[Query] | None = None,
    gives: type[Answer] | None = None,
    lists: type[Answer] | None = None,
    status: int = 0,
    level: str = "",
    is_everywhere: bool = False,
) -> Callable[[Run], Run]:
    """Make a method of an `Endpoint` an operation of the API.

    It is called with the call, then with the row that the path names (if the endpoint has a `thing`), then with what
    was sent (if it takes or asks for anything). It returns rows, a `Page`, or None. Its level is that of its HTTP
    method unless it is given.
    """

    def decorate(run: Run) -> Run:
        is_read = run.__name__ == "get"
        described = Operation(
            summary=summary,
            about=about,
            level=level or ("read" if is_read else "change"),
            takes=takes,
            asks=asks,
            gives=gives,
            lists=lists,
            status=status or (200 if gives or lists else 204),
            is_everywhere=is_everywhere,
        )

        def answer(endpoint: Answering, request: HttpRequest, **path: Any) -> HttpResponse:
            return endpoint.respond(request, described, run, path)

        answer.operation = described  # type: ignore[attr-defined]
        answer.__doc__, answer.__name__ = run.__doc__, run.__name__
        return answer

    return decorate

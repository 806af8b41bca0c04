"""The log of what identity providers sent and what they were answered, secrets masked."""

import json
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import DatabaseError, InterfaceError
from django.http import HttpResponse
from django.utils import timezone

from provisioning.models import ProvisioningConnection, ScimRequest
from provisioning.payload import errors
from provisioning.payload.masking import masked_query, masked_request, masked_text
from provisioning.payload.resources import Document
from provisioning.scim import responses
from provisioning.scim.auth import CallRequest
from workspace import outage
from workspace.db.keys import first_id_at, new_id
from workspace.db.statement import insertion_of
from workspace.db.together import Write
from workspace.db.transactions import refers_to_nothing, write_last
from workspace.db.waiting import at_most
from workspace.visits import client_address

logger = logging.getLogger(__name__)

# One row in this time tells the administrator. Anybody who knows a Base URL could fill the log with more.
REFUSAL_EVERY = timedelta(minutes=1)
# How long the row of a read or a refusal waits for SQLite's writer, before it is left out.
READ_SECONDS = 1
_STOPPED = "The server stopped before it answered. Operations that it had done are kept."


insertion = insertion_of(
    ScimRequest,
    *("id", "at", "connection", "connection_name", "workspace_id", "environment_id", "request_id", "method", "path"),
    *("query", "address", "status", "duration_ms", "error", "request_body", "response_body", "notes"),
)


@dataclass
class Entry:
    """The row of one authenticated request. `started` is of `time.perf_counter`."""

    request: CallRequest
    started: float
    begun: UUID | None = None
    # Whether the row was committed together with the change.
    is_done: bool = False

    def begin(self) -> None:
        """Write the row before the first of several transactions. Until `finish` it tells of a server that stopped."""
        self.begun = self.write(responses.error(errors.ScimError(500, _STOPPED)))

    def write(self, response: HttpResponse) -> UUID:
        """Insert the row, and return its id. A change does it in its own transaction: neither is without the other."""
        pk = new_id()
        write_last((insertion, self._values(pk, response, self.request.scim.tolerance.notes)))
        return pk

    def row(self, response: HttpResponse, notes: list[str]) -> Write:
        """Return the row that `write` inserts, with these notes. The body has been read, and is as it was sent."""
        sent = self.request.sent
        return insertion, self._values(new_id(), response, notes, sent if isinstance(sent, dict) else None)

    def _values(self, pk: UUID, response: HttpResponse, notes: list[str], sent: Document | None = None) -> list[object]:
        return _values(
            pk,
            self.request,
            self.request.scim.connection,
            response,
            self.started,
            query=masked_query(self.request.META.get("QUERY_STRING", ""))[:4000],
            request_body=masked_request(getattr(self.request, "_body", b""), sent),
            response_body=_body(response),
            notes=notes,
        )

    def finish(self, response: HttpResponse) -> None:
        """Write what is not written yet. If the log fails, the answer stays: the request has done its work."""
        is_read = self.request.method in ("GET", "HEAD")
        if not self.is_done:
            with _answered_all_the_same(), at_most(READ_SECONDS) if is_read else nullcontext():
                self._complete(self.begun, response) if self.begun else self.write(response)

    def _complete(self, pk: UUID, response: HttpResponse) -> None:
        status, duration, error = _outcome(response, self.started)
        ScimRequest.objects.filter(pk=pk).update(
            status=status,
            duration_ms=duration,
            error=error,
            response_body=_body(response),
            notes=self.request.scim.tolerance.notes,
        )


def keep_refusal(request: CallRequest, response: HttpResponse, pk: UUID, started: float) -> None:
    """Log that a token was refused or that it made too many requests, without anything that a stranger sent.

    `pk` is that of the connection in the path.
    """
    with _answered_all_the_same(), at_most(READ_SECONDS):
        connection = ProvisioningConnection.objects.named().filter(pk=pk).first()
        recent = first_id_at(timezone.now() - REFUSAL_EVERY)
        if connection and not connection.requests.filter(pk__gte=recent, status=response.status_code).exists():
            insertion.run(*_values(new_id(), request, connection, response, started))


@contextmanager
def _answered_all_the_same() -> Iterator[None]:
    """Let a failure of the log change nothing of the answer."""
    try:
        yield
    except (DatabaseError, InterfaceError) as failure:
        if outage.is_outage(failure):
            outage.note(failure)
        elif refers_to_nothing(failure, ScimRequest):  # by its only foreign key
            logger.warning("A SCIM request is not in the log: its connection was removed meanwhile.")
        else:
            logger.exception("A SCIM request could not be logged.")


def _values(
    pk: UUID,
    request: CallRequest,
    connection: ProvisioningConnection,
    response: HttpResponse,
    started: float,
    *,
    query: str = "",
    request_body: str = "",
    response_body: str = "",
    notes: Sequence[str] = (),
) -> list[object]:
    environment = connection.environment
    status, duration, error = _outcome(response, started)
    called = pk, timezone.now(), connection.pk, connection.name, environment.workspace_id, environment.pk
    asked = request.request_id, str(request.method)[:10], masked_text(request.path)[:2000], query
    ended = client_address(request), status, duration, error, request_body, response_body, list(notes)
    return [*called, *asked, *ended]


def _outcome(response: HttpResponse, started: float) -> tuple[int, float, str]:
    """Return the status, the milliseconds and the error."""
    error = json.loads(response.content)["detail"] if response.status_code >= 400 else ""
    return response.status_code, round((time.perf_counter() - started) * 1000, 1), error


def _body(response: HttpResponse) -> str:
    return masked_text(response.content[:65_536].decode("utf-8", "replace"))

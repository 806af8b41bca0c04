"""The log of what identity providers sent and what they were answered, secrets masked."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from uuid import UUID

from django.db import DatabaseError, InterfaceError
from django.http import HttpResponse
from django.utils import timezone

from provisioning.models import ProvisioningConnection, ScimRequest
from provisioning.payload.masking import masked_query, masked_request, masked_text
from provisioning.scim.auth import CallRequest
from workspace import outage
from workspace.db.keys import first_id_at
from workspace.db.waiting import at_most
from workspace.visits import client_address

logger = logging.getLogger(__name__)

# One row in this time tells the administrator. Anybody who knows a Base URL could fill the log with more.
REFUSAL_EVERY = timedelta(minutes=1)
# How long the row of a read or a refusal waits for SQLite's writer, before it is left out.
READ_SECONDS = 1


def keep(request: CallRequest, response: HttpResponse, started: float) -> None:
    """Log an authenticated request. `started` is of `time.perf_counter`."""
    is_read = request.method in ("GET", "HEAD")
    with _answered_all_the_same(), at_most(READ_SECONDS) if is_read else nullcontext():
        _write(
            request,
            response,
            request.scim.connection,
            started,
            query=masked_query(request.META.get("QUERY_STRING", ""))[:4000],
            request_body=masked_request(getattr(request, "_body", b"")),
            response_body=masked_text(response.content[:65_536].decode("utf-8", "replace")),
            notes=request.scim.tolerance.notes,
        )


def keep_refusal(request: CallRequest, response: HttpResponse, pk: UUID, started: float) -> None:
    """Log that a token was refused or that it made too many requests, without anything that a stranger sent.

    `pk` is that of the connection in the path.
    """
    with _answered_all_the_same(), at_most(READ_SECONDS):
        connection = ProvisioningConnection.objects.named().filter(pk=pk).first()
        recent = first_id_at(timezone.now() - REFUSAL_EVERY)
        if connection and not connection.requests.filter(pk__gte=recent, status=response.status_code).exists():
            _write(request, response, connection, started)


@contextmanager
def _answered_all_the_same() -> Iterator[None]:
    """Let a failure of the log change nothing of the answer: the request has done its work."""
    try:
        yield
    except (DatabaseError, InterfaceError) as failure:
        if outage.is_outage(failure):
            outage.note(failure)
        else:
            logger.exception("A SCIM request could not be logged.")


def _write(
    request: CallRequest, response: HttpResponse, connection: ProvisioningConnection, started: float, **more: object
) -> None:
    ScimRequest.objects.create(
        connection=connection,
        connection_name=connection.name,
        workspace_id=connection.environment.workspace_id,
        environment_id=connection.environment.pk,
        request_id=request.request_id,
        method=str(request.method)[:10],
        path=masked_text(request.path)[:2000],
        status=response.status_code,
        duration_ms=round((time.perf_counter() - started) * 1000, 1),
        address=client_address(request),
        error=json.loads(response.content)["detail"] if response.status_code >= 400 else "",
        **more,
    )

"""Keeps what identity providers asked and were told, secrets masked."""

import json
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpResponse
from django.utils import timezone

from provisioning.models import ProvisioningConnection, ScimRequest
from provisioning.payload.masking import masked_query, masked_request, masked_text
from provisioning.scim.auth import Call, CallRequest
from workspace.db.keys import first_id_at
from workspace.visits import client_address

logger = logging.getLogger(__name__)

# Anybody who knows a Base URL can be refused: one row in this time tells the administrator, more would fill the log.
REFUSAL_EVERY = timedelta(minutes=1)


def keep(request: CallRequest, response: HttpResponse, duration_ms: float) -> None:
    """Write the row of a request; a log that cannot be written must not undo what the client is told."""
    try:
        if call := getattr(request, "scim", None):
            _write(request, response, call.connection, duration_ms, **_bodies(request, response, call))
        elif refused := getattr(request, "refused", None):
            _keep_refusal(request, response, refused, duration_ms)
    except DatabaseError:
        logger.exception("A SCIM request could not be logged.")


def _keep_refusal(request: CallRequest, response: HttpResponse, refused: UUID, duration_ms: float) -> None:
    """A request without the connection's token, or too many with it; nothing that a stranger sends is kept."""
    connection = ProvisioningConnection.objects.named().filter(pk=refused).first()
    recent = first_id_at(timezone.now() - REFUSAL_EVERY)
    if connection and not connection.requests.filter(pk__gte=recent, status=response.status_code).exists():
        _write(request, response, connection, duration_ms)


def _write(
    request: CallRequest, response: HttpResponse, connection: ProvisioningConnection, duration_ms: float, **more: Any
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
        duration_ms=round(duration_ms, 1),
        address=client_address(request),
        error=_error(response),
        **more,
    )


def _bodies(request: CallRequest, response: HttpResponse, call: Call) -> dict[str, Any]:
    return {
        "query": masked_query(request.META.get("QUERY_STRING", ""))[:4000],
        "request_body": masked_request(getattr(request, "_body", b"")),
        "response_body": masked_text(response.content[:65_536].decode("utf-8", "replace")),
        "notes": call.notes,
    }


def _error(response: HttpResponse) -> str:
    return json.loads(response.content)["detail"] if response.status_code >= 400 else ""

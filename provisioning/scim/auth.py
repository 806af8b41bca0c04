"""Who calls: django-scim2's authentication hook. Only a bearer token of the connection in the path counts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from provisioning import tokens
from provisioning.models import ProvisioningConnection
from provisioning.payload import errors
from provisioning.scim import rate, responses
from workspace.events import Actor, Kind
from workspace.visits import client_address

View = Callable[..., HttpResponse]


class CallRequest(HttpRequest):
    """A request under /scim/; `scim` is there once it is authenticated."""

    request_id: str
    scim: "Call"
    refused: UUID  # the connection in the path of a request that gets no further than this


@dataclass
class Call:
    """One authenticated request: connection, token, the actor it is for the events, the deviations it tolerated."""

    connection: ProvisioningConnection
    by: Actor
    token: UUID
    notes: list[str] = field(default_factory=list)


def bearer(view: View) -> View:
    """Lets a request pass that proves the connection in its path, as `request.scim`."""

    @wraps(view)
    def check(request: CallRequest, *args: Any, connection: UUID, **kwargs: Any) -> HttpResponse:
        try:
            with responses.scim_errors():
                _authenticate(request, connection)
        except errors.ScimError as failure:
            request.refused = connection
            return responses.error(failure)
        return view(request, *args, **kwargs)

    return check


def _authenticate(request: CallRequest, connection_id: UUID) -> None:
    scheme, _, clear = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not clear.strip():
        raise errors.unauthorized("Send the SCIM token of this connection as Authorization: Bearer <token>.")
    token = tokens.find(clear.strip())
    if token is None:
        raise errors.unauthorized("This SCIM token is unknown, expired or revoked. Copy a live one from the console.")
    if token.connection_id != connection_id:
        raise errors.unauthorized("This SCIM token belongs to another Base URL. Copy both from the same page.")
    rate.limiter.check(token.pk)
    connection = token.connection
    by = Actor(Kind.CONNECTION, str(connection.pk), connection.name, request.request_id)
    request.scim = Call(connection, by, token.pk)
    tokens.mark_used(token, client_address(request))
    if not connection.is_enabled:
        raise errors.ScimError(
            403, "SCIM provisioning is off for this connection. Save the method SCIM in the console."
        )

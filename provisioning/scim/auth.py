"""Who calls: only a bearer token of the connection in the path counts."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest

from provisioning import tokens
from provisioning.models import ProvisioningConnection, ScimToken
from provisioning.payload import errors
from provisioning.payload.resources import Document
from provisioning.payload.tolerance import Tolerance
from workspace.db.prepared import copied
from workspace.events import Actor, Kind
from workspace.visits import client_address

if TYPE_CHECKING:
    from provisioning.scim.request_log import Entry


@dataclass(frozen=True)
class Call:
    """One authenticated request: its connection, its token, the actor of its events, and what it deviates in.

    Other requests may have the same connection and token, as long as they are not its `own`.
    """

    connection: ProvisioningConnection
    token: ScimToken
    by: Actor
    tolerance: Tolerance
    is_own: bool = False

    def own(self) -> "Call":
        """Return the call with rows of its own, which locks fill anew and changes may change."""
        if self.is_own:
            return self
        token = copied(self.token)
        return replace(self, token=token, connection=token.connection, is_own=True)


class CallRequest(HttpRequest):
    """A request below /scim/. `scim`, `log` and `sent` are set once it is authenticated."""

    request_id: str
    scim: Call
    # None for an operation of a bulk request.
    log: "Entry | None" = None
    # What the body says, or why it is refused, once it is read.
    sent: Document | errors.ScimError | None = None


def authenticate(request: CallRequest, connection: UUID) -> Call:
    """Return who calls. Raises ScimError 401 for anything but a live token of the connection."""
    scheme, _, clear = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not clear.strip():
        raise errors.unauthorized()
    token = tokens.find(clear.strip())
    if token is None or token.connection_id != connection:
        raise errors.unauthorized()
    caller = token.connection
    by = Actor(Kind.CONNECTION, str(caller.pk), caller.name, request.request_id, client_address(request) or "")
    return Call(caller, token, by, Tolerance(is_strict=caller.is_strict))

"""The base of all SCIM views: the steps of a request, in their order."""

import logging
import time
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.generic import View

from provisioning.actions.tokens import retire_replaced
from provisioning.payload import errors
from provisioning.scim import auth, responses
from provisioning.scim.auth import CallRequest
from provisioning.scim.rate import limiter
from provisioning.scim.request_log import Entry, keep_refusal
from workspace.db.transactions import whole
from workspace.last_use import mark_used
from workspace.visits import client_address

logger = logging.getLogger(__name__)


class ScimView(View):
    """Takes the place of django-scim2's dispatch: host, token, rate, path, transaction, answer, log."""

    changing_methods = frozenset({"POST", "PUT", "PATCH", "DELETE"})

    def setup(self, request: HttpRequest, *args: object, **kwargs: object) -> None:
        """Keep the request. Django would also keep a method of the view in it, until garbage is collected."""
        self.request, self.args, self.kwargs = request, args, kwargs

    def dispatch(  # type: ignore[override] # our paths have a connection
        self, request: CallRequest, *, connection: UUID, uuid: str | None = None
    ) -> HttpResponse:
        """Answer a request of an identity provider, and log it."""
        started = time.perf_counter()
        request.get_host()  # Raises DisallowedHost, which Django answers.
        try:
            with responses.scim_errors():
                call = auth.authenticate(request, connection)
                limiter.check(call.token.pk)
                if call.token.retires_another:
                    retire_replaced(token=call.token, address=client_address(request), now=timezone.now(), by=call.by)
                else:
                    mark_used(call.token, call.by.address or None, timezone.now())
        except errors.ScimError as refusal:
            response = responses.error(refusal)
            keep_refusal(request, response, connection, started)
            return response
        request.scim, request.log, request.sent = call, Entry(request, started), None
        try:
            response = self.answer(request, uuid) if call.connection.is_enabled else responses.error(errors.disabled())
        except Exception:
            logger.exception("A SCIM request failed.")
            response = responses.failed(request.request_id)
        request.log.finish(response)
        request.log = None  # They hold each other, and with them a body of up to 1 MB, until garbage is collected.
        return response

    def answer(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        """Answer an authenticated request. What is refused becomes a SCIM error.

        A change is one transaction with its row in the request log. An operation of a bulk request has no row.
        """
        is_change = request.method in self.changing_methods
        try:
            with responses.scim_errors():
                if request.path.endswith("/"):
                    request.scim.tolerance.note("a slash at the end of the path", "invalidPath")
                response = self.change(request, uuid) if is_change else self.run(request, uuid)
        except errors.ScimError as refusal:
            return responses.error(refusal)
        if is_change and request.log:
            request.log.is_done = True
        return response

    def change(self, request: CallRequest, uuid: str | None) -> HttpResponse:
        """Run the method's function in one transaction with the row in the request log.

        Reads and short forms change nothing of connection and token, so copies are made here.
        """
        request.scim = request.scim.own()
        with whole():
            response = self.run(request, uuid)
            if request.log:
                request.log.write(response)
        return response

    def run(self, request: CallRequest, uuid: str | None) -> HttpResponse:
        """Run the method's function. django-scim2's dispatch is left out: it would check the caller again."""
        return View.dispatch(self, request, **({"uuid": uuid} if uuid else {}))  # type: ignore[return-value]

    def http_method_not_allowed(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        allowed = [name.upper() for name in self.http_method_names if hasattr(self, name)]
        return responses.error(errors.not_allowed(allowed))

"""POST /Bulk (RFC 7644 section 3.7): the view of its path answers each operation, as it answers a single request."""

import json
import logging
from urllib.parse import quote

from django.http import HttpResponse, QueryDict
from django_scim import views as scim_views
from scim2_models import BulkRequest, BulkResponse

from provisioning.payload import bulk_jobs, errors
from provisioning.payload.bulk_jobs import Operation
from provisioning.payload.dialects.schemas import check_schemas
from provisioning.payload.resources import Document
from provisioning.scim import responses
from provisioning.scim.auth import CallRequest
from provisioning.scim.base import ScimView
from provisioning.scim.rate import limiter
from provisioning.scim.views import GroupsView, ResourceView, UsersView, read_body

logger = logging.getLogger(__name__)

_REQUEST, _RESPONSE = str(BulkRequest.__schema__), str(BulkResponse.__schema__)
_CIRCLE = "These operations refer to each other in a circle. Create the resources first, then let one know the other."
_VIEWS: dict[str, type[ResourceView]] = {"Users": UsersView, "Groups": GroupsView}


class BulkView(ScimView, scim_views.SCIMView):
    """/Bulk"""

    # Each operation is a transaction of its own. So the row of the request is written before the first one.
    changing_methods = frozenset()

    def post(self, request: CallRequest) -> HttpResponse:
        request.scim = request.scim.own()  # otherwise each operation would make copies
        body = read_body(request)
        check_schemas(body, [_REQUEST], request.scim.tolerance)
        found = bulk_jobs.operations(body, request.scim.tolerance)
        limiter.charge(request.scim.token.pk, len(found))
        if request.log:
            request.log.begin()
        results = _Job(request, found, bulk_jobs.fail_on_errors(body)).run()
        return responses.document({"schemas": [_RESPONSE], "Operations": results})


class _Job:
    """The operations of one request, and their results."""

    def __init__(self, request: CallRequest, operations: list[Operation], most_errors: int) -> None:
        self.request, self.operations, self.errors_left = request, operations, most_errors
        self.ids: dict[str, str] = {}
        self.results: dict[int, Document] = {}

    def run(self) -> list[Document]:
        """Return the results in the order of the operations, without operations that failOnErrors left undone."""
        for number in bulk_jobs.order(self.operations):
            if not self.errors_left:
                break
            self._finish(number, self._answer(self.operations[number]))
        for number in range(len(self.operations)):
            if self.errors_left and number not in self.results:
                self._finish(number, responses.error(errors.ScimError(409, _CIRCLE)))
        return [self.results[number] for number in sorted(self.results)]

    def _answer(self, operation: Operation) -> HttpResponse:
        """Answer one operation. A failure of the program concerns this operation alone."""
        if operation.failure:
            return responses.error(operation.failure)
        try:
            resolved = operation.resolved(self.ids)
            kind, pk = resolved.target
            view, request = _VIEWS[kind](), self._request(resolved)
            view.setup(request)
            return view.answer(request, pk)
        except errors.ScimError as refusal:
            return responses.error(refusal)
        except Exception:
            logger.exception("A bulk operation failed.")
            detail = f"The operation failed. Tell us the id of this request: {self.request.request_id}."
            return responses.error(errors.ScimError(500, detail))

    def _request(self, operation: Operation) -> CallRequest:
        request = CallRequest()
        request.method, request.path = operation.method, operation.path
        request.META = {"HTTP_IF_MATCH": operation.version} if operation.version else {}
        # A result shows neither groups nor members. So they are not read.
        request.GET = QueryDict("excludedAttributes=groups,members")
        request.scim, request.request_id = self.request.scim, self.request.request_id
        request._body = json.dumps(operation.data).encode()
        return request

    def _finish(self, number: int, answer: HttpResponse) -> None:
        operation = self.operations[number]
        if answer.status_code >= 400:
            self.errors_left -= 1
        elif operation.creates:
            self.ids[operation.creates] = answer.headers["Location"].rpartition("/")[2]
        self.results[number] = self._result(operation, answer)

    def _result(self, operation: Operation, answer: HttpResponse) -> Document:
        result = {
            "method": operation.method,
            "bulkId": operation.bulk_id,
            "version": answer.headers.get("ETag"),
            "location": answer.headers.get("Location") or self._location(operation),
            "status": str(answer.status_code),
            "response": json.loads(answer.content) if answer.status_code >= 400 else None,
        }
        return {name: value for name, value in result.items() if value is not None}

    def _location(self, operation: Operation) -> str | None:
        """Where the resource is or was; None for one that was not created."""
        kind, pk = operation.target
        if pk and pk.startswith("bulkId:"):
            pk = self.ids.get(pk.removeprefix("bulkId:"))
        return f"{self.request.scim.connection.base_url}/{kind}/{quote(pk)}" if pk else None

"""The middleware that counts requests. Only an installation with METRICS_PORT has it."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from provisioning.scim.auth import Call
from workspace.metrics import Metrics, metrics

# The area of a request by the first part of its path. The rest is "other".
_AREAS = {
    "scim": "scim",
    "saml": "saml",
    "sign-in": "sign-in",
    "api": "api",
    "operator": "operator",
    "workspaces": "console",
    "account": "console",
    "static": "static",
    "livez": "health",
    "readyz": "health",
}


def count_requests(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Count each request with its outcome and its time, and a SCIM request for its connection."""
    counts = metrics or Metrics()

    def handle(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = get_response(request)
        area = _AREAS.get(request.path_info[1:].partition("/")[0], "other")
        counts.count_request(area, response.status_code, time.perf_counter() - began)
        call: Call | None = getattr(request, "scim", None)
        if call:
            counts.count_scim_request(call.by.id, request.method or "", response.status_code)
        return response

    return handle

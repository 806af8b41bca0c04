"""Responses that several apps share."""

from datetime import timedelta
from math import ceil

from django.http import Http404, HttpResponse

from workspace.models import BrandingFile

# A file is shown inside a page. Opened by itself it may do nothing, not even load a font; SVG may style its own shapes.
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
# Its URL has the digest of its content.
FOREVER = "public, max-age=31536000, immutable"


def with_wait(response: HttpResponse, wait: timedelta) -> HttpResponse:
    """Return the response to an attempt. With a time to wait it is a 429 with Retry-After."""
    if wait:
        response.status_code = 429
        response["Retry-After"] = str(ceil(wait.total_seconds()))
    return response


def served_file(file: BrandingFile | None, *, is_public: bool) -> HttpResponse:
    """Return the response with an uploaded file. Raises Http404 if there is none."""
    if file is None:
        raise Http404
    headers = {"Content-Security-Policy": _SANDBOX, "X-Content-Type-Options": "nosniff"}
    headers |= {"Cache-Control": FOREVER} if is_public else {}
    return HttpResponse(bytes(file.content), content_type=file.content_type, headers=headers)

"""Compression of pages, but not of those that show a secret.

The size of a compressed page tells whether two of its parts are alike, so it could betray a secret to somebody who can
put words into the same page (BREACH). Templates mark the element that shows a secret with the attribute `data-secret`.
Django writes the CSRF token differently into each page.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

SECRET = b" data-secret"


class CompressionMiddleware(GZipMiddleware):
    """Compress pages and exports where the browser takes that."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if SECRET in getattr(response, "content", b""):
            return response
        return super().process_response(request, response)

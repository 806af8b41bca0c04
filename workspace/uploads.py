"""Uploaded files: the body they come in ends at the same size as any other (security.md S16)."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class CappedUploadHandler(MemoryFileUploadHandler):
    """Keep files in memory, and refuse a body that is too large before any of it is read."""

    def handle_raw_input(self, input_data: Any, meta: Any, content_length: int, *how: Any) -> None:
        if content_length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig("The files of this request are too large.")
        super().handle_raw_input(input_data, meta, content_length, *how)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django does not take: one that is too large with the size that is taken."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20 if isinstance(exception, RequestDataTooBig) else 0
    return render(request, "400.html", {"most": most}, status=400)

"""Uploaded files: the body they come in ends at the same size as any other (security.md S16)."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler


class CappedUploadHandler(MemoryFileUploadHandler):
    """Keep files in memory, and refuse a body that is too large before any of it is read."""

    def handle_raw_input(self, input_data: Any, meta: Any, content_length: int, *how: Any) -> None:
        if content_length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig("The files of this request are too large.")
        super().handle_raw_input(input_data, meta, content_length, *how)

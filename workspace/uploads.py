"""Uploaded files: the body they come in ends at a cap (security.md S16)."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest

_NOTHING = -1
View = TypeVar("View", bound=Callable[..., Any])


def takes_files(*, body: int, file: int) -> Callable[[View], View]:
    """Let a view take a larger body than others, in bytes; the files in it from signed-in people only.

    Of a file larger than `file` the rest is read and dropped, so its form says that it is too large, and the other
    fields are there to be shown again.
    """

    def decorate(view: View) -> View:
        view.most_bytes = (body, file)  # type: ignore[attr-defined]
        return view

    return decorate


def caps_of(request: HttpRequest | None) -> tuple[int, int]:
    """Return the most bytes that a request's body and each of its files may have.

    Of somebody whose session ended the files are dropped and the fields are read, so that they can be kept.
    """
    smallest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    match = request.resolver_match if request else None
    caps: tuple[int, int] | None = getattr(match.func, "most_bytes", None) if match else None
    if request is None or caps is None:
        return smallest, smallest
    return caps if request.user.is_authenticated else (caps[0], _NOTHING)


class CappedUploadHandler(MemoryFileUploadHandler):
    """Keep files in memory, and refuse a body that is too large before any of it is read."""

    most_of_file = settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    def handle_raw_input(self, input_data: Any, meta: Any, content_length: int, *how: Any) -> None:
        most, self.most_of_file = caps_of(self.request)
        if content_length > most:
            raise RequestDataTooBig("The files of this request are too large.")
        super().handle_raw_input(input_data, meta, content_length, *how)
        self.activated = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return super().receive_data_chunk(raw_data, start) if start <= self.most_of_file else None

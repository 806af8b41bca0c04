"""Outages of the database: what is wrong, what of a form is kept, and what is logged."""

import logging
import time
from dataclasses import dataclass, field
from threading import Lock

from django.db import Error, InterfaceError, InternalError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from workspace.db.writing import check_writable
from workspace.typed import is_secret, typed

logger = logging.getLogger(__name__)

RETRY = {"Retry-After": "5"}
_SQLITE = ("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_LOCKED", "SQLITE_READONLY")
# PostgreSQL's error codes.
_READ_ONLY, _DISK_FULL = "25006", "53100"
# A serialization failure, a deadlock, a lock that was waited for in vain, a statement that took too long.
_BUSY = ("40001", "40P01", "55P03", "57014")


def is_outage(error: BaseException | None) -> bool:
    """Say whether an error comes from the state of the database, so that the same request may succeed later."""
    name = getattr(error.__cause__, "sqlite_errorname", "") if error else ""
    if name:
        return str(name).startswith(_SQLITE)
    if isinstance(error, InternalError):
        # Without a code psycopg raises it: a connection that a pooler ended got answers to nothing it had asked.
        return _sqlstate(error) in (None, _READ_ONLY)
    return isinstance(error, OperationalError | InterfaceError)


def reason(error: BaseException) -> str:
    """Return what is wrong with the database, as a sentence."""
    text = str(error)
    if _sqlstate(error) == _DISK_FULL or "disk is full" in text:
        return _("The disk of the database is full.")
    if _sqlstate(error) == _READ_ONLY or "readonly" in text:
        return _("The database takes no changes at the moment.")
    if _sqlstate(error) in _BUSY or "is locked" in text:
        return _("The database is busy.")
    return _("The database does not answer.")


def _sqlstate(error: BaseException) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


@dataclass
class _Log:
    """One line when an outage begins and one when it ends, instead of a traceback for each request."""

    began: float | None = None
    failures: int = 0
    asked: float = 0
    lock: Lock = field(default_factory=Lock)

    def note(self, error: BaseException) -> None:
        with self.lock:
            self.failures += 1
            if self.began is None:
                self.began = time.monotonic()
                first_line = str(error).partition("\n")[0]
                logger.error("%s Until it works again, failures are only counted. (%s)", reason(error), first_line)

    def end_if_over(self) -> None:
        """Ask the database once a second whether it takes changes again."""
        with self.lock:
            if self.began is None or time.monotonic() - self.asked < 1:
                return
            self.asked = time.monotonic()
        try:
            check_writable(seconds=0)
        except Error:
            return
        with self.lock:
            if self.began is not None:
                seconds = time.monotonic() - self.began
                logger.warning("The database works again after %.0f s and %d failures.", seconds, self.failures)
            self.began, self.failures = None, 0


_log = _Log()
note = _log.note


def notice_end(response: HttpResponse) -> None:
    """Log the end of an outage, if this request used the database successfully."""
    if _log.began is None or response.status_code >= 500:
        return
    if connection.connection is not None and not connection.in_atomic_block:
        _log.end_if_over()


class OutageFilter(logging.Filter):
    """A filter that drops Django's line and traceback about requests that failed in an outage."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) != 503


def kept(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the fields of a posted form, to post them again; empty if it has a password, a private key or a file."""
    if request.method != "POST":
        return []
    try:
        fields = typed(request)
    except ValueError:
        return []
    has_secret = any(is_secret(name, value) for name, value in fields if name != "csrfmiddlewaretoken")
    return [] if request.FILES or has_secret else fields

"""The jobs of this app."""

import logging
import time
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_noop

from workspace import outage
from workspace.actions.imports import advance, stop_import
from workspace.actions.login_experience import forget_unsaved_looks
from workspace.actions.sealing import forget_changes, seal_all
from workspace.models import ConsoleSession, IdempotentRequest, PeopleImport
from workspace.outbox import forget_mails, send_due
from workspace.scheduling import job
from workspace.words import count

logger = logging.getLogger(__name__)

IMPORT_FAILED = gettext_noop(
    "The import failed, and nothing of it was applied. Ask the operator for the reason in the server’s log."
)
# After this long the other jobs get their turn, and the imports go on in the next run.
_SECONDS_OF_IMPORTS = 20


@job("Seal the audit log", every=timedelta(minutes=5))
def seal_audit_log(now: datetime) -> str:
    return f"{count(seal_all(now), 'change', 'changes')} sealed."


@job("Forget old changes", every=timedelta(hours=6))
def forget_old_changes(now: datetime) -> str:
    return f"{count(forget_changes(now), 'change', 'changes')} deleted."


@job("Forget ended console sessions", every=timedelta(hours=1))
def forget_console_sessions(now: datetime) -> str:
    number, _ = ConsoleSession.objects.filter(expire_date__lt=now).delete()
    return f"{count(number, 'session', 'sessions')} deleted."


@job("Forget answers of the management API", every=timedelta(hours=1))
def forget_answers(now: datetime) -> str:
    number, _ = IdempotentRequest.objects.filter(created_at__lt=now - IdempotentRequest.KEPT).delete()
    return f"{count(number, 'answer', 'answers')} deleted."


@job("Forget looks that nobody saved", every=timedelta(hours=6))
def forget_previews(now: datetime) -> str:
    return f"{count(forget_unsaved_looks(now), 'row', 'rows')} deleted."


@job("Send mail", every=timedelta(seconds=1))
def send_mail(now: datetime) -> str:
    return send_due(now)


@job("Forget sent mail", every=timedelta(hours=1))
def forget_mail(now: datetime) -> str:
    return f"{count(forget_mails(now), 'mail', 'mails')} deleted."


@job("Import people", every=timedelta(seconds=1))
def import_people(now: datetime) -> str:
    """Go on with the imports that somebody started, wherever the page that shows them is."""
    end = time.monotonic() + _SECONDS_OF_IMPORTS
    for each in PeopleImport.objects.working():
        try:
            _go_on(each, end)
        except PeopleImport.DoesNotExist:
            continue  # discarded meanwhile
        except Exception as failure:
            if outage.is_outage(failure):
                raise
            logger.exception("import %s failed", each.pk)
            # It would fail again and again, and keep the others waiting.
            stop_import(job=each, note=IMPORT_FAILED)
    return ""


def _go_on(started: PeopleImport, end: float) -> None:
    current = started
    while current.is_working and time.monotonic() < end:
        current = advance(job=current, now=timezone.now())

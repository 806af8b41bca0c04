"""Sends the mails of the outbox. Any number of processes may do so at once.

A mail that is taken is due again later, so one whose process dies is sent by another one. If the mail server took it
just before, it arrives twice, with the same Message-ID.
"""

import logging
import time
from contextlib import suppress
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from workspace.crypto import UnsealError
from workspace.models import OutgoingMail
from workspace.models.mails import INTERRUPTED
from workspace.words import count

logger = logging.getLogger(__name__)

# A mail that failed waits this long. After the last attempt it is parked.
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720)]
_NO_KEY = "No key of SECRETS_KEYS opens the text of this mail."
_LONGEST_ERROR = 2000
# What a mail server says of one mail. It may take others.
_REFUSALS = (SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused)
# After this time, or this many mails, other jobs get their turn.
_SECONDS, _MOST = 20, 200
_SENT_KEPT, _PARKED_KEPT = timedelta(days=1), timedelta(days=30)


def send_due(now: datetime) -> str:
    """Send the mails that are due, and say what happened, unless none was due.

    While the mail server does not answer, the other mails wait for the next call.
    """
    server, outcomes, end = get_connection(), list[bool](), time.monotonic() + _SECONDS
    for mail in OutgoingMail.objects.due(now).order_by("next_attempt_at")[:_MOST]:
        if not _claim(mail):
            continue
        failure = _attempt(mail, server)
        outcomes.append(failure is None)
        if time.monotonic() > end or (isinstance(failure, OSError) and not isinstance(failure, _REFUSALS)):
            break
    _close(server)
    failed = f", {outcomes.count(False):,} failed" if False in outcomes else ""
    return f"{count(outcomes.count(True), 'mail', 'mails')} sent{failed}." if outcomes else ""


def send_again(mails: QuerySet[OutgoingMail], now: datetime) -> int:
    """Let those mails that are parked be due, with all their attempts, and return how many."""
    parked = OutgoingMail.objects.parked().filter(pk__in=mails.values("pk"))
    return parked.update(next_attempt_at=now, attempt_count=0)


def forget_mails(now: datetime) -> int:
    """Delete mails that were sent a day ago, or parked a month ago, and return how many."""
    old = Q(sent_at__lt=now - _SENT_KEPT) | Q(created_at__lt=now - _PARKED_KEPT, next_attempt_at=None)
    return OutgoingMail.objects.filter(old).delete()[0]


def _claim(mail: OutgoingMail) -> bool:
    """Take a mail, and say whether that succeeded. Of several at once, one succeeds."""
    now, wait = timezone.now(), WAITS[mail.attempt_count] if mail.attempt_count < len(WAITS) else None
    mine = OutgoingMail.objects.due(now).filter(pk=mail.pk, attempt_count=mail.attempt_count)
    then = wait and now + wait
    return mine.update(attempt_count=F("attempt_count") + 1, next_attempt_at=then, error=INTERRUPTED) == 1


def _attempt(mail: OutgoingMail, server: BaseEmailBackend) -> Exception | None:
    """Send a mail that was taken, note the outcome, and return why it failed."""
    row, failure = OutgoingMail.objects.filter(pk=mail.pk), None
    try:
        server.open()
        _message(mail, server).send()
    except (OSError, ValueError, UnsealError) as error:
        logger.warning("mail %s was not sent: %s", mail.pk, type(error).__name__)
        row.update(error=_reason(error)[:_LONGEST_ERROR])
        failure = error
        _close(server)
    else:
        # Its links open something.
        row.update(sent_at=timezone.now(), next_attempt_at=None, error="", sealed_body="")
    return failure


def _reason(error: Exception) -> str:
    return _NO_KEY if isinstance(error, UnsealError) else f"{type(error).__name__}: {error}"


def _message(mail: OutgoingMail, server: BaseEmailBackend) -> EmailMessage:
    message_id = f"<{mail.pk}@{urlsplit(settings.ORIGIN).hostname}>"
    return EmailMessage(
        mail.subject, mail.body, to=mail.recipients, connection=server, headers={"Message-ID": message_id}
    )


def _close(server: BaseEmailBackend) -> None:
    with suppress(OSError):
        server.close()

"""Mail to people: sent at once or in the background; and the mail that tells owners of a change."""

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string

from workspace.isolation import isolated
from workspace.models import ChangeEvent, Workspace
from workspace.refusals import ActionError

logger = logging.getLogger(__name__)

# A mail names this many entries of a list and counts the others.
NAMED = 20

# Sends mail in the background, so response time reveals nothing. The thread starts with the first mail.
_background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


def send(message: EmailMessage) -> None:
    """Send a mail now. Raises ActionError if the mail server does not take it."""
    try:
        message.send()
    except OSError as error:
        logger.warning("mail was not sent: %s", type(error).__name__)
        raise ActionError(
            "mail_failed",
            "The mail could not be sent. "
            "Ask the operator whether the mail server in EMAIL_URL answers, then try again.",
        ) from error


def send_in_background(message: EmailMessage) -> None:
    """Send a mail without waiting for it. A failure is only logged."""
    send_all_in_background([message])


def send_all_in_background(messages: Iterable[EmailMessage]) -> None:
    """Send mails without waiting for them. They may be made while they are sent. A failure is only logged."""

    def attempt() -> None:
        for message in messages:
            with suppress(ActionError):
                send(message)

    _background.submit(attempt)


def tell_owners(
    event: ChangeEvent, workspace: Workspace, *, what: str = "Sign-in to", page: str = "Authentication"
) -> None:
    """Mail an important change to all owners once it is committed (security.md S15). A failure is only logged.

    `what` begins the subject, `page` is where an owner corrects the change.
    Changes by `SYSTEM`, such as building the demo, are not mailed.
    """
    if event.actor_kind == ChangeEvent.ActorKind.SYSTEM and not event.actor_id:
        return
    context = {"event": event, "workspace": workspace, "changes": _changes(event), "page": page}
    mail_owners(workspace, f"{what} {workspace} was changed", "emails/owners.txt", context)


def mail_owners(workspace: Workspace, subject: str, template: str, context: dict[str, object]) -> None:
    """Mail all owners once the transaction is committed. A failure is only logged."""
    addresses = list(workspace.administrators.owners().values_list("user__email", flat=True))
    if addresses:
        message = EmailMessage(subject=subject, body=render_to_string(template, context), to=addresses)
        transaction.on_commit(partial(send_in_background, message))


def wait_for_background() -> None:
    """Wait until all mail of the background is sent."""
    _background.submit(lambda: None).result()


def _changes(event: ChangeEvent) -> list[tuple[str, str, str]]:
    """Return the changes of an event in words, as (name, before, after). Whole rows, kept as dicts, are left out."""
    changes = []
    for key in dict.fromkeys([*event.before, *event.after]):
        if isinstance(event.before.get(key) or event.after.get(key), dict):
            continue
        before, after = _words(event.before.get(key)), _words(event.after.get(key))
        # Two equal lists of names differ in their source: the same people, granted by another one.
        changes.append((key.replace("_", " "), before, "the same" if after == before else after))
    return changes


def _words(value: object) -> str:
    """Return a value of an event in words. A list holds names, or lists that begin with an id and a name."""
    if isinstance(value, list):
        names = [isolated(str(each[1] if isinstance(each, list) else each)) for each in value]
        more = [f"{len(names) - NAMED:,} more"] if len(names) > NAMED else []
        return ", ".join(names[:NAMED] + more) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value or "none")

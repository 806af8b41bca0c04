"""Mail to end users: links by which a password is set. Mail to owners: what changed in how people sign in."""

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from authentication.models import PasswordTicket
from workspace.models import Administrator, ChangeEvent, Environment, Workspace
from workspace.refusals import ActionError

logger = logging.getLogger(__name__)

# So many names of a list stand in a mail.
NAMED = 20

_SUBJECTS = {
    PasswordTicket.Kind.INVITATION: "You are invited to {place}",
    PasswordTicket.Kind.RESET: "Set a new password for {place}",
}
# A thread to send in what nobody waits for, or whose duration nobody may learn; it starts with the first mail.
_in_the_background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


def mail_link(ticket: PasswordTicket, token: str, *, is_secret: bool) -> None:
    """Mail the ticket's link once it is committed; what fails is an `ActionError`.

    If it is secret whether there is anybody to mail to, the mail goes out unwaited for, and a failure is only logged.
    """
    message = _message(ticket, token)
    send = partial(_in_the_background.submit, _send_logged, message) if is_secret else partial(_send, message)
    transaction.on_commit(send)


def tell_owners(event: ChangeEvent, workspace: Workspace) -> None:
    """Mail a change of weight to all owners once it is committed (security.md S15); a failure is only logged.

    What the installation itself does, as when it builds a demo, is known to whoever started it.
    """
    owners = workspace.administrators.filter(role=Administrator.Role.OWNER, user__is_active=True)
    addresses = list(owners.values_list("user__email", flat=True))
    if event.actor_kind == ChangeEvent.ActorKind.SYSTEM or not addresses:
        return
    keys = dict.fromkeys([*event.before, *event.after])
    changes = [(key.replace("_", " "), _words(event.before.get(key)), _words(event.after.get(key))) for key in keys]
    message = EmailMessage(
        subject=f"Sign-in to {workspace} was changed",
        body=render_to_string("emails/owners.txt", {"event": event, "workspace": workspace, "changes": changes}),
        to=addresses,
    )
    transaction.on_commit(partial(_in_the_background.submit, _send_logged, message))


def _words(value: object) -> str:
    """A value of a change event in a sentence; of those that it names by id and name, a few names."""
    if isinstance(value, list):
        names = [str(each[1] if isinstance(each, list) else each) for each in value]
        more = [f"{len(names) - NAMED:,} more"] if len(names) > NAMED else []
        return ", ".join(names[:NAMED] + more) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value or "none")


def _message(ticket: PasswordTicket, token: str) -> EmailMessage:
    environment = ticket.environment
    place = f"{environment.workspace} {environment}"
    context = {
        "ticket": ticket,
        "place": place,
        "link": _link(environment, token),
        "home": _url(environment, "sign-in"),
    }
    return EmailMessage(
        subject=_SUBJECTS[PasswordTicket.Kind(ticket.kind)].format(place=place),
        body=render_to_string(f"emails/{ticket.kind}.txt", context),
        to=[ticket.end_user.email],
    )


def _link(environment: Environment, token: str) -> str:
    """The token stands in the query, which is not logged."""
    return f"{_url(environment, 'password-set')}?{urlencode({'token': token})}"


def _url(environment: Environment, route: str) -> str:
    kwargs = {"workspace": environment.workspace.slug, "environment": environment.slug}
    return f"{settings.ORIGIN}{reverse(f'end_user:{route}', kwargs=kwargs)}"


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except OSError as error:
        logger.warning("mail was not sent: %s", type(error).__name__)
        raise ActionError(
            "mail_failed",
            "The mail could not be sent. "
            "Ask the operator whether the mail server in EMAIL_URL answers, then try again.",
        ) from error


def _send_logged(message: EmailMessage) -> None:
    try:
        message.send()
    except OSError as error:
        logger.warning("mail was not sent: %s", type(error).__name__)

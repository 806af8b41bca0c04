"""Mail to end users: links by which a password is set."""

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
from workspace.events import ActionError
from workspace.models import Environment

logger = logging.getLogger(__name__)

_SUBJECTS = {
    PasswordTicket.Kind.INVITATION: "You are invited to {place}",
    PasswordTicket.Kind.RESET: "Set a new password for {place}",
}
# A thread to send in whose duration nobody may learn; it starts with the first mail.
_in_the_background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


def mail_link(ticket: PasswordTicket, token: str, *, is_secret: bool) -> None:
    """Mail the ticket's link once it is committed; what fails is an `ActionError`.

    If it is secret whether there is anybody to mail to, the mail goes out unwaited for, and a failure is only logged.
    """
    message = _message(ticket, token)
    send = partial(_in_the_background.submit, _send_logged, message) if is_secret else partial(_send, message)
    transaction.on_commit(send)


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
            "The mail could not be sent. Ask the operator whether the mail server in EMAIL_URL answers, then try again."
        ) from error


def _send_logged(message: EmailMessage) -> None:
    try:
        message.send()
    except OSError as error:
        logger.warning("mail was not sent: %s", type(error).__name__)

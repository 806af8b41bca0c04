"""Mail of sign-in: links by which end users set a password, and what owners are told."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from authentication.models import PasswordTicket, SsoBypass
from workspace.brand import brand_of
from workspace.isolation import isolated
from workspace.mail import mail_owners, send, send_all_in_background, send_in_background
from workspace.models import ChangeEvent, Environment

_SUBJECTS = {
    PasswordTicket.Kind.INVITATION: "You are invited to {place}",
    PasswordTicket.Kind.RESET: "Set a new password for {place}",
}


def mail_link(ticket: PasswordTicket, token: str, *, is_secret: bool) -> None:
    """Mail the ticket's link once it is committed. Raises ActionError if that fails.

    `is_secret`: nobody may learn whether a mail was sent, so it goes in the background and a failure is only logged.
    """
    message = _message(ticket, token)
    transaction.on_commit(partial(send_in_background if is_secret else send, message))


def mail_links(tickets: Sequence[tuple[PasswordTicket, str]]) -> None:
    """Mail the links of tickets with their tokens in the background, once they are committed."""
    transaction.on_commit(lambda: send_all_in_background(_message(ticket, token) for ticket, token in tickets))


def _message(ticket: PasswordTicket, token: str) -> EmailMessage:
    environment = ticket.environment
    app_name = brand_of(environment).app_name
    place = f"{app_name} {environment}"
    context = {
        "ticket": ticket,
        "app_name": app_name,
        "place": place,
        # The token stands in the query, which is not logged.
        "link": f"{_url(environment, 'password-set')}?{urlencode({'token': token})}",
        "home": _url(environment, "sign-in"),
    }
    return EmailMessage(
        subject=_SUBJECTS[PasswordTicket.Kind(ticket.kind)].format(place=place),
        body=render_to_string(f"emails/{ticket.kind}.txt", context),
        to=[ticket.end_user.email],
    )


def tell_of_bypass(event: ChangeEvent, bypass: SsoBypass, environment: Environment) -> None:
    """Mail the owners that somebody signed in past enforcement."""
    person, workspace = bypass.end_user, environment.workspace
    subject = f"{isolated(person.full_name)} bypassed SSO in {workspace} {environment}"
    context: dict[str, object] = {"event": event, "bypass": bypass, "workspace": workspace, "environment": environment}
    mail_owners(workspace, subject, "emails/sso_bypassed.txt", context)


def _url(environment: Environment, route: str) -> str:
    kwargs = {"workspace": environment.workspace.slug, "environment": environment.slug}
    return f"{settings.ORIGIN}{reverse(f'end_user:{route}', kwargs=kwargs)}"

"""Mail of sign-in: links by which end users set a password, and what owners are told."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from authentication.models import PasswordTicket, SsoBypass
from workspace.brand import brand_of
from workspace.isolation import isolated
from workspace.mail import mail, mail_owners
from workspace.models import ChangeEvent, Environment, OutgoingMail
from workspace.sentences import told
from workspace.words import filled

_SUBJECTS = {
    PasswordTicket.Kind.INVITATION: gettext_noop("You are invited to {place}"),
    PasswordTicket.Kind.RESET: gettext_noop("Set a new password for {place}"),
}


def mail_links(tickets: Sequence[tuple[PasswordTicket, str]]) -> None:
    """Mail the links of tickets of one environment with their tokens."""
    if not tickets:
        return
    # The same for all mails, of which there may be thousands in this transaction.
    environment = tickets[0][0].environment
    app_name, link = brand_of(environment).app_name, _url(environment, "password-set")
    context = {"app_name": app_name, "place": f"{app_name} {environment}", "home": _url(environment, "sign-in")}
    OutgoingMail.objects.bulk_create([_mail(*each, link, context) for each in tickets], batch_size=1000)


def _mail(ticket: PasswordTicket, token: str, link: str, context: dict[str, str]) -> OutgoingMail:
    person = ticket.end_user
    subject = _(_SUBJECTS[PasswordTicket.Kind(ticket.kind)]).format(place=context["place"])
    # The token stands in the query, which is not logged.
    whole = {**context, "ticket": ticket, "link": f"{link}?{urlencode({'token': token})}"}
    return mail([person.email], subject, f"emails/{ticket.kind}.txt", whole, end_user_id=person.pk)


def tell_of_bypass(event: ChangeEvent, bypass: SsoBypass, environment: Environment) -> None:
    """Mail the owners that somebody signed in past enforcement."""
    person, workspace = bypass.end_user, environment.workspace
    values = {"person": isolated(person.full_name), "workspace": workspace, "environment": environment}
    subject = filled(gettext_lazy("%(person)s bypassed SSO in %(workspace)s %(environment)s"), values)
    context: dict[str, object] = {
        "event": event,
        "sentence": partial(told, event.sentence, event.links),
        "bypass": bypass,
        "workspace": workspace,
        "environment": environment,
    }
    mail_owners(workspace, subject, "emails/sso_bypassed.txt", context, end_user_id=person.pk)


def _url(environment: Environment, route: str) -> str:
    kwargs = {"workspace": environment.workspace.slug, "environment": environment.slug}
    return f"{settings.ORIGIN}{reverse(f'end_user:{route}', kwargs=kwargs)}"

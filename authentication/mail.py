"""Mail of sign-in: links by which end users set a password, and what owners are told."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from authentication.models import PasswordTicket, SsoBypass
from workspace.brand import brand_of
from workspace.isolation import isolated
from workspace.mail import mail, mail_owners
from workspace.models import ChangeEvent, Environment, OutgoingMail

_SUBJECTS = {
    PasswordTicket.Kind.INVITATION: gettext_noop("You are invited to {place}"),
    PasswordTicket.Kind.RESET: gettext_noop("Set a new password for {place}"),
}


def mail_links(tickets: Sequence[tuple[PasswordTicket, str]]) -> None:
    """Mail the links of tickets with their tokens."""
    OutgoingMail.objects.bulk_create([_mail(*each) for each in tickets], batch_size=1000)


def _mail(ticket: PasswordTicket, token: str) -> OutgoingMail:
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
    person = ticket.end_user
    subject = _(_SUBJECTS[PasswordTicket.Kind(ticket.kind)]).format(place=place)
    return mail([person.email], subject, f"emails/{ticket.kind}.txt", context, end_user_id=person.pk)


def tell_of_bypass(event: ChangeEvent, bypass: SsoBypass, environment: Environment) -> None:
    """Mail the owners that somebody signed in past enforcement."""
    person, workspace = bypass.end_user, environment.workspace
    subject = _("%(person)s bypassed SSO in %(workspace)s %(environment)s") % {
        "person": isolated(person.full_name),
        "workspace": workspace,
        "environment": environment,
    }
    context: dict[str, object] = {"event": event, "bypass": bypass, "workspace": workspace, "environment": environment}
    mail_owners(workspace, subject, "emails/sso_bypassed.txt", context, end_user_id=person.pk)


def _url(environment: Environment, route: str) -> str:
    kwargs = {"workspace": environment.workspace.slug, "environment": environment.slug}
    return f"{settings.ORIGIN}{reverse(f'end_user:{route}', kwargs=kwargs)}"

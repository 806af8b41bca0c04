"""Changes of passwords of end users: invitation, reset, change."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from authentication.actions.sessions import EndReason, as_actor, end_sessions
from authentication.actions.sign_in import why_no_password, why_not
from authentication.mail import mail_links
from authentication.models import EndUserSession, PasswordTicket
from authentication.policy import SignInPolicy
from authentication.reasons import Reason
from workspace.action_names import Action
from workspace.actions.end_users import set_password
from workspace.db.keys import canonical
from workspace.db.transactions import atomic
from workspace.events import Actor, Kind, Sentence, record
from workspace.isolation import isolated
from workspace.models import EndUser, Environment, SignInThrottle, Source, SourceKind
from workspace.models.throttling import too_many_attempts
from workspace.refusals import ActionError
from workspace.tokens import digest_of, new_token
from workspace.visits import Visit

TicketKind = PasswordTicket.Kind
LIFETIMES = {TicketKind.INVITATION: timedelta(days=7), TicketKind.RESET: timedelta(hours=1)}
DEAD_LINK = gettext_noop("This link was used already, or it is too old. Ask for a new one.")
NO_PASSWORDS = gettext_noop("You sign in here with an identity provider, and need no password.")
# For administrators.
_REFUSALS = {
    Reason.DEACTIVATED: gettext_noop("%(person)s is deactivated. Reactivate the person first."),
    Reason.NO_ACCESS: gettext_noop("%(person)s has no access to %(environment)s. Give access first."),
    Reason.NO_ADDRESS: gettext_noop(
        "%(person)s has no email address, so no link can be mailed. Give an address first."
    ),
    Reason.SSO_ENFORCED: gettext_noop(
        "%(person)s signs in to %(environment)s with an identity provider, and needs no password."
    ),
    Reason.PASSWORD_OFF: gettext_noop("Password authentication is off in %(environment)s. Switch it on first."),
}


@atomic
def invite_end_user(*, end_user: EndUser, environment: Environment, by: Actor, now: datetime) -> None:
    """Mail a person the link that sets the first password."""
    _refuse_where_no_password_opens(end_user, environment, now)
    _mail_ticket(end_user, environment, TicketKind.INVITATION, now)
    _record(end_user, environment, Action.END_USER_INVITED, gettext_noop("{by} invited {person} to {environment}."), by)


@atomic
def send_password_reset(*, end_user: EndUser, environment: Environment, by: Actor, now: datetime) -> None:
    """Mail a person the link that sets another password."""
    _refuse_where_no_password_opens(end_user, environment, now)
    _mail_ticket(end_user, environment, TicketKind.RESET, now)
    _record(
        end_user,
        environment,
        Action.END_USER_PASSWORD_RESET_SENT,
        gettext_noop("{by} sent {person} a password reset."),
        by,
    )


@atomic
def request_password_reset(*, environment: Environment, email: str, visit: Visit, now: datetime) -> None:
    """Mail the link to the owner of the address if a password signs them in. The caller does not learn whether.

    Everything is done for every address, so that neither takes longer. What is for nobody is then rolled back.
    """
    workspace = environment.workspace
    # Counted for all client addresses together, because this protects a mailbox.
    wait = SignInThrottle.objects.attempt(f"reset {workspace.pk} {email}", "", now)
    end_user = EndUser.with_email(workspace, email) or EndUser(workspace=workspace, email=email)
    is_for_nobody = _is_without_reset(end_user, environment, now) or wait
    by = Actor.of(Kind.SYSTEM, "", "Sign-in page", visit)
    sentence = gettext_noop("A password reset for {person} was asked for on the sign-in page.")
    with transaction.atomic():
        _mail_ticket(end_user, environment, TicketKind.RESET, now)
        _record(end_user, environment, Action.END_USER_PASSWORD_RESET_REQUESTED, sentence, by)
        if is_for_nobody:
            transaction.set_rollback(True)


@atomic
def set_password_by_ticket(
    *, environment: Environment, token: str, password: str, visit: Visit, now: datetime
) -> EndUser:
    """Set the password of the person who got the link. The link works once."""
    ticket = environment.password_tickets.usable(now).opened_by(token).first()
    # The row's own condition decides between two requests at once.
    if ticket is None or not _unused(environment).filter(pk=ticket.pk).update(used_at=now, updated_at=now):
        raise ActionError("dead_link", gettext(DEAD_LINK))
    end_user = _locked(ticket.end_user_id)
    if _obstacle(end_user, environment, now):
        raise ActionError("no_passwords", gettext(NO_PASSWORDS))
    _prove_address(end_user)
    _set(end_user, password, visit, now)
    return end_user


def change_password(*, session: EndUserSession, current: str, password: str, visit: Visit, now: datetime) -> None:
    """Replace the current password. The person's other sessions end."""
    if wait := SignInThrottle.objects.attempt(f"change {session.end_user_id}", visit.address or "", now):
        raise ActionError("too_many_attempts", too_many_attempts(wait), field="current")
    with transaction.atomic():
        end_user = _locked(session.end_user_id)
        if _obstacle(end_user, session.environment, now):
            raise ActionError("no_passwords", gettext(NO_PASSWORDS))
        if not end_user.check_password(current):
            raise ActionError("wrong_password", _("This is not your current password."), field="current")
        _set(end_user, password, visit, now, keep=session)
    SignInThrottle.objects.forget(f"change {session.end_user_id}", visit.address or "")


def _prove_address(end_user: EndUser) -> None:
    """Let the person vouch for the address: whoever used the mailed link reads it."""
    end_user.email_source = Source(SourceKind.MANUAL, str(end_user.pk), end_user.full_name)


def _set(end_user: EndUser, password: str, visit: Visit, now: datetime, keep: EndUserSession | None = None) -> None:
    """Set the password, delete the other links and end the other sessions: somebody else may hold them."""
    by = as_actor(end_user, visit)
    set_password(end_user=end_user, password=password, by=by)
    end_user.password_tickets.filter(used_at=None).delete()
    end_sessions(end_user=end_user, reason=EndReason.PASSWORD_CHANGED, by=by, now=now, keep=keep)


def _locked(pk: UUID) -> EndUser:
    """Return the person as of now. The row stays locked, because the whole of it is saved."""
    return EndUser.objects.select_for_update().get(pk=pk)


def _unused(environment: Environment) -> QuerySet[PasswordTicket]:
    return environment.password_tickets.filter(used_at=None)


def _mail_ticket(end_user: EndUser, environment: Environment, kind: str, now: datetime) -> None:
    ticket, token = new_ticket(end_user, environment, kind, now)
    ticket.save()
    mail_links([(ticket, token)])


def new_ticket(end_user: EndUser, environment: Environment, kind: str, now: datetime) -> tuple[PasswordTicket, str]:
    """Return a link that is not stored yet, and its token."""
    token = new_token()
    ticket = PasswordTicket(
        kind=kind,
        end_user=end_user,
        environment=environment,
        email_key=canonical(end_user.email),
        digest=digest_of(token),
        expires_at=now + LIFETIMES[TicketKind(kind)],
    )
    return ticket, token


def _obstacle(end_user: EndUser, environment: Environment, now: datetime) -> Reason | None:
    """Return why no password would open the environment to the person, except that they have none yet."""
    ways = SignInPolicy.of(environment).own_ways(end_user, environment, now)
    obstacle = why_not(end_user, environment) or why_no_password(end_user, ways)
    return None if obstacle == Reason.NO_PASSWORD else obstacle


def may_be_invited(end_user: EndUser, environment: Environment, now: datetime) -> bool:
    """Say whether the next step is an invitation: a password would open the environment, but there is none yet."""
    if end_user.password or _obstacle(end_user, environment, now):
        return False
    return not environment.password_tickets.usable(now).filter(end_user=end_user).exists()


def _refuse_where_no_password_opens(end_user: EndUser, environment: Environment, now: datetime) -> None:
    if obstacle := _obstacle(end_user, environment, now):
        raise ActionError(
            "no_password_opens",
            gettext(_REFUSALS[obstacle]) % {"person": isolated(end_user.full_name), "environment": environment},
        )


def _is_without_reset(end_user: EndUser, environment: Environment, now: datetime) -> bool:
    """Say whether the sign-in page sends no link. An administrator still may.

    An address that an IdP has changed is not one that the person proved to read (security.md C5).
    """
    # Asked for everybody: leaving the queries out would take less time.
    obstacle = _obstacle(end_user, environment, now)
    return not end_user.password or not end_user.email_source.is_manual or bool(obstacle)


def _record(end_user: EndUser, environment: Environment, action: Action, template: str, by: Actor) -> None:
    sentence = Sentence(template, by=by, person=end_user, environment=environment)
    record(by=by, action=action, subject=end_user, environment=environment, sentence=sentence)

"""Invitations of administrators: sent by mail, sent again, withdrawn, accepted."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.actions.administrators import TOLD
from workspace.actions.roles import lock_roles, refuse_beyond_role
from workspace.db.keys import canonical
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.isolation import isolated
from workspace.mail import mail, tell_owners
from workspace.models import Administrator, AdministratorInvitation, SignInThrottle, User, Workspace
from workspace.models.throttling import too_many_attempts
from workspace.names import clean_name
from workspace.profile import clean_email
from workspace.refusals import ActionError, ConflictError
from workspace.tokens import digest_of, new_token
from workspace.visits import Visit

LIFETIME = timedelta(days=7)
# Of one workspace, so that nobody sends mail to the world through it.
MOST_AN_HOUR = 100

State = AdministratorInvitation.State
INACTIVE = gettext_lazy(
    "The account of %(email)s is switched off. Ask the operator of this installation to switch it on."
)
_REMOVED = gettext_lazy("%(workspace)s was removed. Only an owner can take it back, under Workspace admin.")
_DEAD_LINKS = {
    State.EXPIRED: gettext_lazy(
        "This invitation has expired, because its link works for 7 days. Ask an owner or admin of %(workspace)s to "
        "invite you again."
    ),
    State.WITHDRAWN: gettext_lazy(
        "This invitation was withdrawn. Ask an owner or admin of %(workspace)s to invite you again."
    ),
    State.ACCEPTED: gettext_lazy("This invitation was accepted already. Sign in as %(email)s to open %(workspace)s."),
}
UNKNOWN_LINK = gettext_lazy(
    "This link is not complete, or a newer invitation has replaced it. Open the link of the newest mail, or ask for "
    "another invitation."
)


@atomic
def invite_administrator(
    *, workspace: Workspace, email: str, role: Administrator.Role, by: Actor, now: datetime
) -> AdministratorInvitation:
    """Mail somebody a link that gives them a role in the workspace."""
    lock_roles(workspace)
    refuse_beyond_role(workspace, by, role)
    address = clean_email(email)
    _refuse_known(workspace, address)
    _refuse_too_many(workspace, address, now)
    invitation = AdministratorInvitation(workspace=workspace, email=address, role=role)
    _send(invitation, by, now)
    _record(
        invitation, Action.ADMINISTRATOR_INVITED, gettext_noop("{by} invited {email} to be {role} of {workspace}."), by
    )
    return invitation


@atomic
def resend_invitation(*, invitation: AdministratorInvitation, by: Actor, now: datetime) -> None:
    """Mail a new link, which works for seven days from now. The old one no longer works."""
    found = _open(invitation, by)
    _refuse_too_many(found.workspace, found.email, now)
    _send(found, by, now)
    _record(found, Action.ADMINISTRATOR_INVITATION_RESENT, gettext_noop("{by} sent {email} the invitation again."), by)


@atomic
def withdraw_invitation(*, invitation: AdministratorInvitation, by: Actor, now: datetime) -> None:
    """End an invitation before it is accepted."""
    found = _open(invitation, by)
    found.withdrawn_at = now
    found.save()
    _record(
        found, Action.ADMINISTRATOR_INVITATION_WITHDRAWN, gettext_noop("{by} withdrew the invitation of {email}."), by
    )


def why_dead(invitation: AdministratorInvitation | None, now: datetime) -> str:
    """Return why a link gives no role, and what to do, as sentences; empty if it gives one."""
    if invitation is None:
        return str(UNKNOWN_LINK)
    if invitation.workspace.removed_at:
        return str(_REMOVED) % {"workspace": invitation.workspace}
    sentence = _DEAD_LINKS.get(invitation.state(now), "")
    return str(sentence) % {"workspace": invitation.workspace, "email": isolated(invitation.email)}


@atomic
def accept_invitation(*, token: str, user: User, visit: Visit, now: datetime) -> Administrator:
    """Give the signed-in account the role of its invitation. The link works once."""
    found = _locked(token, now)
    if user.email_key != found.email_key:
        raise ActionError("other_account", _("This invitation is for %(email)s.") % {"email": isolated(found.email)})
    return _join(found, user, visit, now)


@atomic
def accept_with_new_account(*, token: str, full_name: str, password: str, visit: Visit, now: datetime) -> Administrator:
    """Make the account of the invited address, with this password, and give it the role. The link works once."""
    found = _locked(token, now)
    name = clean_name(full_name, what=_("full name"), missing=_("Enter your full name."), most=150, field="full_name")
    user = User.objects.filter(email_key=found.email_key).first() or User(email=found.email)
    if not needs_password(user):
        raise ActionError("account_exists", _("%(user)s has an account already. Sign in with it.") % {"user": user})
    user.full_name = name
    user.set_password(password)
    user.save()
    return _join(found, user, visit, now)


def needs_password(user: User | None) -> bool:
    """Say whether nobody can have signed in to the account yet: there is none, or none with a password."""
    return user is None or not user.password or not user.has_usable_password()


def _open(invitation: AdministratorInvitation, by: Actor) -> AdministratorInvitation:
    """Return the invitation as of now. Raises ActionError if it is settled, or beyond the role of who acts."""
    workspace = invitation.workspace
    lock_roles(workspace)
    refuse_beyond_role(workspace, by, invitation.role)
    found = workspace.administrator_invitations.open().filter(pk=invitation.pk).first()
    if found is None:
        message = _("The invitation of %(invitation)s was accepted or withdrawn in the meantime.") % {
            "invitation": invitation
        }
        raise ActionError("settled", message)
    found.workspace = workspace
    return found


def _locked(token: str, now: datetime) -> AdministratorInvitation:
    """Return the invitation that the link opens. Of two that accept it at once, the second finds it accepted."""
    invitations = AdministratorInvitation.objects.select_related("workspace").opened_by(token)
    if found := invitations.first():
        lock_roles(found.workspace)
        found = invitations.first()
    if found is None or why_dead(found, now):
        raise ActionError("dead_link", why_dead(found, now))
    return found


def _join(invitation: AdministratorInvitation, user: User, visit: Visit, now: datetime) -> Administrator:
    workspace = invitation.workspace
    if not user.is_active:
        raise ActionError("inactive", INACTIVE % {"email": user})
    if workspace.administrators.filter(user=user).exists():
        raise ConflictError(
            "is_administrator",
            _("%(user)s is an administrator of %(workspace)s already.") % {"user": user, "workspace": workspace},
        )
    administrator = Administrator.objects.create(user=user, workspace=workspace, role=invitation.role)
    invitation.accepted_at = now
    invitation.save()
    by = Actor.administrator(administrator, visit)
    event = record(
        by=by,
        action=Action.ADMINISTRATOR_JOINED,
        subject=administrator,
        workspace=workspace,
        sentence=Sentence(
            "{by} accepted the invitation of {inviter} and is {role} of {workspace} now.",
            by=by,
            inviter=invitation.invited_by_name,
            role=Administrator.Role(administrator.role).label,
            workspace=workspace,
        ),
        concerns=[user, workspace, invitation],
        after={"email": user.email, "role": administrator.role},
    )
    tell_owners(event, workspace, **TOLD)
    return administrator


def _refuse_known(workspace: Workspace, email: str) -> None:
    key = canonical(email)
    if known := workspace.administrators.select_related("user").filter(user__email_key=key).first():
        message = _(
            "%(user)s is an administrator of %(workspace)s already, as %(role)s. Change the role in the list."
        ) % {"user": known.user, "workspace": workspace, "role": known.get_role_display()}
        raise ConflictError("is_administrator", message, field="email")
    if waiting := workspace.administrator_invitations.open().filter(email_key=key).first():
        message = _("%(waiting)s is invited already, as %(role)s. Send the invitation again, or withdraw it.") % {
            "waiting": waiting,
            "role": waiting.get_role_display(),
        }
        raise ConflictError("is_invited", message, field="email")


def _refuse_too_many(workspace: Workspace, email: str, now: datetime) -> None:
    """Raise ActionError if a mailbox, or the world, would get too many mails through this workspace."""
    if wait := SignInThrottle.objects.attempt(f"invite {workspace.pk} {email}", "", now):
        raise ActionError("too_many_attempts", too_many_attempts(wait), field="email")
    if workspace.administrator_invitations.filter(sent_at__gt=now - timedelta(hours=1)).count() >= MOST_AN_HOUR:
        message = _("%(workspace)s has sent %(number)s invitations within an hour. Wait an hour, then try again.") % {
            "workspace": workspace,
            "number": MOST_AN_HOUR,
        }
        raise ActionError("too_many_invitations", message, field="email")


def _send(invitation: AdministratorInvitation, by: Actor, now: datetime) -> None:
    """Save the invitation with a new link, and mail it."""
    token = new_token()
    invitation.digest = digest_of(token)
    invitation.sent_at, invitation.expires_at = now, now + LIFETIME
    invitation.invited_by, invitation.invited_by_name = by.id, by.name
    workspace = invitation.workspace
    context = {
        "invitation": invitation,
        "workspace": workspace,
        # The token stands in the query, which is not logged.
        "link": f"{settings.ORIGIN}{reverse('workspace:invitation')}?{urlencode({'token': token})}",
    }
    subject = _("%(name)s invites you to %(workspace)s") % {"name": isolated(by.name), "workspace": workspace}
    invitation.mail = mail([invitation.email], subject, "emails/administrator_invitation.txt", context)
    invitation.mail.save()
    invitation.save()


def _record(invitation: AdministratorInvitation, action: Action, template: str, by: Actor) -> None:
    state = {"email": invitation.email, "role": str(invitation.role)}
    is_over = action == Action.ADMINISTRATOR_INVITATION_WITHDRAWN
    record(
        by=by,
        action=action,
        subject=invitation,
        workspace=invitation.workspace,
        sentence=Sentence(
            template,
            by=by,
            email=invitation.email,
            role=Administrator.Role(invitation.role).label,
            workspace=invitation.workspace,
        ),
        concerns=[invitation.workspace],
        before=state if is_over else {},
        after={} if is_over else state,
    )

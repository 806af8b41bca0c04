"""Who may bypass SSO: people are added for some days, and each use is told to the owners."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from authentication.actions.sessions import EndReason, as_actor, end_password_sessions
from authentication.mail import tell_of_bypass
from authentication.models import SsoBypass
from workspace.action_names import Action
from workspace.db.transactions import atomic, save_unique
from workspace.events import Actor, Sentence, record
from workspace.isolation import isolated
from workspace.mail import tell_owners
from workspace.models import EndUser, Environment
from workspace.names import clean_name
from workspace.refusals import ActionError, ConflictError
from workspace.visits import Visit
from workspace.words import day

MOST_DAYS = 30
# Where an owner corrects it.
TOLD = {"page": gettext_lazy("Access control, Who may bypass SSO")}


@atomic
def add_bypass(
    *, environment: Environment, end_user: EndUser, reason: str, until: date, by: Actor, now: datetime
) -> SsoBypass:
    """Let a person use a password past enforcement, to the end of that day (UTC)."""
    name = isolated(end_user.full_name)
    why = clean_name(reason, what=_("reason"), missing=_("Enter a reason."), most=200, field="reason")
    _refuse_day(until, now.date())
    if not environment.workspace.end_users.with_access_to(environment).filter(pk=end_user.pk).exists():
        raise ActionError(
            "no_access",
            _("%(name)s has no access to %(environment)s. Give access first.")
            % {"name": name, "environment": environment},
        )
    environment.sso_bypasses.filter(end_user=end_user, expires_at__lte=now).delete()
    bypass = SsoBypass(
        environment=environment,
        end_user=end_user,
        reason=why,
        added_by_name=by.name,
        expires_at=datetime.combine(until + timedelta(days=1), time(), UTC),
    )
    save_unique(
        bypass,
        lambda constraint: ConflictError(
            "may_bypass",
            _("%(name)s may bypass SSO in %(environment)s already.") % {"name": name, "environment": environment},
        ),
    )
    event = record(
        by=by,
        action=Action.SSO_BYPASS_ADDED,
        subject=end_user,
        environment=environment,
        sentence=Sentence(
            "{by} let {person} bypass SSO in {environment} until {until}: {reason}",
            by=by,
            person=end_user,
            environment=environment,
            until=day(until),
            reason=why,
        ),
        concerns=[environment, bypass],
        after={"reason": why, "until": until.isoformat()},
    )
    tell_owners(event, environment.workspace, **TOLD)
    return bypass


@atomic
def end_bypass(*, environment: Environment, bypass: UUID, by: Actor, now: datetime) -> None:
    """Take the permission back. The sessions that a password opened meanwhile end too."""
    found = (
        environment.sso_bypasses.select_for_update(of=("self",)).select_related("end_user").filter(pk=bypass).first()
    )
    if found is None:
        raise ActionError("no_bypass", _("This permission has ended already."))
    person = found.end_user
    found.delete()
    ended = end_password_sessions(
        end_user=person,
        environment=environment,
        since=found.created_at,
        reason=EndReason.ENDED_BY_ADMINISTRATOR,
        now=now,
    )
    event = record(
        by=by,
        action=Action.SSO_BYPASS_ENDED,
        subject=person,
        environment=environment,
        sentence=Sentence(
            gettext_noop("{by} ended that {person} may bypass SSO in {environment} and ended {sessions}.")
            if ended.ids
            else gettext_noop("{by} ended that {person} may bypass SSO in {environment}."),
            by=by,
            person=person,
            environment=environment,
            sessions=ended.words,
        ),
        concerns=[environment],
        before={"reason": found.reason, "expires_at": found.expires_at.isoformat()} | ended.state,
    )
    tell_owners(event, environment.workspace, **TOLD)


def use_bypass(bypass: SsoBypass, visit: Visit, now: datetime) -> bool:
    """Note a sign-in past enforcement and tell the owners; False if the permission has ended meanwhile.

    Call it in the transaction that starts the session. The row stays locked, so ending it finds that session.
    """
    found = SsoBypass.objects.select_for_update().open(now).filter(pk=bypass.pk).first()
    if found is None:
        return False
    found.last_used_at = now
    found.save(update_fields=["last_used_at", "updated_at"])
    person, environment = bypass.end_user, bypass.environment
    by = as_actor(person, visit)
    event = record(
        by=by,
        action=Action.SSO_BYPASS_USED,
        subject=person,
        environment=environment,
        sentence=Sentence(
            "{person} bypassed SSO in {environment} with a password.", person=person, environment=environment
        ),
        concerns=[environment, found],
        after={"reason": found.reason, "expires_at": found.expires_at.isoformat()},
    )
    tell_of_bypass(event, found, environment)
    return True


def _refuse_day(until: date, today: date) -> None:
    if not today <= until <= today + timedelta(days=MOST_DAYS):
        last = date_format(today + timedelta(days=MOST_DAYS), "DATE_FORMAT")
        message = _("Choose a day from today to %(day)s.") % {"day": last}
        raise ActionError("day_out_of_range", message, field="until")

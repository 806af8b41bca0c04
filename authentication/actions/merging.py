"""What becomes of NameIDs, sessions, links and attempts when two people become one."""

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from authentication.models import EndUserSession
from authentication.policy import SignInPolicy
from workspace.isolation import isolated
from workspace.merging import Fact, Merge, Moved, moves
from workspace.words import count, grouped, together


@moves("saml_identities")
def move_identities(merge: Merge) -> Moved:
    """Let the NameIDs of both mean the one who stays."""
    moved = merge.goes.saml_identities.all()
    own = merge.stays.saml_identities.filter(
        identity_provider=OuterRef("identity_provider"), namespace=OuterRef("namespace")
    )
    states = [[str(row.pk), str(row.identity_provider_id), row.name_id] for row in moved.order_by("pk")]
    moved.filter(Exists(own)).update(is_second=True)
    moved.update(end_user=merge.stays)
    new = ngettext("%(number)s new", "%(number)s new", len(states)) % {"number": grouped(len(states))}
    facts = [Fact(_("Remembered NameIDs"), new if states else _("None"), _refused_from_now_on(merge))]
    return Moved(facts, {"saml_identities": states} if states else {})


def _refused_from_now_on(merge: Merge) -> str:
    """Say which providers could sign in the one who goes, and may not speak for the address of the other."""
    gone, left = merge.goes.email, merge.stays.email
    policies = {each: SignInPolicy.of(each) for each in merge.stays.workspace.environments.all() if gone}
    names = [
        _("%(provider)s in %(environment)s")
        % {"provider": isolated(each.identity_provider.name), "environment": environment}
        for environment, policy in policies.items()
        for each in policy.providers
        if policy.may_assert(each, gone) and not policy.may_assert(each, left)
    ]
    if not names:
        return ""
    told = _("%(providers)s cannot sign the person in: it does not speak for the domain of %(email)s.")
    return told % {"providers": together(names), "email": isolated(left)}


@moves("sessions")
def end_sessions_of_merged(merge: Merge) -> Moved:
    """End the sessions of the one who goes, and keep their rows."""
    sessions = merge.goes.sessions.all()
    ended = [str(pk) for pk in sessions.usable(merge.now).order_by("pk").values_list("pk", flat=True)]
    sessions.end(EndUserSession.EndReason.ENDED_BY_ADMINISTRATOR, merge.now)
    sessions.update(end_user=merge.stays)
    told = ngettext("%(sessions)s of %(person)s will end", "%(sessions)s of %(person)s will end", len(ended))
    value = told % {"sessions": count(len(ended), "session", "sessions"), "person": isolated(merge.goes.full_name)}
    return Moved([Fact(_("Sessions"), value if ended else _("None ends"))], {"sessions": ended} if ended else {})


@moves("password_tickets")
def delete_links(merge: Merge) -> Moved:
    """Delete the mailed links: they were mailed to an address that the person may not have any more."""
    dead = merge.goes.password_tickets.usable(merge.now).count()
    merge.goes.password_tickets.all().delete()
    told = ngettext("%(links)s will stop working", "%(links)s will stop working", dead) % {
        "links": count(dead, "link", "links")
    }
    return Moved([Fact(_("Mailed password links"), told)] if dead else [])


@moves("sso_bypasses")
def end_bypasses(merge: Merge) -> Moved:
    """Delete the permissions to bypass SSO: they were given to an account that is gone."""
    ended = merge.goes.sso_bypasses.all().delete()[0]
    told = ngettext("%(permissions)s will end", "%(permissions)s will end", ended)
    return Moved(
        [Fact(_("SSO bypasses"), told % {"permissions": count(ended, "permission", "permissions")})] if ended else []
    )


@moves("sign_in_attempts")
def move_attempts(merge: Merge) -> Moved:
    """Move the attempts to sign in."""
    number = merge.goes.sign_in_attempts.update(end_user=merge.stays)
    told = ngettext("%(number)s will move", "%(number)s will move", number) % {"number": grouped(number)}
    return Moved([Fact(_("Sign-in attempts"), told if number else _("None"))])

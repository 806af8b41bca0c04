"""What becomes of NameIDs, sessions, links and attempts when two people become one."""

from django.db.models import Exists, OuterRef

from authentication.models import EndUserSession
from authentication.policy import SignInPolicy
from workspace.isolation import isolated
from workspace.merging import Fact, Merge, Moved, moves
from workspace.words import count, together


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
    facts = [Fact("Remembered NameIDs", f"{len(states):,} new" if states else "None", _refused_from_now_on(merge))]
    return Moved(facts, {"saml_identities": states} if states else {})


def _refused_from_now_on(merge: Merge) -> str:
    """Say which providers could sign in the one who goes, and may not speak for the address of the other."""
    gone, left = merge.goes.email, merge.stays.email
    policies = {each: SignInPolicy.of(each) for each in merge.stays.workspace.environments.all() if gone}
    names = [
        f"{isolated(each.identity_provider.name)} in {environment}"
        for environment, policy in policies.items()
        for each in policy.providers
        if policy.may_assert(each, gone) and not policy.may_assert(each, left)
    ]
    if not names:
        return ""
    return f"{together(names)} cannot sign the person in: it does not speak for the domain of {isolated(left)}."


@moves("sessions")
def end_sessions_of_merged(merge: Merge) -> Moved:
    """End the sessions of the one who goes, and keep their rows."""
    sessions = merge.goes.sessions.all()
    ended = [str(pk) for pk in sessions.usable(merge.now).order_by("pk").values_list("pk", flat=True)]
    sessions.end(EndUserSession.EndReason.ENDED_BY_ADMINISTRATOR, merge.now)
    sessions.update(end_user=merge.stays)
    value = f"{count(len(ended), 'session')} of {isolated(merge.goes.full_name)} will end" if ended else "None ends"
    return Moved([Fact("Sessions", value)], {"sessions": ended} if ended else {})


@moves("password_tickets")
def delete_links(merge: Merge) -> Moved:
    """Delete the mailed links: they were mailed to an address that the person may not have any more."""
    dead = merge.goes.password_tickets.usable(merge.now).count()
    merge.goes.password_tickets.all().delete()
    return Moved([Fact("Mailed password links", f"{count(dead, 'link')} will stop working")] if dead else [])


@moves("sso_bypasses")
def end_bypasses(merge: Merge) -> Moved:
    """Delete the permissions to bypass SSO: they were given to an account that is gone."""
    ended = merge.goes.sso_bypasses.all().delete()[0]
    return Moved([Fact("SSO bypasses", f"{count(ended, 'permission')} will end")] if ended else [])


@moves("sign_in_attempts")
def move_attempts(merge: Merge) -> Moved:
    """Move the attempts to sign in."""
    number = merge.goes.sign_in_attempts.update(end_user=merge.stays)
    return Moved([Fact("Sign-in attempts", f"{number:,} will move" if number else "None")])

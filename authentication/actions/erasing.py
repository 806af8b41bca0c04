"""The personal data of one person in sign-ins: NameIDs, sessions, mailed links and attempts."""

from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext as _

from authentication.models import SignInAttempt
from workspace.erasing import Erasure, deleted, erases, forgotten, nameless, tells
from workspace.merging import Fact
from workspace.models import EndUser
from workspace.words import count, grouped


@tells
def name_ids(end_user: EndUser) -> Iterable[str]:
    """Return what IdPs call the person."""
    return end_user.saml_identities.values_list("name_id", flat=True)


@erases("saml_identities", "sessions", "password_tickets", "sso_bypasses")
def count_rows(erasure: Erasure) -> list[Fact]:
    """Count what goes with the person's own row."""
    person = erasure.end_user
    name_ids, sessions = person.saml_identities.count(), person.sessions.count()
    links, bypasses = person.password_tickets.count(), person.sso_bypasses.count()
    return [
        Fact(_("Remembered NameIDs"), forgotten(grouped(name_ids), name_ids)),
        Fact(_("Sessions"), forgotten(count(sessions, "session", "sessions"), sessions)),
        Fact(_("Mailed password links"), deleted(count(links, "link", "links"), links)),
        Fact(_("Permissions to bypass SSO"), deleted(grouped(bypasses), bypasses)),
    ]


@erases("sign_in_attempts")
def empty_attempts(erasure: Erasure) -> list[Fact]:
    """Keep of attempts when they were and how they ended."""
    attempts = SignInAttempt.objects.filter(
        Q(end_user=erasure.end_user) | Q(email_key__in=erasure.keys), workspace_id=erasure.workspace_id
    )
    number = attempts.update(
        end_user=None,
        email="",
        email_key="",
        address=None,
        network="",
        user_agent="",
        notes=[],
        differences=[],
        fold_key=None,
    )
    return [Fact(_("Sign-in attempts"), nameless(count(number, "attempt", "attempts"), number))]

"""The personal data of one person in sign-ins: NameIDs, sessions, mailed links and attempts."""

from collections.abc import Iterable

from django.db.models import Q

from authentication.models import SignInAttempt
from workspace.erasing import Erasure, erases, tells
from workspace.merging import Fact
from workspace.models import EndUser
from workspace.words import count


@tells
def name_ids(end_user: EndUser) -> Iterable[str]:
    """Return what IdPs call the person."""
    return end_user.saml_identities.values_list("name_id", flat=True)


@erases("saml_identities", "sessions", "password_tickets", "sso_bypasses")
def count_rows(erasure: Erasure) -> list[Fact]:
    """Count what goes with the person's own row."""
    person = erasure.end_user
    return [
        Fact("Remembered NameIDs", f"{person.saml_identities.count():,} will be forgotten"),
        Fact("Sessions", f"{count(person.sessions.count(), 'session')} will be forgotten"),
        Fact("Mailed password links", f"{count(person.password_tickets.count(), 'link')} will be deleted"),
        Fact("Permissions to bypass SSO", f"{person.sso_bypasses.count():,} will be deleted"),
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
    return [Fact("Sign-in attempts", f"{count(number, 'attempt')} will name nobody")]

"""What is forgotten of end users' sign-ins, and when: rows that are of no use to anybody any more."""

from datetime import datetime, timedelta

from django.apps import apps
from django.db.models import Q, QuerySet

from authentication.models import EndUserSession, PasswordTicket, SignInAttempt
from authentication.models.saml import ExpiringQuerySet

# Administrators look for the reason of a refusal, and for a pattern in many of them.
ATTEMPTS_KEPT = timedelta(days=90)
# Sessions and links that opened nothing any more for this long tell nothing that the attempts and changes do not.
OTHERS_KEPT = timedelta(days=30)
# Rows that one statement deletes: on SQLite all other writers wait for it.
BATCH = 1000


def forget_expired(now: datetime) -> dict[str, int]:
    """Delete what is older than it needs to be, some at a time; tells how many of each. Call it outside transactions.

    What says itself when it expires goes right then: the id of an assertion that was consumed, once it is refused for
    its age, whatever the skew.
    """
    long_ago = now - OTHERS_KEPT
    old = [
        SignInAttempt.objects.filter(at__lt=now - ATTEMPTS_KEPT),
        EndUserSession.objects.filter(Q(ended_at__lt=long_ago) | Q(expires_at__lt=long_ago)),
        PasswordTicket.objects.filter(Q(used_at__lt=long_ago) | Q(expires_at__lt=long_ago)),
    ]
    return {str(rows.model._meta.verbose_name_plural): delete_in_batches(rows) for rows in [*old, *_expired(now)]}


def _expired(now: datetime) -> list[QuerySet]:
    """The rows of every table that says so itself."""
    tables = (model._default_manager.all() for model in apps.get_app_config("authentication").get_models())
    return [rows.expired(now) for rows in tables if isinstance(rows, ExpiringQuerySet)]


def delete_in_batches(rows: QuerySet) -> int:
    """Delete the rows; each batch is a transaction of its own."""
    total = 0
    while found := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.filter(pk__in=found).delete()
        total += len(found)
    return total

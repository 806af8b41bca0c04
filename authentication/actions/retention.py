"""Retention: what is deleted of end users' sign-ins, and when."""

from datetime import datetime, timedelta

from django.apps import apps
from django.db.models import Model, Q, QuerySet

from authentication.models import EndUserSession, PasswordTicket, SignInAttempt, SsoBypass
from authentication.models.saml import ExpiringQuerySet
from workspace.models import AdministratorInvitation, PeopleImport

# Administrators look up the reason of a refusal, and patterns in many of them.
ATTEMPTS_KEPT = timedelta(days=90)
# After this long, ended sessions and links tell nothing that attempts and changes do not.
OTHERS_KEPT = timedelta(days=30)
# One statement deletes this many rows: on SQLite all other writers wait for it.
BATCH = 1000


def forget_expired(now: datetime) -> dict[str, int]:
    """Delete expired rows in batches, and return how many of each kind. Call it outside transactions.

    What says itself when it expires goes right then: the id of an assertion that was consumed, once it is refused for
    its age, whatever the skew.
    """
    long_ago = now - OTHERS_KEPT
    old = [
        SignInAttempt.objects.filter(at__lt=now - ATTEMPTS_KEPT),
        EndUserSession.objects.filter(Q(ended_at__lt=long_ago) | Q(expires_at__lt=long_ago)),
        PasswordTicket.objects.filter(Q(used_at__lt=long_ago) | Q(expires_at__lt=long_ago)),
        SsoBypass.objects.filter(expires_at__lt=long_ago),
        AdministratorInvitation.objects.settled_before(long_ago),
        PeopleImport.objects.forgotten(now),
    ]
    return {str(rows.model._meta.verbose_name_plural): delete_in_batches(rows) for rows in [*old, *_expired(now)]}


def _expired(now: datetime) -> list[QuerySet[Model]]:
    """Return the expired rows of every table whose rows have an `expires_at`."""
    tables = (model._default_manager.all() for model in apps.get_app_config("authentication").get_models())
    return [rows.expired(now) for rows in tables if isinstance(rows, ExpiringQuerySet)]


def delete_in_batches(rows: QuerySet[Model]) -> int:
    """Delete the rows in batches, each a transaction of its own, and return how many they were."""
    total = 0
    while found := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.filter(pk__in=found).delete()
        total += len(found)
    return total

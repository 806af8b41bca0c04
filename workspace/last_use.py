"""When and from where a bearer token was last used."""

from datetime import datetime, timedelta
from typing import Protocol, cast

from django.db import DatabaseError
from django.db.models import Model, Q

from workspace import outage
from workspace.db.waiting import at_most

_EVERY = timedelta(minutes=1)


class UsedToken(Protocol):
    """A row of a bearer token."""

    last_used_at: datetime | None


def mark_used(token: UsedToken, address: str | None, now: datetime) -> None:
    """Remember when and from where a token was last used. Once a minute is enough, or later if the database is busy."""
    if token.last_used_at is None or token.last_used_at < now - _EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _EVERY)
        row = cast(Model, token)
        try:
            with at_most(0):
                type(row)._base_manager.filter(stale, pk=row.pk).update(last_used_at=now, last_used_from=address)
        except DatabaseError as failure:
            if not outage.is_outage(failure):
                raise

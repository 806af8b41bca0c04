"""Sessions in the database. A page that only reads does not fail because its session cannot be extended."""

from contextlib import nullcontext

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError

from workspace import outage
from workspace.db.waiting import at_most

_SECONDS_TO_EXTEND = 1


class SessionStore(db.SessionStore):
    """Django's store, which otherwise reports every database failure as an ended session."""

    def save(self, must_create: bool = False) -> None:
        """Save the session. If it is only extended, ignore an outage of the database."""
        only_extends = not self.modified and not must_create
        try:
            with at_most(_SECONDS_TO_EXTEND) if only_extends else nullcontext():
                super().save(must_create)
        except UpdateError as error:
            if (cause := error.__context__) is None or not outage.is_outage(cause):
                raise
            if not only_extends:
                raise cause from None
            outage.note(cause)

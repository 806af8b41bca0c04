"""Sessions in the database. A page that only reads does not fail because its session cannot be extended."""

from contextlib import nullcontext
from typing import cast

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest

from workspace import outage
from workspace.db.waiting import at_most

_SECONDS_TO_EXTEND = 1


class SessionStore(db.SessionStore):
    """Django's store, which otherwise reports every database failure as an ended session."""

    is_extended = True

    def save(self, must_create: bool = False) -> None:
        """Save the session. If it is only extended, ignore an outage of the database."""
        only_extends = not self.modified and not must_create
        if only_extends and not self.is_extended:
            return
        try:
            with at_most(_SECONDS_TO_EXTEND) if only_extends else nullcontext():
                super().save(must_create)
        except UpdateError as error:
            if (cause := error.__context__) is None or not outage.is_outage(cause):
                raise
            if not only_extends:
                raise cause from None
            outage.note(cause)


def do_not_extend(request: HttpRequest) -> None:
    """Let the session end as if there had been no such request: a page made it by itself, not a person."""
    cast(SessionStore, request.session).is_extended = False

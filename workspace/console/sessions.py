"""Sessions in the database. A page that only reads does not fail because its session cannot be extended."""

from contextlib import nullcontext
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest

from workspace import outage
from workspace.db.waiting import at_most
from workspace.models import ConsoleSession

_SECONDS_TO_EXTEND = 1


class SessionStore(db.SessionStore):
    """Django's store, which otherwise reports every database failure as an ended session."""

    is_extended = True

    @classmethod
    def get_model_class(cls) -> type[ConsoleSession]:
        return ConsoleSession

    def create_model_instance(self, data: dict[str, Any]) -> ConsoleSession:
        row = cast(ConsoleSession, super().create_model_instance(data))
        row.account_id = data.get(SESSION_KEY)
        return row

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


def end_sooner(request: HttpRequest) -> None:
    """Let the session of an operator end after OPERATOR_SESSION_AGE without a request."""
    if request.session.get_expiry_age() != settings.OPERATOR_SESSION_AGE:
        request.session.set_expiry(settings.OPERATOR_SESSION_AGE)


def do_not_extend(request: HttpRequest) -> None:
    """Let the session end as if there had been no such request: a page made it by itself, not a person."""
    cast(SessionStore, request.session).is_extended = False

"""Sessions of the console, with the account that each belongs to."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.crypto import constant_time_compare

from workspace.models.administrators import User
from workspace.tokens import digest_of
from workspace.visits import browser_of


class ConsoleSession(AbstractBaseSession):
    """A session of Django's, found by its account, so that its owner can see and end it."""

    account = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="console_sessions")

    class Meta(AbstractBaseSession.Meta):
        abstract = False

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
        return store

    @property
    def name(self) -> str:
        """Return what pages call the session. The key itself opens it, so no page shows that."""
        return digest_of(self.session_key)

    @property
    def browser(self) -> str:
        return browser_of(self._visit.get("user_agent", ""))

    @property
    def address(self) -> str:
        """Return the IP address from which it was opened."""
        return self._visit.get("address") or ""

    @property
    def last_used_at(self) -> datetime:
        """Return when its last request came: each one moves the expiry."""
        return self.expire_date - timedelta(seconds=self._data.get("_session_expiry", settings.SESSION_COOKIE_AGE))

    def counts(self, user: User, now: datetime) -> bool:
        """Say whether the session still opens the account. Ended ones stay in the table until they expire."""
        began = self._data.get("signed_in_at")
        is_fresh = began is None or now.timestamp() - began <= settings.SESSION_ABSOLUTE_AGE
        is_hash = constant_time_compare(self._data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
        return is_hash and is_fresh and self.expire_date > now

    @cached_property
    def _data(self) -> dict[str, Any]:
        return self.get_decoded()

    @property
    def _visit(self) -> Mapping[str, str]:
        visit: Mapping[str, str] = self._data.get("visit", {})
        return visit

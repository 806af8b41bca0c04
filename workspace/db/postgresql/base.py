"""Django's PostgreSQL backend, with connections that notice at once when the server is away, and when it is back."""

from typing import Any, ClassVar

from django.db.backends.postgresql import base
from psycopg import IsolationLevel

from workspace.db.postgresql.watched import Server, WatchedConnection


class DatabaseWrapper(base.DatabaseWrapper):
    """A thread's connection, which stays open from request to request."""

    # By alias, so that all threads share what one of them learns.
    _servers: ClassVar[dict[str, Server]] = {}

    def get_new_connection(self, conn_params: dict[str, Any]) -> WatchedConnection:
        """Connect as Django does with the default isolation level."""
        self.isolation_level = IsolationLevel.READ_COMMITTED
        return self._servers.setdefault(self.alias, Server()).connect(conn_params)

    def is_usable(self) -> bool:
        """Say whether the connection works as far as this side knows. Django asks before a request uses it."""
        return self.connection.is_usable()

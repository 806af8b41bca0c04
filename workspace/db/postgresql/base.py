"""Django's PostgreSQL backend, with connections that notice at once when the server is away, and when it is back."""

import os
from typing import Any, ClassVar

from django.db.backends.postgresql import base
from psycopg import IsolationLevel

from workspace.db.postgresql.watched import Server, WatchedConnection

# A role or a database may have another, in which psycopg cannot read times. libpq sends this when it connects.
# PgBouncer passes it on; it refuses `options`, and a SET would end with the transaction.
os.environ["PGDATESTYLE"] = "ISO"


class DatabaseWrapper(base.DatabaseWrapper):
    """A thread's connection, which stays open from request to request."""

    # By alias, so that all threads share what one of them learns.
    _servers: ClassVar[dict[str, Server]] = {}

    def get_new_connection(self, conn_params: dict[str, Any]) -> WatchedConnection:
        """Connect with the isolation level that our locks are made for, whatever the role or the database has."""
        connection = self._servers.setdefault(self.alias, Server()).connect(conn_params)
        # psycopg says it in each BEGIN, which PgBouncer in transaction mode needs.
        self.isolation_level = connection.isolation_level = IsolationLevel.READ_COMMITTED
        return connection

    def is_usable(self) -> bool:
        """Say whether the connection works as far as this side knows. Django asks before a request uses it."""
        return self.connection.is_usable()

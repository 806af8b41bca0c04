"""Waiting for SQLite's one writer: every waiting connection asks at even intervals, so each has the same chance.

SQLite itself asks less often the longer a connection has waited. Under load the newest would go first and old ones
give up.
"""

import time
from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

# SQLite asks five times in this time; afterwards it would ask less often.
_MILLISECONDS = 33


def wait_evenly(connection: BaseDatabaseWrapper, **signal: object) -> None:
    """Make a new connection to SQLite wait evenly. Call it for the signal `connection_created`."""
    if connection.vendor == "sqlite":
        connection.connection.execute(f"PRAGMA busy_timeout = {_MILLISECONDS}")
        if ask not in connection.execute_wrappers:
            connection.execute_wrappers.append(ask)


def ask(execute: Callable[..., object], sql: str, params: object, many: bool, context: dict[str, Any]) -> object:
    """Run a statement, and repeat it while SQLite is busy, for at most the timeout of the settings.

    A busy SQLite has not begun the statement. Inside a transaction nothing is repeated.
    """
    connection: BaseDatabaseWrapper = context["connection"]
    give_up_at = time.monotonic() + connection.settings_dict["OPTIONS"]["timeout"]
    while True:
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            is_busy = getattr(error.__cause__, "sqlite_errorname", "").startswith("SQLITE_BUSY")
            if not is_busy or connection.connection.in_transaction or time.monotonic() > give_up_at:
                raise

"""SQLite has one writer at a time. Here those who wait for it ask evenly, so that each has the same chance.

SQLite itself asks the less often the longer it has waited: under load who comes last goes first, and others give up.
"""

import time
from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

# In this time SQLite asks five times, before it would begin to ask seldom.
_MILLISECONDS = 33


def wait_evenly(connection: BaseDatabaseWrapper, **signal: Any) -> None:
    """Let a new connection to SQLite wait so, for statements that begin a transaction or are one."""
    if connection.vendor == "sqlite":
        connection.connection.execute(f"PRAGMA busy_timeout = {_MILLISECONDS}")
        if ask not in connection.execute_wrappers:
            connection.execute_wrappers.append(ask)


def ask(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run a statement, again and again while SQLite is busy, as long as settings say: nothing has happened then."""
    connection = context["connection"]
    began = time.monotonic()
    while True:
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            is_busy = getattr(error.__cause__, "sqlite_errorname", "").startswith("SQLITE_BUSY")
            if not is_busy or connection.connection.in_transaction or _is_late(connection, began):
                raise


def _is_late(connection: BaseDatabaseWrapper, began: float) -> bool:
    return time.monotonic() - began > connection.settings_dict["OPTIONS"]["timeout"]

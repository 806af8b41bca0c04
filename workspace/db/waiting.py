"""Waiting for SQLite's one writer: every waiting connection asks at even intervals, so each has the same chance.

SQLite itself asks less often the longer a connection has waited. Under load the newest would go first and old ones
give up.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

# SQLite asks five times in this time; afterwards it would ask less often.
_MILLISECONDS = 33


@dataclass
class _Budget:
    """The seconds that all statements of a piece of work may still wait together."""

    left: float


_budget: ContextVar[_Budget | None] = ContextVar("budget", default=None)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Limit the seconds that the statements inside wait together. The time also counts for an outer limit."""
    outer = _budget.get()
    given = seconds if outer is None else min(seconds, outer.left)
    inner = _Budget(given)
    token = _budget.set(inner)
    try:
        yield
    finally:
        _budget.reset(token)
        if outer:
            outer.left -= given - inner.left


def wait_evenly(connection: BaseDatabaseWrapper, **signal: object) -> None:
    """Make a new connection to SQLite wait evenly. Call it for the signal `connection_created`."""
    if connection.vendor == "sqlite":
        connection.connection.execute(f"PRAGMA busy_timeout = {_MILLISECONDS}")
        if ask not in connection.execute_wrappers:
            connection.execute_wrappers.append(ask)


def ask(execute: Callable[..., object], sql: str, params: object, many: bool, context: dict[str, Any]) -> object:
    """Run a statement, and repeat it while SQLite is busy, for at most the timeout of the settings and `at_most`.

    A busy SQLite has not begun the statement. Inside a transaction nothing is repeated.
    """
    connection: BaseDatabaseWrapper = context["connection"]
    budget = _budget.get() or _Budget(connection.settings_dict["OPTIONS"]["timeout"])
    give_up_after = min(budget.left, connection.settings_dict["OPTIONS"]["timeout"])
    began, waited = time.monotonic(), 0.0
    try:
        while True:
            try:
                return execute(sql, params, many, context)
            except OperationalError as error:
                is_busy = getattr(error.__cause__, "sqlite_errorname", "").startswith("SQLITE_BUSY")
                waited = time.monotonic() - began
                if not is_busy or connection.connection.in_transaction or waited > give_up_after:
                    raise
    finally:
        budget.left -= waited

"""A transaction for statements whose values are known. Django takes more steps for it than SQLite itself."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

from django.db import Error, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from workspace.db.statement import Ran, is_watched, run_planned, with_sqlite_marks

Run: TypeAlias = Callable[[str, Sequence[Any]], Ran]


@contextmanager
def begun(connection: BaseDatabaseWrapper) -> Iterator[Run]:
    """Begin a transaction outside of all others, and give what runs a statement in it. It ends with the block.

    Nothing inside may ask Django for a transaction or a savepoint.
    """
    if connection.vendor != "sqlite" or is_watched(connection):
        with transaction.atomic(using=connection.alias):
            yield partial(run_planned, connection)
        return
    run_planned(connection, f"BEGIN {connection.transaction_mode or ''}", ())  # type: ignore[attr-defined] # SQLite's
    driver = connection.connection
    with connection.wrap_database_errors:
        try:
            yield partial(_run, driver)
            driver.commit()
        except BaseException:
            _roll_back(connection)
            raise


def _run(driver: Any, sql: str, params: Sequence[Any]) -> Ran:
    cursor = driver.execute(with_sqlite_marks(sql), params)
    return cursor.fetchall(), cursor.rowcount


def _roll_back(connection: BaseDatabaseWrapper) -> None:
    """Roll back, or else close the connection, as Django does."""
    try:
        connection.rollback()
    except Error:
        connection.close()

"""How the database runs the statements of a page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def plans(table: str) -> Iterator[list[str]]:
    """Collect the plans of all SELECTs from a table."""
    seen: list[tuple[str, Any]] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and f'FROM "{table}"' in sql:
            seen.append((sql, params))
        return execute(sql, params, many, context)

    found: list[str] = []
    with connection.execute_wrapper(look):
        yield found
    with connection.cursor() as cursor:
        for sql, params in seen:
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}", params)
            found.append("\n".join(str(row[-1]) for row in cursor.fetchall()))

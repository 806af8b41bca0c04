"""Conditions on texts that have any of several others in them."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q
from django.db.models.sql.compiler import SQLCompiler

# SQLite takes no condition of very many parts.
_AT_ONCE = 30
# Between columns: no text has it.
_SEPARATOR = "\x1f"


def containing(columns: Sequence[str], texts: Sequence[str]) -> Iterator[Q]:
    """Return conditions that together find rows of which a column contains a text, as `icontains` compares them."""
    # Whatever contains the longer text contains the shorter one too.
    needed = [text for text in texts if not any(other in text for other in texts if other != text)]
    if connection.vendor == "postgresql":
        if needed:
            yield Q(_ContainsAny(columns, needed))
        return
    for start in range(0, len(needed), _AT_ONCE):
        some = needed[start : start + _AT_ONCE]
        yield Q(*(Q(**{f"{column}__icontains": text}) for column in columns for text in some), _connector=Q.OR)


class _ContainsAny(Func):
    """The same on PostgreSQL. With `icontains` its capitals would be made anew for each text.

    STRPOS skips what cannot match, so it searches long texts in a third of the time of LIKE.
    """

    output_field = BooleanField()

    def __init__(self, columns: Sequence[str], texts: Sequence[str]) -> None:
        super().__init__(*map(F, columns))
        self._texts = texts

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> tuple[str, Any]:
        columns = [compiler.compile(each) for each in self.get_source_expressions()]
        # Of what does not depend on the row PostgreSQL makes the capitals once, as it plans.
        wanted = ", ".join(["UPPER(%s::text)"] * len(self._texts))
        sql = (
            f"EXISTS(SELECT FROM (SELECT UPPER(CONCAT_WS(%s, {', '.join(sql for sql, _ in columns)})) AS said OFFSET 0)"
            f" AS one, UNNEST(ARRAY[{wanted}]) AS wanted WHERE STRPOS(said, wanted) > 0)"
        )
        return sql, (_SEPARATOR, *(value for _, values in columns for value in values), *self._texts)

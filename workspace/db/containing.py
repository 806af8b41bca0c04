"""Conditions on texts that have any of several others in them."""

from collections.abc import Iterator, Sequence

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, Value

# SQLite takes no condition of very many parts.
_AT_ONCE = 30


def containing(columns: Sequence[str], texts: Sequence[str]) -> Iterator[Q]:
    """Return conditions that together find rows of which a column contains a text, as `icontains` compares them."""
    # Whatever contains the longer text contains the shorter one too.
    needed = [text for text in texts if not any(other in text for other in texts if other != text)]
    if connection.vendor == "postgresql":
        if needed:
            yield Q(*(Q(_ContainsAny(column, needed)) for column in columns), _connector=Q.OR)
        return
    for start in range(0, len(needed), _AT_ONCE):
        some = needed[start : start + _AT_ONCE]
        yield Q(*(Q(**{f"{column}__icontains": text}) for column in columns for text in some), _connector=Q.OR)


class _ContainsAny(Func):
    """The same of one column on PostgreSQL. With `icontains` its capitals would be made anew for each text."""

    output_field = BooleanField()
    arg_joiner = "::text) LIKE ANY (ARRAY(SELECT UPPER(each) FROM unnest("
    template = "UPPER(%(expressions)s::text[]) AS each))"

    def __init__(self, column: str, texts: Sequence[str]) -> None:
        patterns = [f"%{connection.ops.prep_for_like_query(text)}%" for text in texts]
        super().__init__(F(column), Value(patterns))

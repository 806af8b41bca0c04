"""Many ids as one value, 16 bytes each: a UUID object each would take most of the time of a page."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, overload
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, BinaryField, QuerySet
from django.db.models.sql.compiler import SQLCompiler

_SIZE = 16


class PackedIds(Sequence[UUID]):
    """Ids in their order, of which each is made when it is asked for."""

    def __init__(self, packed: bytes) -> None:
        self.packed = packed

    @classmethod
    def of(cls, rows: "QuerySet[Any, Any]", column: str = "pk") -> "PackedIds":
        """Read the ids of rows, or those in another column. Ids that come in their order are sorted in no time."""
        # `aggregate` refuses DISTINCT ON, which `count` takes.
        found = rows.query.chain().get_aggregation(rows.db, {"ids": _Packed(column)})["ids"] or b""
        packed = bytes.fromhex(found) if isinstance(found, str) else bytes(found)
        return cls(b"".join(sorted(packed[at : at + _SIZE] for at in range(0, len(packed), _SIZE))))

    def __len__(self) -> int:
        return len(self.packed) // _SIZE

    @overload
    def __getitem__(self, at: int) -> UUID: ...
    @overload
    def __getitem__(self, at: slice) -> list[UUID]: ...
    def __getitem__(self, at: int | slice) -> UUID | list[UUID]:
        places = range(len(self))[at]
        return list(map(self._at, places)) if isinstance(places, range) else self._at(places)

    def __contains__(self, pk: object) -> bool:
        if not isinstance(pk, UUID):
            return False
        at = bisect_left(range(len(self)), pk.bytes, key=self._bytes)
        return at < len(self) and self._bytes(at) == pk.bytes

    def _at(self, place: int) -> UUID:
        return UUID(bytes=self._bytes(place))

    def _bytes(self, place: int) -> bytes:
        return self.packed[place * _SIZE : (place + 1) * _SIZE]


class _Packed(Aggregate):
    """The ids of all rows in any order: their bytes on PostgreSQL, their hexadecimal digits on SQLite."""

    output_field = BinaryField()
    template = "GROUP_CONCAT(%(expressions)s, '')"

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> tuple[str, Any]:
        template = "STRING_AGG(UUID_SEND(%(expressions)s), ''::bytea)"
        return self.as_sql(compiler, connection, template=template, **context)

"""Worlds that many tests begin with: built once in a process, then copied by one INSERT a table.

A copy is as if it had been built now: its ids are new, and its times are as long ago as they were after building.
"""

import io
import json
import pickle
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction
from django.db.models import AutoField, Field, JSONField, Model
from django.utils import timezone

from workspace.db.keys import new_id

Build = Callable[[str], object]


class Copies:
    """Copies of what `build` makes of each of these names."""

    def __init__(self, build: Build, *names: str) -> None:
        self._build = build
        self._originals = {name: _original(build, name) for name in names}

    def __call__(self, name: str) -> Any:
        """Return a copy; where a test commits, build anew, because building may do something on commit."""
        return self._originals[name].copied() if connection.in_atomic_block else self._build(name)


def _original(build: Build, name: str) -> "_Original":
    """Build a world and forget its rows."""
    with transaction.atomic():
        before = {model: set(_pks(model)) for model in apps.get_models()}
        world = build(name)
        new = {model: set(_pks(model)) - known for model, known in before.items()}
        original = _Original(world, {model: pks for model, pks in new.items() if pks})
        transaction.set_rollback(True)
    return original


def _pks(model: type[Model]) -> Iterable[object]:
    return model._base_manager.values_list("pk", flat=True)


class _Original:
    def __init__(self, world: object, rows: dict[type[Model], set[object]]) -> None:
        self._built_at = timezone.now()
        ids = sorted(pk for pks in rows.values() for pk in pks if isinstance(pk, UUID))
        self._places = {each: place for place, each in enumerate(ids)}
        self._world = self._packed(world)
        self._rows = self._packed([_insertion(model, pks) for model, pks in rows.items()])

    def _packed(self, thing: object) -> bytes:
        file = io.BytesIO()
        _Pickler(file, self._places).dump(thing)
        return file.getvalue()

    def copied(self) -> Any:
        ids, passed = [new_id() for _ in self._places], timezone.now() - self._built_at
        with connection.cursor() as cursor:
            for sql, values in _Unpickler(self._rows, ids, passed, _stored).load():
                cursor.execute(sql, values)
        return _Unpickler(self._world, ids, passed, lambda value: value).load()


def _insertion(model: type[Model], pks: set[object]) -> tuple[str, list[object]]:
    """Return the statement that inserts these rows. Numbers that the database counts are not among its values."""
    columns = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    rows = list(model._base_manager.filter(pk__in=pks).values_list(*(field.attname for field in columns)))
    quoted = ", ".join(connection.ops.quote_name(str(field.column)) for field in columns)
    row = f"({', '.join(['%s'] * len(columns))})"
    sql = f"INSERT INTO {model._meta.db_table} ({quoted}) VALUES {', '.join([row] * len(rows))}"  # noqa: S608
    return sql, [_prepared(field, value) for row in rows for field, value in zip(columns, row, strict=True)]


def _prepared(field: "Field[Any, Any]", value: object) -> object:
    """Return a value as the database takes it; what differs in each copy is left as it is."""
    if isinstance(value, UUID | datetime) or value is None:
        return value
    if isinstance(field, JSONField):
        return json.dumps(value, cls=field.encoder)
    return field.get_db_prep_save(value, connection)


def _stored(value: Any) -> object:
    """Return an id or a time as the database takes it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value if connection.features.has_native_uuid_field else value.hex


class _Pickler(pickle.Pickler):
    """Leaves places for the ids of a world, also in texts, and for times."""

    def __init__(self, file: io.BytesIO, places: dict[UUID, int]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._places = places
        self._ids = re.compile("({})".format("|".join(spelled for each in places for spelled in (str(each), each.hex))))

    def persistent_id(self, thing: object) -> object:
        if isinstance(thing, UUID):
            return self._places.get(thing)
        if isinstance(thing, datetime):
            return thing
        if isinstance(thing, str) and len(parts := self._ids.split(thing)) > 1:
            return parts[::2], [(self._places[UUID(each)], "-" in each) for each in parts[1::2]]
        return None


class _Unpickler(pickle.Unpickler):
    """Fills the places."""

    def __init__(self, packed: bytes, ids: list[UUID], passed: timedelta, stored: Callable[[Any], object]) -> None:
        super().__init__(io.BytesIO(packed))
        self._ids, self._passed, self._stored = ids, passed, stored

    def persistent_load(self, place: Any) -> object:
        if isinstance(place, int):
            return self._stored(self._ids[place])
        if isinstance(place, datetime):
            return self._stored(place + self._passed)
        texts, ids = place
        spelled = [str(self._ids[each]) if has_dashes else self._ids[each].hex for each, has_dashes in ids]
        return "".join(chain.from_iterable(zip_longest(texts, spelled, fillvalue="")))

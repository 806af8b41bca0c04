"""Strings in the database: in a column, in the document, or the same one for all resources."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Expression, F, Q, TextField, Value
from django.db.models.functions import Cast, Concat, Left, Length, NullIf, Right, StrIndex
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IsNull,
    LessThan,
    LessThanOrEqual,
)
from scim2_models.path import STRING_OPERATORS

from provisioning.payload import errors
from provisioning.search.json_lookups import (
    Bytewise,
    Filled,
    Holds,
    UuidText,
)
from provisioning.search.stored.values import EVERYTHING, NOTHING, Op, SingleValued, SortKey
from workspace.db.keys import name_key

# Only the first characters of a text are sorted by: it may be very long.
_SORTED_LENGTH = 200
_MAX_NUMBER = 10**30


# Lengths agree: Python's `len`, SQLite's `substr` and PostgreSQL's `left` all count code points.
_TEXT_TESTS: Mapping[Op, Callable[[Expression, str], Expression]] = {
    Op.eq: lambda text, key: Exact(text, Value(key)),
    Op.co: lambda text, key: GreaterThan(StrIndex(text, Value(key)), 0),
    Op.sw: lambda text, key: Exact(Left(text, len(key)), Value(key)),
    Op.ew: lambda text, key: Exact(Right(text, len(key)), Value(key)),
    Op.gt: lambda text, key: GreaterThan(Bytewise(text), Value(key)),
    Op.ge: lambda text, key: GreaterThanOrEqual(Bytewise(text), Value(key)),
    Op.lt: lambda text, key: LessThan(Bytewise(text), Value(key)),
    Op.le: lambda text, key: LessThanOrEqual(Bytewise(text), Value(key)),
}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Text(SingleValued):
    """A string from an expression that is NULL where the attribute is absent."""

    text: Expression
    is_exact: bool = False

    def deviation(self, value: object) -> str:
        return f"{self.name} compared with a number" if _is_number(value) else ""

    def is_present(self) -> Q:
        return Q(Holds(GreaterThan(Length(self.text), 0)))

    def _value_condition(self, op: Op, value: object) -> Q:
        if _is_number(value):
            value = str(value)  # as a body's number is stored
        if not isinstance(value, str) or _UNSTORABLE.search(value):
            raise errors.invalid_filter(f"{self.name} compares with a string of characters.")
        return self.key_condition(op, value if self.is_exact else name_key(value))

    def key_condition(self, op: Op, key: str) -> Q:
        """Return the condition of a comparison with a key: the value as filters compare it."""
        if not key and op in STRING_OPERATORS:
            return Q(IsNull(self.text, False))
        return Q(Holds(_TEXT_TESTS[op](self.text, key)))

    def sort_key(self) -> SortKey | None:
        return SortKey(Left(self.text, _SORTED_LENGTH), self.is_present())


@dataclass(frozen=True)
class Constant(Text):
    """A string that all resources have."""

    def sort_key(self) -> SortKey | None:
        return None


@dataclass(frozen=True)
class Binary(Text):
    """Bytes in base64."""

    operators = frozenset({Op.eq, Op.ne})

    def sort_key(self) -> SortKey | None:
        raise errors.invalid_path(f"{self.name} holds bytes, which have no order.")


@dataclass(frozen=True)
class Version(Text):
    """The entity tag of a resource, made of the number of its version."""

    def is_present(self) -> Q:
        return EVERYTHING

    def sort_key(self) -> SortKey:
        return SortKey(F("version"), EVERYTHING)


@dataclass(frozen=True)
class Location(SingleValued):
    """The URL of a resource, made of the ids of its connection and of itself."""

    kind: str

    def is_present(self) -> Q:
        return EVERYTHING

    def _value_condition(self, op: Op, value: object) -> Q:
        start, middle = f"{settings.ORIGIN}/scim/", f"/v2/{self.kind}s/"
        if op == Op.eq and isinstance(value, str):
            connection, _, pk = value.removeprefix(start).partition(middle)
            ids = exact_uuid(connection), exact_uuid(pk)
            is_url = all(ids) and value == f"{start}{connection}{middle}{pk}"
            return Q(connection=ids[0], id=ids[1]) if is_url else NOTHING
        url = Concat(
            Value(start), UuidText(F("connection")), Value(middle), UuidText(F("id")), output_field=TextField()
        )
        return Text(self.name, url, is_exact=True).condition(op, value)

    def sort_key(self) -> SortKey:
        return SortKey(F("id"), EVERYTHING)


# Comparisons that an index of the column answers. Columns are ordered by code points on every database.
_RANGES: Mapping[Op, Callable[[str], dict[str, str]]] = {
    Op.eq: lambda key: {"": key},
    Op.sw: lambda key: {"__gte": key} | ({"__lt": after} if (after := _after(key)) else {}),
    Op.gt: lambda key: {"__gt": key},
    Op.ge: lambda key: {"__gte": key},
    Op.lt: lambda key: {"__lt": key},
    Op.le: lambda key: {"__lte": key},
}


def _after(prefix: str) -> str:
    """Return the first text after all texts with that prefix, or an empty text where there is none."""
    stem = prefix.rstrip("\U0010ffff")
    if not stem:
        return ""
    last = ord(stem[-1]) + 1
    return stem[:-1] + ("\ue000" if last == 0xD800 else chr(last))  # surrogates are no characters


@dataclass(frozen=True)
class Column(Text):
    """A string in a column of its own, which is empty where the attribute is absent. Most have an index."""

    column: str = ""
    is_required: bool = False

    def is_present(self) -> Q:
        return EVERYTHING if self.is_required else Q(Filled(F(self.column)))

    def key_condition(self, op: Op, key: str) -> Q:
        if not key or op not in _RANGES:
            return super().key_condition(op, key)
        return Q(**{f"{self.column}{lookup}": bound for lookup, bound in _RANGES[op](key).items()}) & self.is_present()

    def sort_key(self) -> SortKey | None:
        return SortKey(F(self.column), self.is_present())


@dataclass(frozen=True)
class Id(Text):
    """The UUID of a resource. A text that is no UUID equals no id."""

    column: str = ""

    def is_present(self) -> Q:
        return EVERYTHING

    def key_condition(self, op: Op, key: str) -> Q:
        if op != Op.eq:
            return super().key_condition(op, key)
        uuid = exact_uuid(key)
        return Q(**{self.column: uuid}) if uuid else NOTHING

    def sort_key(self) -> SortKey | None:
        return SortKey(F(self.column), EVERYTHING)


def exact_uuid(text: str) -> UUID | None:
    """Return the UUID that is spelled exactly like this, or None: ids are case-exact."""
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    return uuid if str(uuid) == text else None


def version(name: str) -> Version:
    """Describe the entity tag, spelled as answers spell it."""
    return Version(
        name, Concat(Value('W/"'), Cast(F("version"), TextField()), Value('"'), output_field=TextField()), is_exact=True
    )


def _is_number(value: object) -> bool:
    """Say whether a value is a number that an identifier may be, such as 12345."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MAX_NUMBER


def column(name: str, column: str, *, is_exact: bool = False, is_required: bool = False) -> Column:
    """Describe a string in a column."""
    return Column(name, NullIf(F(column), Value("")), is_exact, column, is_required)


def id_column(name: str, column: str) -> Id:
    """Describe an id in a column."""
    return Id(name, UuidText(F(column)), True, column)

"""Strings in the database: in columns, in the document, or the same for all resources."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Expression, F, Q, Value
from django.db.models.functions import Left, Length, NullIf, Right, StrIndex
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IsNull,
    LessThan,
    LessThanOrEqual,
    Lookup,
)
from scim2_models.path import STRING_OPERATORS

from provisioning.payload import errors
from provisioning.search.json_lookups import (
    Bytewise,
    Filled,
    Holds,
    UuidText,
)
from provisioning.search.stored.values import EVERYTHING, NOTHING, Key, Op, Stored
from workspace.db.keys import canonical

# Of a text as long as its writer liked; what follows does not sort.
_SORTED_LENGTH = 200


# As long as Python's `len`, SQLite's `substr` and PostgreSQL's `left` all count code points.
_TEXT_TESTS: Mapping[Op, Callable[[Expression, str], Lookup]] = {
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
class Text(Stored):
    """A string from an expression that is NULL where the attribute is absent."""

    text: Expression
    is_exact: bool = False

    def is_present(self) -> Q:
        return Q(Holds(GreaterThan(Length(self.text), 0)))

    def matches(self, op: Op, value: Any) -> Q:
        if not isinstance(value, str) or _UNSTORABLE.search(value):
            raise errors.invalid_filter(f"{self.name} compares with a string of characters.")
        return self.finds(op, value if self.is_exact else canonical(value))

    def finds(self, op: Op, key: str) -> Q:
        if not key and op in STRING_OPERATORS:
            return Q(IsNull(self.text, False))
        return Q(Holds(_TEXT_TESTS[op](self.text, key)))

    def key(self) -> Key | None:
        return Key(Left(self.text, _SORTED_LENGTH), self.is_present())


@dataclass(frozen=True)
class Constant(Text):
    """A string that all resources have."""

    def key(self) -> Key | None:
        return None


@dataclass(frozen=True)
class Binary(Text):
    """Bytes in base64."""

    operators = frozenset({Op.eq, Op.ne})

    def key(self) -> Key | None:
        raise errors.invalid_path(f"{self.name} holds bytes, which have no order.")


# How a column is compared where an index can find the rows; it is ordered by code points on every database.
_RANGES: Mapping[Op, Callable[[str], dict[str, str]]] = {
    Op.eq: lambda key: {"": key},
    Op.sw: lambda key: {"__gte": key} | ({"__lt": after} if (after := _after(key)) else {}),
    Op.gt: lambda key: {"__gt": key},
    Op.ge: lambda key: {"__gte": key},
    Op.lt: lambda key: {"__lt": key},
    Op.le: lambda key: {"__lte": key},
}


def _after(prefix: str) -> str:
    """The first text that follows all those that begin so; empty where there is none."""
    stem = prefix.rstrip("\U0010ffff")
    if not stem:
        return ""
    last = ord(stem[-1]) + 1
    return stem[:-1] + ("\ue000" if last == 0xD800 else chr(last))  # half surrogates are no characters


@dataclass(frozen=True)
class Column(Text):
    """A string in a column of its own, usually with an index for equality and order. Empty where it is absent."""

    column: str = ""
    is_required: bool = False

    def is_present(self) -> Q:
        return EVERYTHING if self.is_required else Q(Filled(F(self.column)))

    def finds(self, op: Op, key: str) -> Q:
        if not key or op not in _RANGES:
            return super().finds(op, key)
        return Q(**{f"{self.column}{lookup}": bound for lookup, bound in _RANGES[op](key).items()}) & self.is_present()

    def key(self) -> Key | None:
        return Key(F(self.column), self.is_present())


@dataclass(frozen=True)
class Id(Text):
    """A UUID that a resource has as its id. Anything else than a UUID is the id of none."""

    column: str = ""

    def is_present(self) -> Q:
        return EVERYTHING

    def finds(self, op: Op, key: str) -> Q:
        if op != Op.eq:
            return super().finds(op, key)
        uuid = exact_uuid(key)
        return Q(**{self.column: uuid}) if uuid else NOTHING

    def key(self) -> Key | None:
        return Key(F(self.column), EVERYTHING)


def exact_uuid(text: str) -> UUID | None:
    """The UUID that is written exactly so: ids are case-exact."""
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    return uuid if str(uuid) == text else None


def column(name: str, column: str, *, is_exact: bool = False, is_required: bool = False) -> Column:
    return Column(name, NullIf(F(column), Value("")), is_exact, column, is_required)


def id_column(name: str, column: str) -> Id:
    return Id(name, UuidText(F(column)), True, column)

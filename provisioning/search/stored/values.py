"""Attributes with one value in the database: how a filter compares one, and the key that a list is sorted by."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.db.models import Expression, F, Q, Subquery, Value
from django.db.models.lookups import (
    Exact,
    IsNull,
)
from scim2_models.path import ORDERING_OPERATORS, CompareOperator

from provisioning.payload import errors
from provisioning.search.json_lookups import (
    Holds,
)

Op = CompareOperator
Term = Expression | F | Subquery
NOTHING = Q(pk__in=[])
EVERYTHING = ~NOTHING


@dataclass(frozen=True)
class Key:
    """What a list is sorted by, and which rows have it."""

    value: Term
    present: Q


@dataclass(frozen=True)
class Stored(ABC):
    """An attribute with one value; subclasses know its type and where it is."""

    name: str
    operators: ClassVar[frozenset[Op]] = frozenset(Op)

    def compare(self, op: Op, value: Any) -> Q:
        if op not in self.operators:
            raise errors.invalid_filter(f"{self.name} cannot be compared with {op}.")
        if value is None:
            return ~self.is_present() if op == Op.eq else NOTHING
        return self.matches(op, value)

    def deviation(self, value: Any) -> str:
        """What is unusual about comparing with this value, if anything."""
        return ""

    @abstractmethod
    def is_present(self) -> Q:
        """The attribute has a value; the empty string is none."""

    @abstractmethod
    def matches(self, op: Op, value: Any) -> Q:
        """The attribute compares so with a value that is not null."""

    @abstractmethod
    def key(self) -> Key | None:
        """None where all resources are alike in this. Raises invalidPath where there is no order."""


@dataclass(frozen=True)
class Flag(Stored):
    """A boolean from an expression that is NULL where the attribute is absent."""

    flag: Expression | F
    operators = frozenset({Op.eq, Op.ne})

    def deviation(self, value: Any) -> str:
        return f"{self.name} compared with a text" if isinstance(value, str) else ""

    def is_present(self) -> Q:
        return Q(IsNull(self.flag, False))

    def matches(self, op: Op, value: Any) -> Q:
        # Entra and others send booleans as strings.
        wanted = {"true": True, "false": False}.get(str(value).lower())
        if wanted is None:
            raise errors.invalid_filter(f"{self.name} compares with true or false.")
        return Q(Holds(Exact(self.flag, Value(wanted))))

    def key(self) -> Key | None:
        return Key(self.flag, self.is_present())


@dataclass(frozen=True)
class Moment(Stored):
    """A dateTime in a column that always has one."""

    column: str
    operators = frozenset({Op.eq, Op.ne, *ORDERING_OPERATORS})
    lookups: ClassVar[Mapping[Op, str]] = {Op.eq: "exact", Op.gt: "gt", Op.ge: "gte", Op.lt: "lt", Op.le: "lte"}

    def is_present(self) -> Q:
        return EVERYTHING

    def matches(self, op: Op, value: Any) -> Q:
        return Q(**{f"{self.column}__{self.lookups[op]}": self.moment(value)})

    def moment(self, value: Any) -> datetime:
        """In UTC, which is also what a time without a zone is taken for."""
        try:
            found = datetime.fromisoformat(value)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise errors.invalid_filter(f'{self.name} compares with a time like "2026-01-31T12:00:00Z".') from None

    def key(self) -> Key | None:
        return Key(F(self.column), EVERYTHING)


@dataclass(frozen=True)
class Complex(Stored):
    """An attribute that consists of others; it compares by its part `value`, as the manager does, or not at all."""

    present: Q
    value: Stored | None = None

    def deviation(self, value: Any) -> str:
        return f"{self.name} compared as a whole instead of its value" if self.value else ""

    def is_present(self) -> Q:
        return self.present

    def compare(self, op: Op, value: Any) -> Q:
        if self.value is None:
            raise errors.invalid_filter(f"{self.name} has several parts; name the one to compare.")
        return self.value.compare(op, value)

    matches = compare

    def key(self) -> Key | None:
        raise errors.invalid_path(f"{self.name} has several parts; name the one to sort by.")

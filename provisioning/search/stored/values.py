"""Attributes with one value in the database: how a filter compares them and how a list is sorted by them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from django.db.models import Expression, F, Q, Subquery, Value
from django.db.models.lookups import Exact, IsNull
from scim2_models.path import ORDERING_OPERATORS, CompareOperator

from provisioning.payload import errors
from provisioning.search.json_lookups import Holds

Op = CompareOperator
Term = Expression | F | Subquery
NOTHING = Q(pk__in=[])
EVERYTHING = ~NOTHING


@dataclass(frozen=True)
class SortKey:
    """What a list is sorted by, and the condition that a row has it."""

    value: Term
    present: Q


@dataclass(frozen=True)
class SingleValued(ABC):
    """An attribute with one value. Subclasses know its type and where it is."""

    name: str
    operators: ClassVar[frozenset[Op]] = frozenset(Op)

    def condition(self, op: Op, value: object) -> Q:
        """Return the condition of a comparison. Raises invalidFilter where the attribute has no such comparison."""
        if op not in self.operators:
            raise errors.invalid_filter(f"{self.name} cannot be compared with {op}.")
        if value is None:
            return ~self.is_present() if op == Op.eq else NOTHING
        return self._value_condition(op, value)

    def deviation(self, value: object) -> str:
        """Name what is unusual about comparing with this value; empty where nothing is."""
        return ""

    @abstractmethod
    def is_present(self) -> Q:
        """Return the condition that the attribute has a value. The empty string is no value."""

    @abstractmethod
    def _value_condition(self, op: Op, value: object) -> Q:
        """Return the condition of a comparison with a value that is not null."""

    @abstractmethod
    def sort_key(self) -> SortKey | None:
        """Return the key, or None where all resources have the same one. Raises invalidPath where there is no order."""


@dataclass(frozen=True)
class Flag(SingleValued):
    """A boolean from an expression that is NULL where the attribute is absent."""

    flag: Expression | F
    operators = frozenset({Op.eq, Op.ne})

    def deviation(self, value: object) -> str:
        return f"{self.name} compared with a text" if isinstance(value, str) else ""

    def is_present(self) -> Q:
        return Q(IsNull(self.flag, False))

    def _value_condition(self, op: Op, value: object) -> Q:
        # Entra and others send booleans as strings.
        wanted = {"true": True, "false": False}.get(str(value).lower())
        if wanted is None:
            raise errors.invalid_filter(f"{self.name} compares with true or false.")
        return Q(Holds(Exact(self.flag, Value(wanted))))

    def sort_key(self) -> SortKey | None:
        return SortKey(self.flag, self.is_present())


@dataclass(frozen=True)
class Moment(SingleValued):
    """A dateTime in a column that is never empty."""

    column: str
    operators = frozenset({Op.eq, Op.ne, *ORDERING_OPERATORS})
    lookups: ClassVar[Mapping[Op, str]] = {Op.eq: "exact", Op.gt: "gt", Op.ge: "gte", Op.lt: "lt", Op.le: "lte"}

    def is_present(self) -> Q:
        return EVERYTHING

    def _value_condition(self, op: Op, value: object) -> Q:
        return Q(**{f"{self.column}__{self.lookups[op]}": self.moment(value)})

    def moment(self, value: object) -> datetime:
        """Read a time. One without a zone is in UTC."""
        try:
            found = datetime.fromisoformat(value if isinstance(value, str) else "")
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise errors.invalid_filter(f'{self.name} compares with a time like "2026-01-31T12:00:00Z".') from None

    def sort_key(self) -> SortKey | None:
        return SortKey(F(self.column), EVERYTHING)


@dataclass(frozen=True)
class Complex(SingleValued):
    """An attribute that consists of others. It compares by its sub-attribute `value`, if it has one (manager)."""

    present: Q
    value: SingleValued | None = None

    def deviation(self, value: object) -> str:
        return f"{self.name} compared as a whole instead of its value" if self.value else ""

    def is_present(self) -> Q:
        return self.present

    def condition(self, op: Op, value: object) -> Q:
        if self.value is None:
            raise errors.invalid_filter(f"{self.name} has several parts; name the one to compare.")
        return self.value.condition(op, value)

    _value_condition = condition

    def sort_key(self) -> SortKey | None:
        raise errors.invalid_path(f"{self.name} has several parts; name the one to sort by.")

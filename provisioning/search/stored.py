"""What an attribute is in the database: how a filter compares it, and the key that a list is sorted by."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Exists, Expression, F, OuterRef, Q, QuerySet, Subquery, Value
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
from pydantic import Base64Bytes
from scim2_models import BaseModel
from scim2_models.path import ORDERING_OPERATORS, STRING_OPERATORS, CompareOperator

from provisioning.models import ProvisionedEmail, ProvisionedMembership
from provisioning.payload import errors
from provisioning.payload.attributes import Attribute, attributes, is_read_only, spelled
from provisioning.payload.resources import ACCESS
from provisioning.search import granted
from provisioning.search.json_lookups import (
    AnyItem,
    Bytewise,
    Filled,
    FirstItem,
    Holds,
    Item,
    JsonFlag,
    JsonItems,
    JsonPresent,
    JsonText,
    UuidText,
)
from workspace.db.keys import canonical

Op = CompareOperator
Term = Expression | F | Subquery
NOTHING = Q(pk__in=[])
EVERYTHING = ~NOTHING
# Of a text as long as its writer liked; what follows does not sort.
_SORTED_LENGTH = 200


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


@dataclass(frozen=True)
class Many(ABC):
    """A multi-valued attribute, or with `part` one sub-attribute of its elements, as in emails.type."""

    name: str
    part: str | None = None

    @abstractmethod
    def element(self, name: str) -> Stored | None:
        """The sub-attribute of that name, in the scope of one element."""

    @abstractmethod
    def any(self, condition: Q) -> Q:
        """Some element meets the condition."""

    @abstractmethod
    def is_filled(self) -> Q:
        """Some element has a value."""

    def with_value(self, op: Op, value: str) -> Q:
        """True at least where some element's value compares so: lets an index narrow down where to look."""
        return EVERYTHING

    @abstractmethod
    def first(self, value: Term) -> Term:
        """This of the primary element, else of the first one; NULL where there is none (RFC 7644 section 3.4.2.3)."""

    def key(self) -> Key | None:
        """That of the named sub-attribute or of `value`. Raises invalidPath where there is none."""
        element = self.element(self.part or "value")
        if element is None:
            raise errors.invalid_path(f"{self.name} has several parts; name the one to sort by.")
        key = element.key()
        if key is None:
            return None
        first = self.first(key.value)
        return Key(first, Q(IsNull(first, False)))


@dataclass(frozen=True)
class Items(Many):
    """A list in the document."""

    model: type[BaseModel] = BaseModel

    def element(self, name: str) -> Stored | None:
        found = attributes(self.model).get(name.lower())
        return _in_json(Item(), found, f"{self.name}.{found.name}", [found.name]) if found else None

    def any(self, condition: Q) -> Q:
        return Q(AnyItem(JsonItems(F("folded"), self.name.lower()), condition))

    def is_filled(self) -> Q:
        return Q(JsonPresent(F("folded"), self.name.lower()))

    def first(self, value: Term) -> Term:
        return FirstItem(JsonItems(F("folded"), self.name.lower()), value)


@dataclass(frozen=True)
class Emails(Items):
    """The e-mail addresses, whose values have rows with an index."""

    def with_value(self, op: Op, value: str) -> Q:
        if not (key := canonical(value)):
            return EVERYTHING
        found = _column(self.name, "value_key", is_required=True).finds(op, key)
        rows = ProvisionedEmail.objects.filter(found, connection=OuterRef("connection"))
        # The same twice, as SQLite starts from the rows only when they are a list, and PostgreSQL only when they exist.
        return Q(pk__in=rows.values("user")) & Q(Exists(rows.filter(user=OuterRef("pk"))))


@dataclass(frozen=True)
class Rows(Many):
    """Rows that belong to the resource, in their order: a query within the query of resources."""

    rows: QuerySet = field(kw_only=True)
    elements: Mapping[str, Stored] = field(kw_only=True)

    def element(self, name: str) -> Stored | None:
        return self.elements.get(name.lower())

    def any(self, condition: Q) -> Q:
        return Q(Exists(self.rows.filter(condition)))

    def is_filled(self) -> Q:
        return self.any(EVERYTHING)

    def first(self, value: Term) -> Term:
        return Subquery(self.rows.annotate(first=value).values("first")[:1])


@dataclass(frozen=True)
class Memberships(Rows):
    """The groups of a user or the members of a group: rows that name the resource in their column `here`."""

    here: str = field(kw_only=True)

    def with_value(self, op: Op, value: str) -> Q:
        if op != Op.eq:
            return EVERYTHING
        rows = ProvisionedMembership.objects.filter(self.elements["value"].matches(op, value))
        return Q(pk__in=rows.values(self.here))


def stored(resource: str, steps: list[Attribute]) -> Stored | Many | None:
    """Where the attribute at the end of these steps is; None for what no row holds."""
    name = spelled(steps)
    if name in _COLUMNS[resource]:
        return _COLUMNS[resource][name]
    for length, step in enumerate(steps, 1):
        if step.is_many:
            return _many(steps[:length], steps[length].name if len(steps) > length else None)
    if name == "password" or is_read_only(steps):
        return None
    return _in_json(F("folded"), steps[-1], name, [step.name for step in steps])


def _many(steps: list[Attribute], part: str | None) -> Many | None:
    name, attribute = spelled(steps), steps[-1]
    if name in _ROWS:
        return replace(_ROWS[name], part=part)
    kind = Emails if name == "emails" else Items
    return kind(attribute.name, part, attribute.model) if attribute.model else None


def _in_json(source: Expression | F, attribute: Attribute, name: str, path: list[str]) -> Stored:
    """A single value at a path in a JSON document, by its type."""
    names = [step.lower() for step in path]
    if attribute.model:
        value = attributes(attribute.model).get("value")
        part = _in_json(source, value, f"{name}.value", [*path, "value"]) if value else None
        return Complex(name, Q(JsonPresent(source, *names)), part)
    if attribute.type is bool:
        return Flag(name, JsonFlag(source, *names))
    kind = Binary if attribute.type == Base64Bytes else Text
    return kind(name, JsonText(source, *names), attribute.is_exact)


def _column(name: str, column: str, *, is_exact: bool = False, is_required: bool = False) -> Column:
    return Column(name, NullIf(F(column), Value("")), is_exact, column, is_required)


def _id(name: str, column: str) -> Id:
    return Id(name, UuidText(F(column)), True, column)


def _columns(resource: str, *own: Stored) -> Mapping[str, Stored]:
    found: list[Stored] = [
        _id("id", "id"),
        _column("externalId", "external_id", is_exact=True),
        Complex("meta", EVERYTHING),
        Moment("meta.created", "created_at"),
        Moment("meta.lastModified", "updated_at"),
        Constant("meta.resourceType", Value(resource), True),
        *own,
    ]
    return {value.name: value for value in found}


_COLUMNS = {
    "User": _columns(
        "User",
        _column("userName", "user_name_key", is_required=True),
        _column("displayName", "display_name_key"),
        Flag("active", F("is_active")),
    ),
    "Group": _columns("Group", _column("displayName", "display_name_key", is_required=True)),
}


def _memberships(name: str, here: str, *elements: Stored) -> Memberships:
    rows = ProvisionedMembership.objects.filter(**{here: OuterRef("pk")}).order_by("pk")
    return Memberships(name, rows=rows, elements=_by_part(elements), here=here)


def _granted(name: str, rows: Callable[[Q], QuerySet], *elements: Stored) -> Rows:
    return Rows(name, rows=rows(Q(end_user__provisioned=OuterRef("pk"))), elements=_by_part(elements))


def _by_part(elements: Iterable[Stored]) -> Mapping[str, Stored]:
    return {element.name.rpartition(".")[2]: element for element in elements}


_ENVIRONMENTS, _GROUPS = f"{ACCESS}:environments", f"{ACCESS}:groups"
_ROWS: Mapping[str, Rows] = {
    rows.name: rows
    for rows in (
        _memberships(
            "groups",
            "user",
            _id("groups.value", "group_id"),
            _column("groups.display", "group__display_name_key"),
            Constant("groups.type", Value("direct")),
        ),
        _memberships(
            "members",
            "group",
            _id("members.value", "user_id"),
            _column("members.display", "user__end_user__name_key"),
            Constant("members.type", Value("user")),
        ),
        _granted(
            _ENVIRONMENTS,
            granted.accesses,
            _column(f"{_ENVIRONMENTS}.value", "environment__slug", is_exact=True),
            _column(f"{_ENVIRONMENTS}.display", "environment__name", is_exact=True),
        ),
        _granted(
            _GROUPS,
            granted.memberships,
            _id(f"{_GROUPS}.value", "group_id"),
            _column(f"{_GROUPS}.display", "group__name_key"),
            _column(f"{_GROUPS}.environment", "group__environment__slug", is_exact=True),
        ),
    )
}

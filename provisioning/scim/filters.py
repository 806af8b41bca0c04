"""SCIM filters (RFC 7644 section 3.4.2.2) as conditions: `connection.users.filter(compile_filter(text, …))`.

scim2-models parses, and the verdict is that of its in-memory match, with our canonical key for strings that are not
case-exact: an absent attribute equals null and nothing else, so that `ne` and `not` hold for it; no verdict is unknown.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import reduce
from operator import and_, or_
from typing import Any, ClassVar, Literal
from uuid import UUID

from django.db.models import Exists, Expression, F, OuterRef, Q, Value
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
from scim2_models import BaseModel, SCIMException
from scim2_models.path import (
    ORDERING_OPERATORS,
    STRING_OPERATORS,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ScimFilter,
    ValuePath,
)

from provisioning.models import ProvisionedEmail, ProvisionedMembership
from provisioning.scim import resources
from provisioning.scim.attributes import Attribute, attributes, find, spelled
from provisioning.scim.errors import ScimError
from provisioning.scim.json_lookups import (
    AnyItem,
    Bytewise,
    Filled,
    Holds,
    Item,
    JsonFlag,
    JsonItems,
    JsonPresent,
    JsonText,
    UuidText,
)
from workspace.keys import canonical

MAX_LENGTH, MAX_DEPTH, MAX_TERMS = 2_000, 10, 20

Op = CompareOperator
NOTHING = Q(pk__in=[])
EVERYTHING = ~NOTHING


def compile_filter(text: str, *, resource: Literal["User", "Group"]) -> Q:
    """The condition a filter means. Raises ScimError 400 invalidFilter."""
    _check_size(text)
    return _Resource(resource).visit(_parse(text))


def _invalid(detail: str) -> ScimError:
    return ScimError(400, detail, "invalidFilter")


# Strings (also one that never ends), brackets, words: each character is looked at once.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[()\[\]]|[^\s()\[\]"]+', re.DOTALL)
_STEPS = {"(": 1, "[": 1, ")": -1, "]": -1}
_TERM_WORDS = {*Op, "pr"}


def _check_size(text: str) -> None:
    """Refuse what is too large before anything parses it."""
    if len(text) > MAX_LENGTH:
        raise _invalid(f"Shorten the filter to at most {MAX_LENGTH} characters.")
    depth = terms = 0
    for token in _TOKEN.findall(text):
        depth += _STEPS.get(token, 0)
        terms += token.lower() in _TERM_WORDS
        if depth > MAX_DEPTH:
            raise _invalid(f"Nest at most {MAX_DEPTH} brackets in a filter.")
        if terms > MAX_TERMS:
            raise _invalid(f"Compare at most {MAX_TERMS} times in a filter.")


def _parse(text: str) -> FilterNode:
    try:
        return ScimFilter(text).ast
    except SCIMException as error:
        raise _invalid(f"The filter cannot be read: {error.detail}.") from None


# What an attribute is in the database.


@dataclass(frozen=True)
class _Value(ABC):
    """An attribute with one value; subclasses know its type and where it is."""

    name: str
    operators: ClassVar[frozenset[Op]] = frozenset(Op)

    def compare(self, op: Op, value: Any) -> Q:
        if op not in self.operators:
            raise _invalid(f"{self.name} cannot be compared with {op}.")
        if value is None:
            return ~self.is_present() if op == Op.eq else NOTHING
        return self.matches(op, value)

    @abstractmethod
    def is_present(self) -> Q:
        """The attribute has a value; the empty string is none."""

    @abstractmethod
    def matches(self, op: Op, value: Any) -> Q:
        """The attribute compares so with a value that is not null."""


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
class _Text(_Value):
    """A string from an expression that is NULL where the attribute is absent."""

    text: Expression
    is_exact: bool = False

    def is_present(self) -> Q:
        return Q(Holds(GreaterThan(Length(self.text), 0)))

    def matches(self, op: Op, value: Any) -> Q:
        if not isinstance(value, str) or _UNSTORABLE.search(value):
            raise _invalid(f"{self.name} compares with a string of characters.")
        return self.finds(op, value if self.is_exact else canonical(value))

    def finds(self, op: Op, key: str) -> Q:
        if not key and op in STRING_OPERATORS:
            return Q(IsNull(self.text, False))
        return Q(Holds(_TEXT_TESTS[op](self.text, key)))


@dataclass(frozen=True)
class _Binary(_Text):
    """Bytes in base64."""

    operators = frozenset({Op.eq, Op.ne})


@dataclass(frozen=True)
class _Column(_Text):
    """A string in a column of its own, usually with an index, which equality uses. Empty where it is absent."""

    column: str = ""

    def is_present(self) -> Q:
        return Q(Filled(F(self.column)))

    def finds(self, op: Op, key: str) -> Q:
        if op != Op.eq:
            return super().finds(op, key)
        return Q(**{self.column: key}) & self.is_present() if key else NOTHING


@dataclass(frozen=True)
class _Id(_Text):
    """A UUID that a resource has as its id. Anything else than a UUID is the id of none."""

    column: str = ""

    def is_present(self) -> Q:
        return EVERYTHING

    def finds(self, op: Op, key: str) -> Q:
        if op != Op.eq:
            return super().finds(op, key)
        uuid = _uuid(key)
        return Q(**{self.column: uuid}) if uuid else NOTHING


def _uuid(text: str) -> UUID | None:
    """The UUID that is written exactly so: ids are case-exact."""
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    return uuid if str(uuid) == text else None


@dataclass(frozen=True)
class _Flag(_Value):
    """A boolean from an expression that is NULL where the attribute is absent."""

    flag: Expression | F
    operators = frozenset({Op.eq, Op.ne})

    def is_present(self) -> Q:
        return Q(IsNull(self.flag, False))

    def matches(self, op: Op, value: Any) -> Q:
        # Entra and others send booleans as strings.
        wanted = {"true": True, "false": False}.get(str(value).lower())
        if wanted is None:
            raise _invalid(f"{self.name} compares with true or false.")
        return Q(Holds(Exact(self.flag, Value(wanted))))


@dataclass(frozen=True)
class _Moment(_Value):
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
            raise _invalid(f'{self.name} compares with a time like "2026-01-31T12:00:00Z".') from None


@dataclass(frozen=True)
class _Complex(_Value):
    """An attribute that consists of others; it compares by its part `value`, as the manager does, or not at all."""

    present: Q
    value: _Value | None = None

    def is_present(self) -> Q:
        return self.present

    def compare(self, op: Op, value: Any) -> Q:
        if self.value is None:
            raise _invalid(f"{self.name} has several parts; name the one to compare.")
        return self.value.compare(op, value)

    matches = compare


@dataclass(frozen=True)
class _Many(ABC):
    """A multi-valued attribute, or with `part` one sub-attribute of its elements, as in emails.type."""

    name: str
    part: str | None = None

    def compare(self, op: Op, value: Any) -> Q:
        """Some element compares so; without a sub-attribute it is `value` (RFC 7644 section 3.4.2.2)."""
        found = self.select(Comparison(AttrPath(self.part or "value"), op, value))
        return found | ~self.any(EVERYTHING) if op == Op.eq and value is None else found

    def is_present(self) -> Q:
        return self.select(Present(AttrPath(self.part))) if self.part else self.is_filled()

    def select(self, node: FilterNode) -> Q:
        """Some element meets the filter."""
        value = _required_value(node)
        found = self.any(_Element(self).visit(node))
        return found if value is None else self.with_value(value) & found

    @abstractmethod
    def element(self, name: str) -> _Value | None:
        """The sub-attribute of that name, in the scope of one element."""

    @abstractmethod
    def any(self, condition: Q) -> Q:
        """Some element meets the condition."""

    @abstractmethod
    def is_filled(self) -> Q:
        """Some element has a value."""

    @abstractmethod
    def with_value(self, value: str) -> Q:
        """True at least where some element has this value: lets an index narrow down where to look."""


def _required_value(node: FilterNode) -> str | None:
    """What `value` must equal wherever the filter holds, if it says so."""
    match node:
        case LogicalExpr(LogicalOperator.and_, terms):
            return next((value for value in map(_required_value, terms) if value is not None), None)
        case Comparison(AttrPath(name, None, None), Op.eq, str(value)) if name.lower() == "value":
            return value
    return None


@dataclass(frozen=True)
class _Items(_Many):
    """A list in the document."""

    model: type[BaseModel] = BaseModel

    def element(self, name: str) -> _Value | None:
        found = attributes(self.model).get(name.lower())
        return _in_json(Item(), found, f"{self.name}.{found.name}", [found.name]) if found else None

    def any(self, condition: Q) -> Q:
        return Q(AnyItem(JsonItems(F("folded"), self.name.lower()), condition))

    def is_filled(self) -> Q:
        return Q(JsonPresent(F("folded"), self.name.lower()))

    def with_value(self, value: str) -> Q:
        return EVERYTHING


@dataclass(frozen=True)
class _Emails(_Items):
    """The e-mail addresses, whose values have rows with an index."""

    def with_value(self, value: str) -> Q:
        if not (key := canonical(value)):
            return EVERYTHING
        rows = ProvisionedEmail.objects.filter(connection=OuterRef("connection"), value_key=key)
        # The same twice, as SQLite starts from the rows only when they are a list, and PostgreSQL only when they exist.
        return Q(pk__in=rows.values("user")) & Q(Exists(rows.filter(user=OuterRef("pk"))))


@dataclass(frozen=True)
class _Memberships(_Many):
    """The groups of a user or the members of a group: rows that name the resource in their column `here`."""

    here: str = ""
    elements: Mapping[str, _Value] = field(default_factory=dict)

    def element(self, name: str) -> _Value | None:
        return self.elements.get(name.lower())

    def any(self, condition: Q) -> Q:
        return Q(Exists(ProvisionedMembership.objects.filter(condition, **{self.here: OuterRef("pk")})))

    def is_filled(self) -> Q:
        return self.any(EVERYTHING)

    def with_value(self, value: str) -> Q:
        rows = ProvisionedMembership.objects.filter(self.elements["value"].matches(Op.eq, value))
        return Q(pk__in=rows.values(self.here))


def _in_json(source: Expression | F, attribute: Attribute, name: str, path: list[str]) -> _Value:
    """A single value at a path in a JSON document, by its type."""
    names = [step.lower() for step in path]
    if attribute.model:
        value = attributes(attribute.model).get("value")
        part = _in_json(source, value, f"{name}.value", [*path, "value"]) if value else None
        return _Complex(name, Q(JsonPresent(source, *names)), part)
    if attribute.type is bool:
        return _Flag(name, JsonFlag(source, *names))
    kind = _Binary if attribute.type == Base64Bytes else _Text
    return kind(name, JsonText(source, *names), attribute.is_exact)


def _column(name: str, column: str, is_exact: bool = False) -> _Column:
    return _Column(name, NullIf(F(column), Value("")), is_exact, column)


def _id(name: str, column: str) -> _Id:
    return _Id(name, UuidText(F(column)), True, column)


def _common(resource: str) -> list[_Value]:
    return [
        _id("id", "id"),
        _column("externalId", "external_id", is_exact=True),
        _column("displayName", "display_name_key"),
        _Complex("meta", EVERYTHING),
        _Moment("meta.created", "created_at"),
        _Moment("meta.lastModified", "updated_at"),
        _Text("meta.resourceType", Value(resource), True),
    ]


_COLUMNS: dict[str, list[_Value]] = {
    "User": [*_common("User"), _column("userName", "user_name_key"), _Flag("active", F("is_active"))],
    "Group": _common("Group"),
}
_MEMBERSHIPS = {
    "groups": _Memberships(
        "groups",
        here="user",
        elements={
            "value": _id("groups.value", "group_id"),
            "display": _column("groups.display", "group__display_name_key"),
            "type": _Text("groups.type", Value("direct")),
        },
    ),
    "members": _Memberships(
        "members",
        here="group",
        elements={
            "value": _id("members.value", "user_id"),
            "display": _column("members.display", "user__end_user__name_key"),
            "type": _Text("members.type", Value("user")),
        },
    ),
}


# From the parsed filter to the condition.


class _Compiler(FilterVisitor[Q], ABC):
    """What all scopes of a filter have in common."""

    @abstractmethod
    def find(self, path: AttrPath) -> _Value | _Many:
        """What a path means in this scope. Raises invalidFilter when it means nothing."""

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        return reduce(and_ if node.op == LogicalOperator.and_ else or_, map(self.visit, node.terms))

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_present(self, node: Present) -> Q:
        return self.find(node.attr_path).is_present()

    def visit_comparison(self, node: Comparison) -> Q:
        if node.op == Op.ne:
            return ~self.visit(replace(node, op=Op.eq))
        return self.find(node.attr_path).compare(node.op, node.value)

    def visit_value_path(self, node: ValuePath) -> Q:
        found = self.find(node.attr_path)
        if not isinstance(found, _Many):
            raise _invalid(f"{found.name} has one value, so [ ] cannot select from it.")
        return found.select(node.val_filter)


class _Resource(_Compiler):
    """The scope of the whole resource."""

    def __init__(self, resource: str) -> None:
        self.resource = resource
        self.model: type[BaseModel] = resources.User if resource == "User" else resources.Group
        self.columns = {value.name: value for value in _COLUMNS[resource]}

    def find(self, path: AttrPath) -> _Value | _Many:
        # Entra asks for the manager without the URN of its extension.
        steps = find(self.model, str(path)) or find(self.model, f"{resources.ENTERPRISE}:{path}")
        if not steps or not (found := self._stored(steps)):
            raise _invalid(f"{path} is not an attribute to filter a {self.resource} by.")
        return found

    def _stored(self, steps: list[Attribute]) -> _Value | _Many | None:
        """Where an attribute is; None for what no row holds."""
        name, first = spelled(steps), steps[0]
        if name in self.columns:
            return self.columns[name]
        if first.is_many:
            return self._many(first, steps[1].name if len(steps) > 1 else None)
        if first.name in {"meta", "password"}:
            return None
        return _in_json(F("folded"), steps[-1], name, [step.name for step in steps])

    def _many(self, attribute: Attribute, part: str | None) -> _Many | None:
        if attribute.name in _MEMBERSHIPS:
            return replace(_MEMBERSHIPS[attribute.name], part=part)
        kind = _Emails if attribute.name == "emails" else _Items
        return kind(attribute.name, part, attribute.model) if attribute.model else None


class _Element(_Compiler):
    """The scope between the brackets: one element of a multi-valued attribute."""

    def __init__(self, many: _Many) -> None:
        self.many = many

    def find(self, path: AttrPath) -> _Value:
        found = None if path.uri or path.sub_attr else self.many.element(path.attr)
        if not found:
            raise _invalid(f"{path} is not an attribute to filter {self.many.name} by.")
        return found

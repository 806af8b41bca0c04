"""What an attribute with several values is in the database."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import (
    IsNull,
)
from scim2_models import BaseModel

from provisioning.models import ProvisionedEmail, ProvisionedMembership
from provisioning.payload import errors
from provisioning.payload.attributes import attributes
from provisioning.search.json_lookups import (
    AnyItem,
    FirstItem,
    Item,
    JsonItems,
    JsonPresent,
)
from provisioning.search.stored.json_values import in_json
from provisioning.search.stored.texts import column
from provisioning.search.stored.values import EVERYTHING, Key, Op, Stored, Term
from workspace.db.keys import canonical


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
        return in_json(Item(), found, f"{self.name}.{found.name}", [found.name]) if found else None

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
        found = column(self.name, "value_key", is_required=True).finds(op, key)
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

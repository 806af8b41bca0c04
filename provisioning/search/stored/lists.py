"""Attributes with several values in the database."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.lookups import IsNull
from scim2_models import BaseModel

from provisioning.models import ProvisionedEmail, ProvisionedMembership
from provisioning.payload import errors
from provisioning.payload.attributes import attributes
from provisioning.search.json_lookups import AnyItem, FirstItem, Item, JsonItems, JsonPresent
from provisioning.search.stored.json_values import in_json
from provisioning.search.stored.texts import Constant, column
from provisioning.search.stored.values import EVERYTHING, Op, SingleValued, SortKey, Term
from workspace.db.keys import canonical, name_key


@dataclass(frozen=True)
class MultiValued(ABC):
    """A multi-valued attribute or, with `part`, one sub-attribute of its elements, as in emails.type."""

    name: str
    part: str | None = None

    @abstractmethod
    def sub_attribute(self, name: str) -> SingleValued | None:
        """Return the sub-attribute of that name, to compare it in the scope of one element."""

    @abstractmethod
    def any_element(self, condition: Q) -> Q:
        """Return the condition that some element meets a condition."""

    def meets(self, condition: "Callable[[MultiValued], Q]") -> Q:
        """Return the condition that some element meets what is compiled for it."""
        return self.any_element(condition(self))

    @abstractmethod
    def is_present(self) -> Q:
        """Return the condition that some element has a value."""

    def index_condition(self, op: Op, value: str) -> Q:
        """Return a condition that an index knows, and that holds wherever the `value` of some element compares so."""
        return EVERYTHING

    @abstractmethod
    def first_element(self, term: Term) -> Term:
        """Return a term of the primary element, else of the first one; NULL without any (RFC 7644 section 3.4.2.3)."""

    def sort_key(self) -> SortKey | None:
        """Return the key of the named sub-attribute or of `value`. Raises invalidPath where there is none."""
        element = self.sub_attribute(self.part or "value")
        if element is None:
            raise errors.invalid_path(f"{self.name} has several parts; name the one to sort by.")
        key = element.sort_key()
        if key is None:
            return None
        first = self.first_element(key.value)
        return SortKey(first, Q(IsNull(first, False)))


@dataclass(frozen=True)
class Items(MultiValued):
    """A list in the document."""

    model: type[BaseModel] = BaseModel

    def sub_attribute(self, name: str) -> SingleValued | None:
        found = attributes(self.model).get(name.lower())
        return in_json(Item(), found, f"{self.name}.{found.name}", [found.name]) if found else None

    def any_element(self, condition: Q) -> Q:
        return Q(AnyItem(JsonItems(F("folded"), self.name.lower()), condition))

    def is_present(self) -> Q:
        return Q(JsonPresent(F("folded"), self.name.lower()))

    def first_element(self, term: Term) -> Term:
        return FirstItem(JsonItems(F("folded"), self.name.lower()), term)


@dataclass(frozen=True)
class Emails(Items):
    """The email addresses. Their values have rows with an index."""

    def index_condition(self, op: Op, value: str) -> Q:
        if not (key := canonical(value)):
            return EVERYTHING
        found = column(self.name, "value_key", is_required=True).key_condition(op, key)
        rows = ProvisionedEmail.objects.filter(found, connection=OuterRef("connection"))
        # Said in two ways: SQLite starts from these rows only as a list, PostgreSQL only by EXISTS.
        return Q(pk__in=rows.values("user")) & Q(Exists(rows.filter(user=OuterRef("pk"))))


@dataclass(frozen=True)
class Schemas(MultiValued):
    """The URNs of a resource's schemas: its own, and those of the extensions in its document.

    Each URN is the same in all resources, so that a filter is compiled for one after the other. `urn` is the one in
    whose scope a comparison is.
    """

    urn: str = field(kw_only=True)
    extensions: tuple[str, ...] = field(kw_only=True, default=())

    def sub_attribute(self, name: str) -> SingleValued | None:
        return Constant(self.name, Value(name_key(self.urn))) if name.lower() == "value" else None

    def any_element(self, condition: Q) -> Q:
        return condition

    def meets(self, condition: Callable[[MultiValued], Q]) -> Q:
        of_extensions = (Q(folded__has_key=urn.lower()) & condition(replace(self, urn=urn)) for urn in self.extensions)
        return reduce(or_, of_extensions, condition(self))

    def is_present(self) -> Q:
        return EVERYTHING

    def first_element(self, term: Term) -> Term:
        return term


@dataclass(frozen=True)
class Rows(MultiValued):
    """Rows of another table, in their order: a query within the query for resources."""

    rows: QuerySet[Any] = field(kw_only=True)
    sub_attributes: Mapping[str, SingleValued] = field(kw_only=True)

    def sub_attribute(self, name: str) -> SingleValued | None:
        return self.sub_attributes.get(name.lower())

    def any_element(self, condition: Q) -> Q:
        return Q(Exists(self.rows.filter(condition)))

    def is_present(self) -> Q:
        return self.any_element(EVERYTHING)

    def first_element(self, term: Term) -> Term:
        return Subquery(self.rows.annotate(first=term).values("first")[:1])


@dataclass(frozen=True)
class Memberships(Rows):
    """The groups of a user or the members of a group. `owner` is the column of the row that has the attribute."""

    owner: str = field(kw_only=True)

    def index_condition(self, op: Op, value: str) -> Q:
        if op != Op.eq:
            return EVERYTHING
        rows = ProvisionedMembership.objects.filter(self.sub_attributes["value"].condition(op, value))
        return Q(pk__in=rows.values(self.owner))

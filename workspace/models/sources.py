"""Sources: what granted an access or a membership, or vouches for a value. They are data without foreign keys."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from django.db import models
from django.utils.translation import gettext_lazy as _

from workspace.db.making import QuicklyMade

if TYPE_CHECKING:
    _Field = models.Field["Source", "Source"]
else:
    _Field = models.Field


class SourceKind(models.TextChoices):
    """The provisioning methods."""

    MANUAL = "manual", _("Manual")
    JIT = "jit", _("SAML just-in-time")
    SCIM = "scim", _("SCIM")


class SourceFields(TypedDict):
    """A source as model fields."""

    source_kind: str
    source_id: str
    source_name: str


@dataclass(frozen=True)
class Source:
    """The origin of a grant or a value: kind, id of the origin (may be empty if manual), name for people."""

    kind: str
    id: str = ""
    name: str = ""

    def fields(self) -> SourceFields:
        """Return the source as model fields."""
        return {"source_kind": self.kind, "source_id": self.id, "source_name": self.name}

    def listed(self) -> list[str]:
        """Return the source as a change event keeps it."""
        return [self.kind, self.id, self.name]

    @property
    def is_manual(self) -> bool:
        return self.kind == SourceKind.MANUAL


MANUAL = Source(SourceKind.MANUAL, "", "Added by hand")


def manual() -> Source:
    """Return the default of columns that hold a source; migrations name this function."""
    return MANUAL


class Sourced(QuicklyMade):
    """A row with the source that granted it."""

    source_kind = models.CharField(max_length=10, choices=SourceKind, default=SourceKind.MANUAL)
    source_id = models.CharField(max_length=36, blank=True)
    source_name = models.CharField(max_length=100, blank=True)

    class Meta:
        abstract = True

    @property
    def source(self) -> Source:
        return Source(self.source_kind, self.source_id, self.source_name)


class SourceField(_Field):
    """A source in one column, as "kind id name"; the id may be empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 310)
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        return "CharField"

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Source | None:
        return self.to_python(value)

    def to_python(self, value: "Source | str | None") -> "Source | None":
        # None is the value in an outer join that found no row.
        return Source(*value.split(" ", 2)) if isinstance(value, str) else value

    def get_prep_value(self, value: "Source | str") -> str:
        return value if isinstance(value, str) else f"{value.kind} {value.id} {value.name}"

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj))

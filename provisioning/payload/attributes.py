"""The attributes of models, by their names in lower case: names are case-insensitive (RFC 7643 section 2.1)."""

from dataclasses import dataclass
from functools import cache

from scim2_models import BaseModel, CaseExact, Extension, Mutability, Required

# No path to an attribute is longer. Longer names are not taken apart.
_MAX_PATH = 250


@dataclass(frozen=True)
class Attribute:
    """An attribute or extension: its name as the RFC spells it, the type of one value, and how it compares."""

    name: str
    value_type: object
    is_many: bool
    is_exact: bool
    mutability: Mutability
    is_required: bool

    @classmethod
    def of(cls, model: type[BaseModel], field: str) -> "Attribute":
        """Read what a model says of one of its fields."""
        return cls(
            name=model._scim_name(field),
            value_type=model.get_field_root_type(field),
            is_many=model.get_field_multiplicity(field),
            is_exact=model.get_field_annotation(field, CaseExact) == CaseExact.true,
            mutability=model.get_field_annotation(field, Mutability),
            is_required=model.get_field_annotation(field, Required) == Required.true,
        )

    @property
    def model(self) -> type[BaseModel] | None:
        """The model of a complex value; None for a simple one."""
        found = self.value_type
        return found if isinstance(found, type) and issubclass(found, BaseModel) else None

    @property
    def is_extension(self) -> bool:
        return self.model is not None and issubclass(self.model, Extension)

    @property
    def is_read_only(self) -> bool:
        """Say whether only the server writes it. An extension is read-only where all of its attributes are."""
        if self.model and self.is_extension:
            return all(part.is_read_only for part in attributes(self.model).values())
        return self.mutability == Mutability.read_only


@cache
def attributes(model: type[BaseModel]) -> dict[str, Attribute]:
    """Return the attributes of a resource, an extension or a complex attribute. The key of an extension is its URN."""
    found = [Attribute.of(model, field) for field in model.model_fields if field != "schemas"]
    return {attribute.name.lower(): attribute for attribute in found}


def find(model: type[BaseModel], path: str) -> list[Attribute]:
    """Return the attributes on a path without a filter, outermost first. Empty for an unknown path."""
    if len(path) > _MAX_PATH:
        return []
    extension, rest = split_urn(model, path)
    steps = [extension] if extension else []
    names = rest.lower().split(".") if rest else []
    for name in names:
        parent = steps[-1].model if steps else model
        step = attributes(parent).get(name) if parent else None
        if step is None:
            return []
        steps.append(step)
    return steps


def spelled(steps: list[Attribute]) -> str:
    """Return the path through these attributes, as the RFC spells it."""
    if steps[0].is_extension:
        return ":".join(filter(None, [steps[0].name, ".".join(step.name for step in steps[1:])]))
    return ".".join(step.name for step in steps)


def is_read_only(steps: list[Attribute]) -> bool:
    """Say whether only the server writes what these steps lead to."""
    return any(step.is_read_only for step in steps)


def split_urn(model: type[BaseModel], path: str) -> tuple[Attribute | None, str]:
    """Return the extension that a path begins with, and the rest of the path. The model's own URN is cut off too."""
    if ":" in path:
        for urn, extension in _urns(model).items():
            if f"{path.lower()}:".startswith(f"{urn}:"):
                return extension, path[len(urn) + 1 :]
    return None, path


@cache
def _urns(model: type[BaseModel]) -> dict[str, Attribute | None]:
    """The extensions by their URN in lower case, and None by the URN of the model itself."""
    found: dict[str, Attribute | None] = {
        attribute.name.lower(): attribute for attribute in attributes(model).values() if attribute.is_extension
    }
    own = str(getattr(model, "__schema__", None) or "").lower()
    return {**found, own: None} if own else found

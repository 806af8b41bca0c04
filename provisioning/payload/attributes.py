"""What the models say of their attributes, by lower-case name: names are case-insensitive (RFC 7643 section 2.1)."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from scim2_models import BaseModel, CaseExact, Extension, Mutability

# Longer than any path that leads to an attribute: such a name is not even taken apart.
_MAX_PATH = 250


@dataclass(frozen=True)
class Attribute:
    """One attribute or extension: its name as the RFC spells it, the type of one value, how it compares."""

    name: str
    type: Any
    is_many: bool
    is_exact: bool
    mutability: Mutability

    @property
    def model(self) -> type[BaseModel] | None:
        """The model of a complex value."""
        return self.type if isinstance(self.type, type) and issubclass(self.type, BaseModel) else None

    @property
    def is_extension(self) -> bool:
        return self.model is not None and issubclass(self.model, Extension)

    @property
    def is_read_only(self) -> bool:
        """Whether it is for the server to say; of an extension, whether all of it is."""
        if self.model and self.is_extension:
            return all(part.is_read_only for part in attributes(self.model).values())
        return self.mutability == Mutability.read_only


@cache
def attributes(model: type[BaseModel]) -> dict[str, Attribute]:
    """The attributes of a resource, an extension or a complex attribute; extensions stand under their URN."""
    found = [_attribute(model, field) for field in model.model_fields if field != "schemas"]
    return {attribute.name.lower(): attribute for attribute in found}


def find(model: type[BaseModel], path: str) -> list[Attribute]:
    """The attributes a path without filter leads through, outermost first; empty when nobody here knows it."""
    if len(path) > _MAX_PATH:
        return []
    extension, rest = _split_urn(model, path)
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
    """The path that leads through these attributes, as the RFC spells it."""
    if steps[0].is_extension:
        return ":".join(filter(None, [steps[0].name, ".".join(step.name for step in steps[1:])]))
    return ".".join(step.name for step in steps)


def is_read_only(steps: list[Attribute]) -> bool:
    """Whether what these steps lead to is for the server to say."""
    return any(step.is_read_only for step in steps)


def _split_urn(model: type[BaseModel], path: str) -> tuple[Attribute | None, str]:
    """Cut a leading schema URN off a path; the model's own URN names no extension."""
    if ":" in path:
        for urn, extension in _urns(model).items():
            if f"{path.lower()}:".startswith(f"{urn}:"):
                return extension, path[len(urn) + 1 :]
    return None, path


@cache
def _urns(model: type[BaseModel]) -> dict[str, Attribute | None]:
    """The extensions by their URN in lower case, and none under the model's own."""
    found: dict[str, Attribute | None] = {
        attribute.name.lower(): attribute for attribute in attributes(model).values() if attribute.is_extension
    }
    own = str(getattr(model, "__schema__", None) or "").lower()
    return {**found, own: None} if own else found


def _attribute(model: type[BaseModel], field: str) -> Attribute:
    return Attribute(
        name=model._scim_name(field),
        type=model.get_field_root_type(field),
        is_many=model.get_field_multiplicity(field),
        is_exact=model.get_field_annotation(field, CaseExact) == CaseExact.true,
        mutability=model.get_field_annotation(field, Mutability),
    )

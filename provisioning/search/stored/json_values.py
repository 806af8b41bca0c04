"""Single values at a path in a JSON document, by their type."""

from django.db.models import Expression, F, Q
from pydantic import Base64Bytes

from provisioning.payload.attributes import Attribute, attributes
from provisioning.search.json_lookups import (
    JsonFlag,
    JsonPresent,
    JsonText,
)
from provisioning.search.stored.texts import Binary, Text
from provisioning.search.stored.values import Complex, Flag, SingleValued


def in_json(source: Expression | F, attribute: Attribute, name: str, path: list[str]) -> SingleValued:
    """Describe the attribute at that path of names. `source` is the document, `name` how errors name the attribute."""
    names = [step.lower() for step in path]
    if attribute.model:
        value = attributes(attribute.model).get("value")
        part = in_json(source, value, f"{name}.value", [*path, "value"]) if value else None
        return Complex(name, Q(JsonPresent(source, *names)), part)
    if attribute.value_type is bool:
        return Flag(name, JsonFlag(source, *names))
    kind = Binary if attribute.value_type == Base64Bytes else Text
    return kind(name, JsonText(source, *names), attribute.is_exact)

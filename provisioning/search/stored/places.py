"""Where each attribute is in the database."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Value

from provisioning.models import ProvisionedMembership
from provisioning.payload.attributes import Attribute, is_read_only, spelled
from provisioning.payload.resources import ACCESS, ENTERPRISE, Group, User, urn_of
from provisioning.search import granted
from provisioning.search.stored.json_values import in_json
from provisioning.search.stored.lists import Emails, Items, Memberships, MultiValued, Rows, Schemas
from provisioning.search.stored.texts import Constant, Location, column, id_column, version
from provisioning.search.stored.values import EVERYTHING, Complex, Flag, Moment, SingleValued


def find_place(kind: str, steps: list[Attribute]) -> SingleValued | MultiValued | None:
    """Return where the attribute at the end of these steps is, or None for one that is not stored."""
    name = spelled(steps)
    if name in _COLUMNS[kind]:
        return _COLUMNS[kind][name]
    for length, step in enumerate(steps, 1):
        if step.is_many:
            return _many(steps[:length], steps[length].name if len(steps) > length else None)
    if name == "password" or is_read_only(steps):
        return None
    return in_json(F("folded"), steps[-1], name, [step.name for step in steps])


def _many(steps: list[Attribute], part: str | None) -> MultiValued | None:
    name, attribute = spelled(steps), steps[-1]
    if name in _ROWS:
        return replace(_ROWS[name], part=part)
    list_type = Emails if name == "emails" else Items
    return list_type(attribute.name, part, attribute.model) if attribute.model else None


def _columns(kind: str, *own: SingleValued) -> Mapping[str, SingleValued]:
    found: list[SingleValued] = [
        id_column("id", "id"),
        column("externalId", "external_id", is_exact=True),
        Complex("meta", EVERYTHING),
        Moment("meta.created", "created_at"),
        Moment("meta.lastModified", "updated_at"),
        Constant("meta.resourceType", Value(kind), True),
        Location("meta.location", kind),
        version("meta.version"),
        *own,
    ]
    return {value.name: value for value in found}


SCHEMAS = {
    "User": Schemas("schemas", urn=urn_of(User), extensions=(ENTERPRISE, ACCESS)),
    "Group": Schemas("schemas", urn=urn_of(Group)),
}
_COLUMNS = {
    "User": _columns(
        "User",
        column("userName", "user_name_key", is_required=True),
        column("displayName", "display_name_key"),
        Flag("active", F("is_active")),
    ),
    "Group": _columns("Group", column("displayName", "display_name_key", is_required=True)),
}


def _memberships(name: str, owner: str, *sub_attributes: SingleValued) -> Memberships:
    rows = ProvisionedMembership.objects.filter(**{owner: OuterRef("pk")}).order_by("pk")
    return Memberships(name, rows=rows, sub_attributes=_by_name(sub_attributes), owner=owner)


def _granted(name: str, rows: Callable[[Q], QuerySet[Any]], *sub_attributes: SingleValued) -> Rows:
    return Rows(name, rows=rows(Q(end_user__provisioned=OuterRef("pk"))), sub_attributes=_by_name(sub_attributes))


def _by_name(sub_attributes: Iterable[SingleValued]) -> Mapping[str, SingleValued]:
    return {each.name.rpartition(".")[2]: each for each in sub_attributes}


_ENVIRONMENTS, _GROUPS = f"{ACCESS}:environments", f"{ACCESS}:groups"
_ROWS: Mapping[str, Rows] = {
    rows.name: rows
    for rows in (
        _memberships(
            "groups",
            "user",
            id_column("groups.value", "group_id"),
            column("groups.display", "group__display_name_key"),
            Constant("groups.type", Value("direct")),
        ),
        _memberships(
            "members",
            "group",
            id_column("members.value", "user_id"),
            column("members.display", "user__end_user__name_key"),
            Constant("members.type", Value("user")),
        ),
        _granted(
            _ENVIRONMENTS,
            granted.accesses,
            column(f"{_ENVIRONMENTS}.value", "environment__slug", is_exact=True),
            column(f"{_ENVIRONMENTS}.display", "environment__name", is_exact=True),
        ),
        _granted(
            _GROUPS,
            granted.memberships,
            id_column(f"{_GROUPS}.value", "group_id"),
            column(f"{_GROUPS}.display", "group__name_key"),
            column(f"{_GROUPS}.environment", "group__environment__slug", is_exact=True),
        ),
    )
}

"""SCIM filters (RFC 7644 section 3.4.2.2) as conditions: `connection.users.filter(compile_filter(text, …))`.

scim2-models parses. The conditions hold for the same resources as its in-memory match, except that strings compare by
our canonical key unless they are case-exact. A condition is true or false, never unknown: an absent attribute equals
null and nothing else, so that `ne` and `not` hold for it.
"""

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import reduce
from operator import and_, or_
from typing import Literal

from django.db.models import Q
from scim2_models import SCIMException
from scim2_models.path import (
    AttrPath,
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

from provisioning.payload import errors, limits, resources
from provisioning.payload.attributes import find
from provisioning.payload.tolerance import Tolerance
from provisioning.search.stored.lists import MultiValued
from provisioning.search.stored.places import SCHEMAS, find_place
from provisioning.search.stored.values import EVERYTHING, Op, SingleValued


def compile_filter(text: str, *, kind: Literal["User", "Group"], tolerance: Tolerance | None = None) -> Q:
    """Return the condition that a filter means. Raises invalidFilter."""
    limits.check_filter(text)
    try:
        node = ScimFilter(text).ast
    except SCIMException as error:
        raise errors.invalid_filter(f"The filter cannot be read: {error.detail}.") from None
    return _Resource(kind, tolerance or Tolerance()).visit(node)


def find_attribute(
    path: str, *, kind: Literal["User", "Group"], tolerance: Tolerance
) -> SingleValued | MultiValued | None:
    """Return where the attribute of that path is, or None where there is none to filter or sort by."""
    model: resources.Model = resources.User if kind == "User" else resources.Group
    if path.lower() in {"schemas", f"{resources.urn_of(model)}:schemas".lower()}:
        return SCHEMAS[kind]
    steps = find(model, path)
    if not steps and (steps := find(model, f"{resources.ENTERPRISE}:{path}")):
        # Entra asks for the manager without the URN of its extension.
        tolerance.note(f"{path[:100]} named without the URN of its schema", "invalidFilter")
    return find_place(kind, steps) if steps else None


class _Compiler(FilterVisitor[Q], ABC):
    """Compiles the nodes of a filter. Subclasses say what a path means in their scope."""

    tolerance: Tolerance

    @abstractmethod
    def find(self, path: AttrPath) -> SingleValued | MultiValued:
        """Return what a path means in this scope. Raises invalidFilter where it means nothing."""

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        return reduce(and_ if node.op == LogicalOperator.and_ else or_, map(self.visit, node.terms))

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_present(self, node: Present) -> Q:
        found = self.find(node.attr_path)
        if isinstance(found, MultiValued):
            return self._select(found, Present(AttrPath(found.part))) if found.part else found.is_present()
        return found.is_present()

    def visit_comparison(self, node: Comparison) -> Q:
        if node.op == Op.ne:
            return ~self.visit(replace(node, op=Op.eq))
        found = self.find(node.attr_path)
        if isinstance(found, MultiValued):
            return self._compare_any(found, node.op, node.value)
        if deviation := found.deviation(node.value):
            self.tolerance.note(deviation, "invalidFilter")
        return found.condition(node.op, node.value)

    def visit_value_path(self, node: ValuePath) -> Q:
        found = self.find(node.attr_path)
        if not isinstance(found, MultiValued):
            raise errors.invalid_filter(f"{found.name} has one value, so [ ] cannot select from it.")
        return self._select(found, node.val_filter)

    def _compare_any(self, many: MultiValued, op: Op, value: object) -> Q:
        """Some element compares so. Without a sub-attribute, `value` is compared (RFC 7644 section 3.4.2.2)."""
        found = self._select(many, Comparison(AttrPath(many.part or "value"), op, value))
        return found | ~many.any_element(EVERYTHING) if op == Op.eq and value is None else found

    def _select(self, many: MultiValued, node: FilterNode) -> Q:
        """Some element meets the filter."""
        found = many.meets(lambda element: _Element(element, self.tolerance).visit(node))
        required = _required_value(node)
        return many.index_condition(*required) & found if required else found


def _required_value(node: FilterNode) -> tuple[Op, str] | None:
    """The comparison of `value` that is true wherever the filter is, if there is one that an index knows."""
    match node:
        case LogicalExpr(LogicalOperator.and_, terms):
            return next(filter(None, map(_required_value, terms)), None)
        case Comparison(AttrPath(name, None, None), Op.eq | Op.sw as op, str(value)) if name.lower() == "value":
            return op, value
    return None


class _Resource(_Compiler):
    """The scope of the whole resource."""

    def __init__(self, kind: Literal["User", "Group"], tolerance: Tolerance) -> None:
        self.kind, self.tolerance = kind, tolerance

    def find(self, path: AttrPath) -> SingleValued | MultiValued:
        found = find_attribute(str(path), kind=self.kind, tolerance=self.tolerance)
        if not found:
            raise errors.invalid_filter(f"{path} is not an attribute to filter a {self.kind} by.")
        return found


class _Element(_Compiler):
    """The scope between the brackets: one element of a multi-valued attribute."""

    def __init__(self, many: MultiValued, tolerance: Tolerance) -> None:
        self.many, self.tolerance = many, tolerance

    def find(self, path: AttrPath) -> SingleValued:
        found = None if path.uri or path.sub_attr else self.many.sub_attribute(path.attr)
        if not found:
            raise errors.invalid_filter(f"{path} is not an attribute to filter {self.many.name} by.")
        return found

"""Which attributes of a resource a request wants to see (RFC 7644 section 3.9)."""

from collections.abc import Iterable
from typing import Any

from provisioning.payload import errors
from provisioning.payload.attributes import find
from provisioning.payload.resources import Document, Model


class Selection:
    """Which attributes a request wants to see (RFC 7644 section 3.9)."""

    def __init__(self, model: Model, attributes: Iterable[str] = (), excluded: Iterable[str] = ()) -> None:
        self.included = _tree(model, attributes)
        self.excluded = _tree(model, excluded)
        if self.included and self.excluded:
            raise errors.invalid_value("Send attributes or excludedAttributes, not both.")
        self.is_explicit = bool(self.included)

    def wants(self, *path: str) -> bool:
        """Whether the answer can hold what these lower-case names lead to, so that others need not be read."""
        tree = self.included or self.excluded
        for name in path:
            if name not in tree:
                return not self.is_explicit
            if not tree[name]:
                return self.is_explicit
            tree = tree[name]
        return True

    def asks(self, *path: str) -> bool:
        """The same for what is returned only by request."""
        return self.is_explicit and self.wants(*path)

    def apply(self, resource: Document) -> Document:
        """The resource with the wanted attributes; `schemas` and `id` always stay."""
        if self.included:
            return _only(resource, {"schemas": {}, "id": {}, **self.included})
        always = {name: resource[name] for name in ("schemas", "id")}
        return {**always, **_without(resource, self.excluded)} if self.excluded else resource


_Tree = dict[str, Any]


def _tree(model: Model, paths: Iterable[str]) -> _Tree:
    """Paths as nested lower-case names; an empty branch means all of it. Unknown ones select nothing."""
    tree: _Tree = {}
    for path in filter(None, map(str.strip, paths)):
        steps = find(model, path)
        names = [step.name.lower() for step in steps] or ["schemas" if path.lower() == "schemas" else path.lower()]
        _grow(tree, names)
    return tree


def _grow(tree: _Tree, names: list[str]) -> None:
    """Add a path; what is there whole stays whole, however a part of it is named beside."""
    first, *rest = names
    if not rest:
        tree[first] = {}
    elif first not in tree or tree[first]:
        _grow(tree.setdefault(first, {}), rest)


def _only(value: Any, tree: _Tree) -> Any:
    if isinstance(value, list):
        return [_only(item, tree) for item in value]
    if not isinstance(value, dict) or not tree:
        return value
    return {name: _only(item, tree[name.lower()]) for name, item in value.items() if name.lower() in tree}


def _without(value: Any, tree: _Tree) -> Any:
    if isinstance(value, list):
        return [_without(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without(item, tree.get(name.lower(), {})) for name, item in value.items() if tree.get(name.lower()) != {}
    }

"""Which attributes of a resource a request wants to see (RFC 7644 section 3.9)."""

from collections.abc import Iterable
from typing import TypeAlias, cast

from provisioning.payload.attributes import find
from provisioning.payload.resources import Document, Model


class Selection:
    """The attributes that a request names, or leaves out, by `attributes` and `excludedAttributes`."""

    def __init__(self, model: Model, attributes: Iterable[str] = (), excluded: Iterable[str] = ()) -> None:
        """Only one of both may name attributes."""
        self.included = _tree(model, attributes)
        self.excluded = _tree(model, excluded)
        self.is_explicit = bool(self.included)

    @property
    def is_all(self) -> bool:
        """Say whether the request names no attributes."""
        return not self.included and not self.excluded

    def wants(self, *path: str) -> bool:
        """Say whether the answer shows the attribute at these lower-case names. What it does not show is not read."""
        tree = self.included or self.excluded
        for name in path:
            if name not in tree:
                return not self.is_explicit
            if not tree[name]:
                return self.is_explicit
            tree = tree[name]
        return True

    def asks(self, *path: str) -> bool:
        """Say whether the request names an attribute that is returned only by request."""
        return self.is_explicit and self.wants(*path)

    def apply(self, document: Document) -> Document:
        """Return the wanted attributes. `schemas` and `id` are always among them."""
        if self.included:
            return cast(Document, _only(document, {"schemas": {}, "id": {}, **self.included}))
        if not self.excluded:
            return document
        always = {name: document[name] for name in ("schemas", "id")}
        return always | cast(Document, _without(document, self.excluded))


_Tree: TypeAlias = "dict[str, _Tree]"


def _tree(model: Model, paths: Iterable[str]) -> _Tree:
    """Paths as nested lower-case names. An empty branch means the whole attribute."""
    tree: _Tree = {}
    for path in paths:
        steps = find(model, path)
        names = [step.name.lower() for step in steps] or ["schemas" if path.lower() == "schemas" else path.lower()]
        _grow(tree, names)
    return tree


def _grow(tree: _Tree, names: list[str]) -> None:
    """Add a path. An attribute that was named whole stays whole when a part of it is named too."""
    first, *rest = names
    if not rest:
        tree[first] = {}
    elif first not in tree or tree[first]:
        _grow(tree.setdefault(first, {}), rest)


def _only(value: object, tree: _Tree) -> object:
    if isinstance(value, list):
        return [_only(item, tree) for item in value]
    if not isinstance(value, dict) or not tree:
        return value
    return {name: _only(item, tree[name.lower()]) for name, item in value.items() if name.lower() in tree}


def _without(value: object, tree: _Tree) -> object:
    if isinstance(value, list):
        return [_without(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without(item, tree.get(name.lower(), {})) for name, item in value.items() if tree.get(name.lower()) != {}
    }

"""Every route of the URLconf, with addresses to call it at."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.urls import URLPattern, URLResolver, get_resolver

# The paths that stand for routes with regular expressions, by the route's name.
_OF_NAME = {
    "search": ".search", "users-search": "Users/.search", "users": "Users", "groups-search": "Groups/.search",
    "groups": "Groups", "me": "Me", "service-provider-config": "ServiceProviderConfig",
    "resource-types": "ResourceTypes", "schemas": "Schemas", "bulk": "Bulk", "root": "",
}  # fmt: skip
_CONVERTER = re.compile(r"<(?:(\w+):)?(\w+)>")
# Routes that are one row together, by the beginning of their path.
_TOGETHER = ("/scim/<connection>/v2", "/api/v1/", "/operator/")
_APART = ("admin:logout", "api:docs", "api:schema")


@dataclass(frozen=True)
class Route:
    """One route. `pattern` is its path, with names in angle brackets."""

    name: str
    pattern: str

    @cached_property
    def parameters(self) -> list[str]:
        return [name for _, name in _CONVERTER.findall(self.pattern)]

    @property
    def shown(self) -> str:
        return "/" + _CONVERTER.sub(r"<\2>", self.pattern)

    @property
    def row(self) -> str:
        """Return the path as the table shows it, where many routes may be one row."""
        if self.name in _APART:
            return self.shown
        return next((f"{start}…" for start in _TOGETHER if self.shown.startswith(start)), self.shown)

    @property
    def is_console(self) -> bool:
        """Say whether it is a page of a workspace."""
        return {"workspace", "environment"} <= set(self.parameters) and self.pattern.startswith("workspaces/")

    @property
    def objects(self) -> list[str]:
        """Return the names of the things in it, besides workspace and environment."""
        return [name for name in self.parameters if name not in ("workspace", "environment")]

    def address(self, things: Mapping[str, object]) -> str:
        """Return the path to the things of a workspace. A thing may have another one under the route's own name.

        Paths of the management API have ids where those of the console have short names.
        """

        def value(match: re.Match[str]) -> str:
            name = match[2]
            own = f"api.{name}" if self.pattern.startswith("api/") else f"{self.name}.{name}"
            if own not in things and name not in things:
                raise KeyError(f"{self.shown} needs {name}: add one to tests/matrix/world.py")
            return str(things[own] if own in things else things[name])

        return "/" + _CONVERTER.sub(value, self.pattern)


def routes() -> list[Route]:
    """Return every route, in the order of the URLconf."""
    return list(_walk(get_resolver().url_patterns))


def _walk(patterns: list[URLPattern | URLResolver], above: str = "", namespace: str = "") -> Iterator[Route]:
    for each in patterns:
        text = str(each.pattern)
        if isinstance(each, URLResolver):
            inner = f"{namespace}{each.namespace}:" if each.namespace else namespace
            yield from _walk(each.url_patterns, above + text, inner)
            continue
        if text.startswith("^") or "(?" in text or (not text and above.endswith("v2/")):
            text = _OF_NAME.get(each.name or "", "unknown" if above.endswith("/") else "")
        yield Route(f"{namespace}{each.name or 'unknown'}", above + text)

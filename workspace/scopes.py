"""The scopes of API tokens: what a program may read and change."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

READ, CHANGE = "read", "change"
LEVELS = {READ: "Read", CHANGE: "Read and change"}


@dataclass(frozen=True)
class Noun:
    """A kind of thing that scopes name. What the API only shows cannot be changed by any token."""

    name: str
    label: str
    levels: tuple[str, ...] = (READ, CHANGE)


NOUNS = [
    Noun("workspace", "Workspace and environments"),
    Noun("end-users", "End users"),
    Noun("groups", "End-user groups"),
    Noun("providers", "Identity providers"),
    Noun("scim-connections", "SCIM connections and tokens"),
    Noun("administrators", "Administrators"),
    Noun("audit-events", "Audit log", (READ,)),
    Noun("sign-in-attempts", "Sign-in attempts", (READ,)),
    Noun("branding", "Login experience", (READ,)),
]
ALL = [f"{noun.name}:{level}" for noun in NOUNS for level in noun.levels]


def in_order(scopes: Collection[str]) -> list[str]:
    """Return the scopes that exist, each once, in the order of `NOUNS`."""
    return [scope for scope in ALL if scope in scopes]


def in_words(scopes: Iterable[str]) -> list[str]:
    """Return scopes for a page: "End users: read and change"."""
    labels = {noun.name: noun.label for noun in NOUNS}
    pairs = [scope.split(":") for scope in scopes]
    return [f"{labels.get(name, name)}: {LEVELS.get(level, level).lower()}" for name, level in pairs]

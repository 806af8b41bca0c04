"""The scopes of API tokens: what a program may read and change."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from workspace.words import Text

READ, CHANGE = "read", "change"
LEVELS = {READ: _("Read"), CHANGE: _("Read and change")}
_INSIDE = {READ: _("read"), CHANGE: _("read and change")}


@dataclass(frozen=True)
class Noun:
    """A kind of thing that scopes name. What the API only shows cannot be changed by any token."""

    name: str
    label: Text
    levels: tuple[str, ...] = (READ, CHANGE)


NOUNS = [
    Noun("workspace", _("Workspace and environments")),
    Noun("end-users", _("End users")),
    Noun("groups", _("End-user groups")),
    Noun("providers", _("Identity providers")),
    Noun("scim-connections", _("SCIM connections and tokens")),
    Noun("administrators", _("Administrators")),
    Noun("audit-events", _("Audit log"), (READ,)),
    Noun("sign-in-attempts", _("Sign-in attempts"), (READ,)),
    Noun("branding", _("Login experience"), (READ,)),
]
ALL = [f"{noun.name}:{level}" for noun in NOUNS for level in noun.levels]


def in_order(scopes: Collection[str]) -> list[str]:
    """Return the scopes that exist, each once, in the order of `NOUNS`."""
    return [scope for scope in ALL if scope in scopes]


def in_words(scopes: Iterable[str]) -> list[str]:
    """Return scopes for a page: "End users: read and change"."""
    labels = {noun.name: noun.label for noun in NOUNS}
    pairs = [scope.split(":") for scope in scopes]
    return [f"{labels.get(name, name)}: {_INSIDE.get(level, level)}" for name, level in pairs]

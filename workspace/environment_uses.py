"""What uses an environment, so that it cannot be removed. The apps above register what is theirs."""

from collections.abc import Callable

from workspace.models import Environment
from workspace.words import count

# Takes an environment; returns what uses it in words, as "2 identity providers", or an empty text.
FindUse = Callable[[Environment], str]
_finders: list[FindUse] = []


def uses_environments(find: FindUse) -> FindUse:
    """Decorate a function that finds what uses an environment."""
    _finders.append(find)
    return find


def uses_of(environment: Environment) -> list[str]:
    """Return what uses an environment, in words."""
    return [use for find in _finders if (use := find(environment))]


@uses_environments
def _people(environment: Environment) -> str:
    number = environment.accesses.values("end_user").distinct().count()
    return count(number, "end user with access", "end users with access") if number else ""

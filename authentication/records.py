"""Whom an IdP's own records mean by a NameID. Provisioning has the records, and registers the function that looks."""

from collections.abc import Callable

from authentication.models import EnvironmentProvider
from workspace.models import EndUser

# Takes a provider and a NameID; returns everybody whom a record names so, each once.
FindPeople = Callable[[EnvironmentProvider, str], list[EndUser]]
_finders: list[FindPeople] = []


def finds_people_by_record(finder: FindPeople) -> FindPeople:
    """Decorate a function that finds people by what an IdP has recorded of them."""
    _finders.append(finder)
    return finder


def people_by_record(environment_provider: EnvironmentProvider, name_id: str) -> list[EndUser]:
    """Return everybody whom a record of the provider in this environment names so."""
    return [person for finder in _finders for person in finder(environment_provider, name_id)]

"""Whom an IdP's own records mean. Provisioning has the records, and registers the functions that look."""

from collections.abc import Callable

from django.db.models import Q

from authentication.models import EnvironmentProvider
from workspace.models import EndUser
from workspace.models.people import EndUserQuerySet

# Takes a provider and a NameID; returns everybody whom a record names so, each once.
FindPeople = Callable[[EnvironmentProvider, str], list[EndUser]]
# Takes a provider; returns everybody of whom it has a record.
ListPeople = Callable[[EnvironmentProvider], EndUserQuerySet]
_finders: list[FindPeople] = []
_lists: list[ListPeople] = []


def finds_people_by_record(finder: FindPeople) -> FindPeople:
    """Decorate a function that finds people by what an IdP has recorded of them."""
    _finders.append(finder)
    return finder


def lists_people_with_record(lister: ListPeople) -> ListPeople:
    """Decorate a function that returns the people of whom an IdP has recorded something."""
    _lists.append(lister)
    return lister


def people_by_record(environment_provider: EnvironmentProvider, name_id: str) -> list[EndUser]:
    """Return everybody whom a record of the provider in this environment names so."""
    return [person for finder in _finders for person in finder(environment_provider, name_id)]


def known_by_name_id(environment_provider: EnvironmentProvider) -> Q:
    """Return the condition that the provider can sign in somebody without an address: by NameID or by its record."""
    bound = EndUser.objects.filter(saml_identities__identity_provider=environment_provider.identity_provider_id)
    people = [bound, *(lister(environment_provider) for lister in _lists)]
    listed = (("pk__in", each.filter(email_key=None).order_by().values("pk")) for each in people)
    return Q(email_key=None) & Q(*listed, _connector=Q.OR)

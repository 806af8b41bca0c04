"""Many people at once, without the actions that would add them one by one."""

from collections.abc import Sequence
from types import SimpleNamespace

from workspace.models import EndUser, Environment, EnvironmentAccess


def add_people(
    place: SimpleNamespace, number: int, *, environments: Sequence[Environment], is_active: bool = True
) -> list[EndUser]:
    """Add people to the place's workspace, with access to the environments by hand."""
    first = EndUser.objects.count()
    status = EndUser.Status.ACTIVE if is_active else EndUser.Status.DEACTIVATED
    people = [
        EndUser(workspace=place.workspace, full_name=f"Person {n:05}", email=f"person.{n}@acme.example", status=status)
        for n in range(first, first + number)
    ]
    for person in people:
        person.set_keys()
    EndUser.objects.bulk_create(people, batch_size=2000)
    for environment in environments:
        accesses = [EnvironmentAccess(end_user=person, environment=environment) for person in people]
        EnvironmentAccess.objects.bulk_create(accesses, batch_size=2000)
    return people


def add_named(family: str, number: int) -> None:
    """Add people of a family name to acme's DEV, and a group of that name by hand."""
    dev = Environment.objects.get(workspace__slug="acme", slug="dev")
    dev.groups.create(name=family)
    people = [
        EndUser(workspace=dev.workspace, full_name=f"Person {n:02} {family}", email=f"person.{n}@{family}.example")
        for n in range(number)
    ]
    for person in people:
        person.set_keys()
    EndUser.objects.bulk_create(people)
    EnvironmentAccess.objects.bulk_create(EnvironmentAccess(end_user=person, environment=dev) for person in people)

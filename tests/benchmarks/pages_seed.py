"""Fills a workspace for the pages of the console: people with names, accesses, groups, sessions, and logs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from uuid import UUID

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from authentication.actions.policies import switch_saml
from authentication.models import EndUserSession, EnvironmentProvider, SignInAttempt
from provisioning.models import GroupMapping, ProvisioningConnection, ScimRequest
from tests import factories
from tests.authentication.ways import connect
from tests.benchmarks import seed
from tests.benchmarks.rows import settle
from tests.idp import Idp
from workspace.db.keys import canonical, name_key, new_id, search_key
from workspace.events import SYSTEM
from workspace.models import (
    ChangeEvent,
    ChangeSubject,
    EndUser,
    EndUserGroup,
    Environment,
    EnvironmentAccess,
    GroupMembership,
)

FIRST_NAMES = [
    "Ada", "Bo", "Cleo", "Dario", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Luca", "Mina", "Nils",
    "Olga", "Pia", "Quinn", "Rosa", "Sami", "Tara", "Uwe", "Vera", "Wim", "Xenia", "Yara", "Zoe", "Aurel", "Björn",
    "Chloé", "Dörte",
]  # fmt: skip
LAST_NAMES = [
    "Winter", "Sommer", "Lund", "Okafor", "Novak", "Haddad", "Silva", "Tanaka", "Moreau", "Kowalski", "Ferrari",
    "Jensen", "Petrov", "Kim", "Nguyen", "Garcia", "Roth", "Weber", "Ivanova", "O'Brien", "Müller", "Santos",
    "Dubois", "Larsen", "Costa", "Varga", "Popescu", "Demir", "Cohen", "Yamamoto", "Andersen", "Brandt", "Castro",
    "Dahl", "Eriksson", "Fontana", "Gruber", "Horvat", "Ibrahim", "Jovanovic",
]  # fmt: skip
TEAMS, TEAM_SIZE = 1_000, 20
_BATCH = 5_000
_BODY = '{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "person@example.com"}' * 4


@dataclass(frozen=True)
class Crowded:
    """A workspace's environment with many people; the pages are about these."""

    environment: Environment
    provider: UUID
    people: list[UUID]
    half: EndUserGroup
    team: EndUserGroup


def crowded(users: int) -> Crowded:
    """Migrate the database of these settings and fill it."""
    call_command("migrate", verbosity=0)
    dev, _, prod = factories.workspace().environments.all()
    seed.main(users, 0)
    use = EnvironmentProvider.objects.get(environment=dev)
    use.enforcement = EnvironmentProvider.Enforcement.ALL_DOMAINS
    use.save()
    connect(use, Idp())
    switch_saml(environment=dev, is_enabled=True, by=SYSTEM)
    with transaction.atomic():
        people = list(dev.workspace.end_users.order_by("pk").values_list("pk", flat=True))
        _name(people)
        _insert(EnvironmentAccess(end_user_id=pk, environment=prod) for pk in people[::3])
        half, team = _groups(dev, people)
        _logs(use, people)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            settle(cursor.execute)
    return Crowded(dev, use.identity_provider_id, people, half, team)


def _name(people: list[UUID]) -> None:
    """Give names that a search tells apart, and deactivate one in fifty."""
    rows, is_postgresql = [], connection.vendor == "postgresql"
    for number, pk in enumerate(people):
        first, last = FIRST_NAMES[number % 30], LAST_NAMES[number // 30 % 40]
        address = canonical(f"{first}.{last}.{number}@example.com").replace("'", "")
        status = EndUser.Status.ACTIVE if number % 50 else EndUser.Status.DEACTIVATED
        name, key = f"{first} {last}", pk if is_postgresql else pk.hex
        rows.append((name, name_key(name), address, address, search_key(name, address), status, key))
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE workspace_enduser SET full_name = %s, name_key = %s, email = %s, email_key = %s, search_key = %s,"
            " status = %s WHERE id = %s",
            rows,
        )


def _groups(environment: Environment, people: list[UUID]) -> tuple[EndUserGroup, EndUserGroup]:
    """Make small groups and one with half of the people, all by hand; return that one and a small one."""
    made = [EndUserGroup(environment=environment, name=f"Team {number:04d}") for number in range(TEAMS)]
    half = EndUserGroup(environment=environment, name="Half of the company")
    for group in [half, *made]:
        group.set_keys()
    _insert([half, *made])
    _insert(GroupMembership(group=half, end_user_id=pk) for pk in people[::2])
    _insert(
        GroupMembership(group=group, end_user_id=people[(number * TEAM_SIZE + place) % len(people)])
        for number, group in enumerate(made)
        for place in range(min(TEAM_SIZE, len(people)))
    )
    return half, made[0]


def _logs(use: EnvironmentProvider, people: list[UUID]) -> None:
    """Write three sign-in attempts, a request and a change a person, and a session for one person in five."""
    now, environment, provider = timezone.now(), use.environment, use.identity_provider
    found = ProvisioningConnection.objects.get(environment_provider=use)
    for group in environment.groups.filter(name__startswith="Team 00"):
        GroupMapping.objects.create(connection=found, name=group.name, environment=environment, group=group)
    _insert(_attempt(use, number, pk) for _ in range(3) for number, pk in enumerate(people))
    _insert(
        EndUserSession(
            end_user_id=pk, environment=environment, identity_provider=provider, digest=f"{number:064d}",
            last_seen_at=now, expires_at=now + timedelta(hours=24),
        )
        for number, pk in enumerate(people[::5])
    )  # fmt: skip
    _insert(_request(found, number, pk) for number, pk in enumerate(people))
    events = [_event(found, pk, request) for pk, request in zip(people, found.requests.order_by("pk"), strict=False)]
    _insert(events)
    _insert(ChangeSubject(event=event, kind="enduser", subject_id=UUID(event.subject_id)) for event in events)


def _attempt(use: EnvironmentProvider, number: int, pk: UUID) -> SignInAttempt:
    is_refused = number % 20 == 0
    return SignInAttempt(
        environment=use.environment, workspace_id=use.environment.workspace_id, end_user_id=pk,
        identity_provider=use.identity_provider, provider_name=use.identity_provider.name,
        email=f"person.{number}@example.com", email_key=f"person.{number}@example.com",
        outcome="refused" if is_refused else "succeeded", reason="no_access" if is_refused else "",
        user_agent="Firefox/130.0 (Windows)",
    )  # fmt: skip


def _request(found: ProvisioningConnection, number: int, pk: UUID) -> ScimRequest:
    is_refused = number % 20 == 0
    return ScimRequest(
        connection=found, connection_name=found.name, workspace_id=found.environment.workspace_id,
        environment_id=found.environment.pk, request_id=str(new_id()), method="GET" if number % 3 else "PATCH",
        path=f"/scim/{found.pk}/v2/Users/{pk}", status=404 if is_refused else 200, duration_ms=9.5,
        error="There is no such user." if is_refused else "", request_body=_BODY, response_body=_BODY,
    )  # fmt: skip


def _event(found: ProvisioningConnection, pk: UUID, request: ScimRequest) -> ChangeEvent:
    name, link = f"{found.name} changed the title of ", f"Person {pk.hex[-4:]}"
    return ChangeEvent(
        workspace_id=found.environment.workspace_id, environment_id=found.environment.pk,
        environment_name=found.environment.name, actor_kind="connection", actor_id=str(found.pk),
        actor_name=found.name, action="end_user.updated", subject_kind="enduser", subject_id=str(pk),
        subject_name=link, sentence=f"{name}{link}.", links=[[len(name), len(name + link), "enduser", str(pk)]],
        before={"title": ""}, after={"title": "Engineer"}, request_id=request.request_id,
    )  # fmt: skip


def _insert(rows: Iterable[Model]) -> None:
    rows = iter(rows)
    while batch := list(islice(rows, _BATCH)):
        type(batch[0])._default_manager.bulk_create(batch)

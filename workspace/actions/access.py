"""Access of many people at once."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from workspace.db.sets import Settled, in_words, settle
from workspace.db.transactions import atomic
from workspace.events import Actor, record
from workspace.models import EndUser, Environment, Source


@atomic
def settle_access(
    *,
    environment: Environment,
    entitled: QuerySet[EndUser],
    among: Collection[UUID] | None = None,
    source: Source,
    by: Actor,
) -> Settled:
    """Let a source give access to exactly the entitled people; with `among`, nobody else is looked at."""
    held = environment.accesses.filter(source_kind=source.kind, source_id=source.id)
    if among is not None:
        held, entitled = held.filter(end_user__in=among), entitled.filter(pk__in=among)
    settled = settle(environment, held, entitled, environment=environment.pk, **source.fields())
    if settled:
        _record(environment, settled, by)
    return settled


def _record(environment: Environment, settled: Settled, by: Actor) -> None:
    parts = [f"gave {in_words(settled.came)} access to"] if settled.came else []
    parts += [f"ended the access of {in_words(settled.left)} to"] if settled.left else []
    record(
        by=by,
        action="environment.access_settled",
        subject=environment,
        environment=environment,
        sentence=f"{by.name} {' and '.join(parts)} {environment}.",
        before={"ended": settled.left},
        after={"given": settled.came},
    )

"""The chain of seals over the audit log: making it, and deleting its oldest part.

A change does nothing for it. Changes are sealed some minutes later, when the transactions of their time have ended.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, TextField
from django.db.models.functions import Cast

from workspace.db.keys import first_id_at
from workspace.models import AuditSeal, ChangeEvent, ChangeSubject
from workspace.models.events import ChangeEventQuerySet
from workspace.models.seals import INSTALLATION, packed

# Changes younger than this may have neighbours that are not committed yet.
GRACE = timedelta(minutes=5)
# A change that is committed later than its neighbours were sealed is sealed with the next ones, if it is not older.
LATE = timedelta(hours=1)
BATCH = 500
# One run reads so many ids at a time.
_MOST = 50_000


def _as_uuid(text: str) -> object:
    return text.replace("-", "").lower()


def _as_time(text: str) -> object:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


# The columns that the version 1 of seals covers, and how their text becomes the same on every database.
_COLUMNS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(("id", "workspace_id", "environment_id"), _as_uuid),
    "at": _as_time,
    **dict.fromkeys(("environment_name", "actor_kind", "actor_id", "actor_name", "address", "session"), str),
    **dict.fromkeys(("action", "subject_kind", "subject_id", "subject_name", "sentence", "request_id"), str),
    **dict.fromkeys(("links", "before", "after"), json.loads),
}


def chains() -> list[UUID]:
    """Return the workspaces that have changes or seals; INSTALLATION stands for changes of none."""
    found = set(AuditSeal.objects.order_by().values_list("chain", flat=True).distinct())
    if ChangeEvent.objects.filter(workspace_id=None).exists():
        found.add(INSTALLATION)
    events = ChangeEvent.objects.order_by("workspace_id").values_list("workspace_id", flat=True)
    # The index leads from one workspace to the next one. DISTINCT would read every change.
    last = INSTALLATION
    while (following := events.filter(workspace_id__gt=last).first()) is not None:
        found.add(following)
        last = following
    return sorted(found)


def events_of(chain: UUID) -> ChangeEventQuerySet:
    return ChangeEvent.objects.filter(workspace_id=None if chain == INSTALLATION else chain)


def settled(seal: AuditSeal | None) -> UUID:
    """Return the id below which every change has to be in the chain up to this seal."""
    late = LATE // timedelta(milliseconds=1)
    return UUID(int=max(0, (seal.up_to.int >> 80) - late) << 80) if seal else UUID(int=0)


def event_digests(ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """Return the digests of the changes as the database holds them now, also of what no page could read."""
    ids = list(ids)
    concerned = defaultdict[object, list[list[object]]](list)
    subjects = ChangeSubject.objects.filter(event__in=ids).annotate(of=_text("event_id"), about=_text("subject_id"))
    for event, kind, subject in subjects.values_list("of", "kind", "about"):
        concerned[_as_uuid(event)].append([kind, _as_uuid(subject)])
    digests = {}
    for row in ChangeEvent.objects.filter(pk__in=ids).values_list(*map(_text, _COLUMNS)):
        values = [_canonical(read, text) for read, text in zip(_COLUMNS.values(), row, strict=True)]
        content = json.dumps([values, sorted(concerned[values[0]], key=str)], sort_keys=True)
        digests[UUID(str(values[0]))] = hashlib.sha256(content.encode()).digest()
    return digests


def _text(name: str) -> Cast:
    return Cast(F(name), TextField())


def _canonical(read: Callable[[str], object], text: str | None) -> object:
    """Return a column's value. What is none of its kind stays text: it was altered, and has another digest."""
    try:
        return None if text is None else read(text)
    except ValueError:
        return text


def seal_all(now: datetime) -> int:
    """Seal the changes of all workspaces that are due, and return how many. Call it outside transactions."""
    return sum(seal_chain(chain, now) for chain in chains())


def seal_chain(chain: UUID, now: datetime) -> int:
    """Seal the changes of one workspace that are due. Of several processes that do it at once, one goes on."""
    total = 0
    while True:
        head = AuditSeal.objects.of(chain).last()
        due = _due(chain, head, now)
        for start in range(0, len(due), BATCH):
            head = _add(chain, head, due[start : start + BATCH], now)
            if head is None:
                return total
            total += head.event_count
        if len(due) < _MOST:
            return total


def _due(chain: UUID, head: AuditSeal | None, now: datetime) -> list[UUID]:
    """Return the ids of changes without a seal, the oldest first."""
    since = settled(head)
    recent = AuditSeal.objects.of(chain).filter(up_to__gte=since, number__lte=head.number if head else 0)
    sealed = {pk for seal in recent for pk in seal.digests()}
    ids = events_of(chain).filter(pk__gte=since, pk__lt=first_id_at(now - GRACE)).order_by("pk")
    found = ids.values_list("pk", flat=True)[: _MOST + len(sealed)]
    return [pk for pk in found if pk not in sealed][:_MOST]


def _add(chain: UUID, head: AuditSeal | None, ids: list[UUID], now: datetime) -> AuditSeal | None:
    """Add a seal to the chain, or return None if another process has added one."""
    digests = sorted(event_digests(ids).items())
    seal = AuditSeal(
        chain=chain,
        number=head.number + 1 if head else 1,
        sealed_at=now,
        first_id=ids[0],
        up_to=max(ids[-1], head.up_to) if head else ids[-1],
        event_count=len(digests),
        members=packed(digests),
        previous=head.digest if head else "",
    )
    seal.digest = seal.computed_digest()
    try:
        with transaction.atomic():
            seal.save(force_insert=True)
    except IntegrityError:
        return None
    return seal


def forget_changes(now: datetime) -> int:
    """Delete sealed changes whose retention has ended, and return how many. Call it outside transactions."""
    if not settings.AUDIT_LOG_DAYS:
        return 0
    end = first_id_at(now - timedelta(days=settings.AUDIT_LOG_DAYS))
    return sum(_forget(seal, now) for chain in chains() for seal in _ended(chain, end))


def _ended(chain: UUID, end: UUID) -> Iterator[AuditSeal]:
    seals = AuditSeal.objects.of(chain).filter(forgotten_at=None, up_to__lt=end)
    while seal := seals.first():
        yield seal


@transaction.atomic
def _forget(seal: AuditSeal, now: datetime) -> int:
    """Delete the changes of the oldest seal. It stays in place of those before: the rest of the chain follows it."""
    number = events_of(seal.chain).filter(pk__in=list(seal.digests())).forget()
    AuditSeal.objects.of(seal.chain).filter(number__lt=seal.number).delete()
    AuditSeal.objects.filter(pk=seal.pk).update(forgotten_at=now)
    return number

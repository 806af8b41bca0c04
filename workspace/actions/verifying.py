"""The proof that nobody altered the sealed part of the audit log."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from workspace.action_names import Action
from workspace.actions.sealing import event_digests, events_of, settled
from workspace.models import AuditSeal


@dataclass
class Verdict:
    """What is true of a chain, up to its first broken place. `problem` is empty if there is none."""

    chain: UUID
    seals: int = 0
    events: int = 0
    head: AuditSeal | None = None
    problem: str = ""
    forgotten_at: datetime | None = None
    # Changes that are different since personal data was deleted.
    redacted: int = 0


def verify_chain(chain: UUID) -> Verdict:
    """Compare the chain with the changes that it seals. It is read again if its oldest part is deleted meanwhile."""
    while True:
        start = _start(chain)
        verdict = _verdict(chain)
        if not verdict.problem or start == _start(chain):
            return verdict


def _start(chain: UUID) -> object:
    return AuditSeal.objects.of(chain).values_list("number", "forgotten_at").first()


def _verdict(chain: UUID) -> Verdict:
    verdict = Verdict(chain)
    head = AuditSeal.objects.of(chain).last()
    below, end, redactions = 0, settled(head), _Redactions(chain)
    for seal in _seals(chain, head):
        verdict.problem = _broken(seal, verdict.head) or _differing(seal, redactions, verdict)
        if verdict.problem:
            return verdict
        verdict.head = seal
        verdict.seals += 1
        if seal.forgotten_at:
            verdict.forgotten_at = seal.forgotten_at
        else:
            verdict.events += seal.event_count
            below += sum(pk < end for pk in seal.digests())
    if head and events_of(chain).filter(pk__lt=end).count() != below:
        verdict.problem = _unsealed(chain, head, end)
    return verdict


def _seals(chain: UUID, head: AuditSeal | None) -> Iterator[AuditSeal]:
    """Return the seals one by one: each may hold many changes."""
    seals = AuditSeal.objects.of(chain).filter(number__lte=head.number if head else 0)
    seal = seals.first()
    while seal:
        yield seal
        seal = seals.filter(number__gt=seal.number).first()


def _broken(seal: AuditSeal, before: AuditSeal | None) -> str:
    """Return what is wrong with a seal and its place in the chain."""
    expected = before.number + 1 if before else seal.number if seal.forgotten_at else 1
    if seal.number != expected:
        return f"Seal {expected} is missing."
    if before and seal.forgotten_at:
        return f"Seal {seal.number} is marked as forgotten, but the one before is not."
    if seal.digest != seal.computed_digest() or seal.event_count * 48 != len(seal.members):
        return f"Seal {seal.number} was altered."
    if (before or not seal.forgotten_at) and seal.previous != (before.digest if before else ""):
        return f"Seal {seal.number} does not follow the one before."
    return ""


def _differing(seal: AuditSeal, redactions: "_Redactions", verdict: Verdict) -> str:
    """Return the first change of a seal that is not as it was, nor as a deletion of personal data left it."""
    if seal.forgotten_at:
        return ""
    sealed = seal.digests()
    present = event_digests(sealed)
    for pk, digest in sealed.items():
        if pk not in present:
            return f"Change {pk} of seal {seal.number} is missing."
        if present[pk] != digest:
            if not redactions.lead(pk, digest, present[pk]):
                return f"Change {pk} of seal {seal.number} was altered."
            verdict.redacted += 1
    return ""


class _Redactions:
    """What deletions of personal data did to changes of a chain, as their events say. They are sealed themselves."""

    def __init__(self, chain: UUID) -> None:
        self._events = events_of(chain).filter(action=Action.END_USER_PERSONAL_DATA_DELETED)

    def lead(self, pk: UUID, sealed: bytes, present: bytes) -> bool:
        """Say whether deletions, one after the other, made of the sealed change the present one."""
        seen, digest = set[str](), sealed.hex()
        while digest not in seen and (following := self._steps.get((str(pk), digest))):
            seen.add(digest)
            digest = following
        return digest == present.hex()

    @cached_property
    def _steps(self) -> dict[tuple[str, str], str]:
        states = self._events.order_by("pk").values_list("after", flat=True)
        return {(pk, old): new for state in states for pk, old, new in state.get("redacted", [])}


def _unsealed(chain: UUID, head: AuditSeal, end: UUID) -> str:
    """Return the first change that is in no seal although it should be."""
    sealed = {pk for seal in _seals(chain, head) if not seal.forgotten_at for pk in seal.digests()}
    ids = events_of(chain).filter(pk__lt=end).order_by("pk").values_list("pk", flat=True)
    found = next((pk for pk in ids if pk not in sealed), None)
    return f"Change {found} was inserted after its time was sealed." if found else ""

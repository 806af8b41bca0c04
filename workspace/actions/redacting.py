"""The personal data of one person in changes: they go, ids and what was done stay."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from workspace.actions.sealing import BATCH, event_digests
from workspace.addresses import is_address
from workspace.db.keys import is_id
from workspace.db.sets import update_each
from workspace.erasing import NOBODY, RECORDS, Erasure
from workspace.events import kind_of
from workspace.models import ChangeEvent, ChangeSubject, SourceKind

_COLUMNS = ("actor_name", "address", "session", "subject_name", "sentence", "links", "before", "after")
_PROFILE = ("name", "email", "user_name", "userName")
_REMARK = "reason"
# A change with its digests before and after, as the event of the erasure keeps it.
Redaction = list[str]


def find_events(erasure: Erasure) -> list[UUID]:
    """Return the changes about the person, or by the person, and add to the erasure what they tell.

    Bulk changes name each of their people as a subject, so no change has to be searched for names.
    """
    events = set(ChangeSubject.objects.filter(subject_id__in=erasure.ids).values_list("event", flat=True))
    _add_records(erasure, events)
    events |= set(ChangeSubject.objects.filter(subject_id__in=erasure.records).values_list("event", flat=True))
    by_person = ChangeEvent.objects.filter(workspace_id=erasure.workspace_id, actor_id__in=map(str, erasure.ids))
    events |= set(by_person.values_list("pk", flat=True))
    ids, records = set(map(str, erasure.ids)), set(map(str, erasure.records))
    for event in _read(events):
        for state in (event.before, event.after):
            if event.subject_id in records:
                erasure.texts |= set(_of_document(state))
            erasure.texts |= set(_told(state, ids, is_own=event.subject_id in ids))
            if event.subject_id in ids:
                erasure.remarks.add(state.get(_REMARK, ""))
    erasure.texts.discard("")
    return sorted(events)


def _add_records(erasure: Erasure, about: Iterable[UUID]) -> None:
    """Add the records of the person, those too that are gone. Bulk changes are about the records of others as well."""
    for model in RECORDS:
        kind = kind_of(model)
        erasure.records |= set(model._default_manager.filter(end_user=erasure.end_user).values_list("pk", flat=True))
        events = ChangeEvent.objects.filter(pk__in=list(about))
        deleted = events.filter(subject_kind=kind).values_list("subject_id", flat=True)
        own = events.filter(subject_id__in=map(str, erasure.ids)).values("pk")
        erasure.records |= set(map(UUID, deleted))
        named = ChangeSubject.objects.filter(event__in=own, kind=kind)
        erasure.records |= set(named.values_list("subject_id", flat=True))


def redact(erasure: Erasure, events: list[UUID]) -> list[Redaction]:
    """Write the changes without the person, and return which ones are different now."""
    redactions = []
    for part in (events[start : start + BATCH] for start in range(0, len(events), BATCH)):
        rows = list(ChangeEvent.objects.select_for_update().filter(pk__in=part).order_by("pk"))
        old = event_digests(part)
        update_each([row for row in rows if _redacted(row, erasure)], *_COLUMNS)
        new = event_digests(part)
        redactions += [[str(pk), old[pk].hex(), new[pk].hex()] for pk in part if old[pk] != new[pk]]
    return redactions


def _read(events: Iterable[UUID]) -> Iterator[ChangeEvent]:
    ids = sorted(events)
    for start in range(0, len(ids), BATCH):
        yield from ChangeEvent.objects.filter(pk__in=ids[start : start + BATCH])


def _told(value: object, ids: set[str], *, is_own: bool) -> Iterator[str]:
    """Return names and addresses of the person in a state: of `is_own` ones by their keys, else of rows by their id."""
    if isinstance(value, dict):
        for key, each in value.items():
            if is_own and key in _PROFILE and isinstance(each, str):
                yield each
            yield from _told(each, ids, is_own=is_own)
    elif isinstance(value, list):
        is_row = bool(value) and str(value[0]) in ids
        if is_row:
            yield from _of_row(value)
        for each in value:
            yield from _told(each, ids, is_own=is_own or is_row)


def _of_row(row: list[object]) -> Iterator[str]:
    """Return the name of a row [person, name, …] and the addresses in it, but not those of its source."""
    for place, each in enumerate(row):
        is_of_source = place > 1 and (row[place - 1] in SourceKind or row[place - 2] in SourceKind)
        if isinstance(each, str) and (place == 1 or (place > 1 and not is_of_source and is_address(each))):
            yield each


def _of_document(value: object) -> Iterator[str]:
    """Return the userName and the addresses of what an IdP said."""
    if isinstance(value, dict):
        yield from (each for key, each in value.items() if key == "userName" and isinstance(each, str))
        for each in value.values():
            yield from _of_document(each)
    elif isinstance(value, list):
        for each in value:
            yield from _of_document(each)
    elif isinstance(value, str) and is_address(value):
        yield value


def _redacted(event: ChangeEvent, erasure: Erasure) -> bool:
    """Take the person out of a change, without saving, and say whether it is another one now."""
    was = [getattr(event, name) for name in _COLUMNS]
    ids, records = set(map(str, erasure.ids)), set(map(str, erasure.records))
    if event.actor_id in ids:
        event.actor_name, event.address, event.session = NOBODY, "", ""
    own = event.subject_id in ids | records
    event.subject_name = NOBODY if own else erasure.without(event.subject_name)
    event.sentence, event.links = _sentence(event, erasure, ids | records)
    if event.subject_id in records:
        event.before, event.after = _emptied(event.before), _emptied(event.after)
    else:
        event.before, event.after = _without(event.before, erasure, ids), _without(event.after, erasure, ids)
    return was != [getattr(event, name) for name in _COLUMNS]


def _sentence(event: ChangeEvent, erasure: Erasure, ids: set[str]) -> tuple[str, list[list[object]]]:
    """Return the sentence with its links, which move where names before them have another length."""
    text, links, at = "", list[list[object]](), 0
    for start, end, kind, pk in event.links:
        text += erasure.without(event.sentence[at:start])
        name = NOBODY if pk in ids else erasure.without(event.sentence[start:end])
        links.append([len(text), len(text) + len(name), kind, pk])
        text, at = text + name, end
    return text + erasure.without(event.sentence[at:]), links


def _without(value: Any, erasure: Erasure, ids: set[str]) -> Any:
    """Return a state without the person's names and addresses. In a row of the person the name goes by its place."""
    if isinstance(value, dict):
        return {key: _without(each, erasure, ids) for key, each in value.items()}
    if isinstance(value, list):
        is_row = len(value) > 1 and str(value[0]) in ids and isinstance(value[1], str)
        values = [_without(each, erasure, ids) for each in value]
        return [values[0], NOBODY, *values[2:]] if is_row else values
    return erasure.without(value) if isinstance(value, str) else value


def _emptied(value: Any) -> Any:
    """Return what an IdP said with its attributes alone: any text may be of the person. Ids stay."""
    if isinstance(value, dict):
        return {key: _emptied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_emptied(each) for each in value]
    return "" if isinstance(value, str) and not is_id(value) else value

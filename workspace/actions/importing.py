"""The import of checked lines: all of them in one transaction, with one event."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import F

from workspace.action_names import Action
from workspace.actions.access import touch
from workspace.actions.import_checks import add_people, cells_of_row, known_of
from workspace.actions.members import insert_members
from workspace.db.keys import name_key
from workspace.db.parameters import Among
from workspace.db.sets import insert_from, update_each
from workspace.db.together import write_together
from workspace.events import Actor, Sentence, record
from workspace.imports.judging import KnownGroup, Place, Verdict, judge
from workspace.models import (
    MANUAL,
    EndUser,
    EndUserGroup,
    EnvironmentAccess,
    ImportedLine,
    PeopleImport,
    Source,
)
from workspace.words import number, people

Outcome = ImportedLine.Outcome
PlaceOrGroup = TypeVar("PlaceOrGroup", Place, EndUserGroup)
# The id of a group; of one that is missing, environment and comparison key.
GroupKey = UUID | tuple[UUID, str]


@dataclass
class Written:
    """What an import wrote, as its event keeps it."""

    source: Source
    before: dict[str, list[list[object]]] = field(default_factory=lambda: defaultdict(list))
    after: dict[str, list[list[object]]] = field(default_factory=dict)
    groups: list[EndUserGroup] = field(default_factory=list)


def import_people(job: PeopleImport, by: Actor, now: datetime) -> None:
    """Do what the lines say. They are judged again: since the preview somebody may have changed a person or a group.

    Call it in a transaction that has the import's row locked. An IntegrityError means that somebody created the same
    person or group, or deleted a group, at the same moment: in a new transaction the lines are judged anew.
    """
    lines = list(job.lines.order_by("number"))
    known = known_of(job)
    rows = add_people(known, job, {line.email_key for line in lines if line.email_key}, to_change=True)
    verdicts = [judge(cells_of_row(line), known) for line in lines]
    _note_differences(lines, verdicts)
    does = [verdict for verdict in verdicts if verdict.outcome in (Outcome.CREATE, Outcome.CHANGE)]
    if not does:
        return
    written = Written(by.source)
    persons = _write_people(job, does, rows, written, now)
    _give(does, persons, _groups(does, written, now), written, now)
    _record(job, does, persons, written, by)


def _note_differences(lines: Sequence[ImportedLine], verdicts: Sequence[Verdict]) -> None:
    """Write what the lines do now, where the preview said something else."""
    differing = []
    for line, verdict in zip(lines, verdicts, strict=True):
        if (line.outcome, line.note) != (verdict.outcome, verdict.note):
            line.foreseen = line.outcome if line.outcome != verdict.outcome else ""
            line.outcome, line.note = Outcome(verdict.outcome), verdict.note
            differing.append(line)
    update_each(differing, "outcome", "note", "foreseen")


def _groups(does: Iterable[Verdict], written: Written, now: datetime) -> dict[GroupKey, EndUserGroup]:
    """Return the groups that get members. Missing ones are created."""
    named = {_key(group): group for verdict in does for group in verdict.groups}
    present = [group.pk for group in named.values() if group.pk]
    # Locked, so that nobody deletes a group or gives it to an IdP meanwhile.
    locked = EndUserGroup.objects.select_for_update(no_key=True).filter(pk__in=present).order_by("pk")
    found: dict[GroupKey, EndUserGroup] = {group.pk: group for group in locked}
    for key in sorted(key for key, group in named.items() if isinstance(key, tuple)):
        group = EndUserGroup(environment_id=key[0], name=named[key].name, created_at=now, updated_at=now)
        group.set_keys()
        written.groups.append(group)
        found[key] = group
    EndUserGroup.objects.bulk_create(written.groups)
    written.after["groups"] = [[str(group.pk), group.name, str(group.environment_id)] for group in written.groups]
    return found


def _key(group: KnownGroup) -> GroupKey:
    return group.pk or (group.place.pk, name_key(group.name))


def _write_people(
    job: PeopleImport, does: Iterable[Verdict], rows: dict[UUID, EndUser], written: Written, now: datetime
) -> list[EndUser]:
    """Store new people and new names, and return the person of each line."""
    persons: list[EndUser] = []
    new: list[EndUser] = []
    renamed: list[EndUser] = []
    for verdict in does:
        person = rows[verdict.person.pk] if verdict.person else EndUser(workspace=job.workspace, active_since=now)
        persons.append(person)
        if not verdict.person:
            person.email, person.email_source, person.name_source = verdict.email, written.source, written.source
            person.created_at = person.updated_at = now
            new.append(person)
        elif verdict.is_renamed:
            written.before["names"].append(_name(person))
            renamed.append(person)
        if verdict.full_name != person.full_name:
            person.full_name, person.name_source, person.updated_at = verdict.full_name, written.source, now
        person.set_keys()
    # In the order of the unique index, so that two imports do not wait for each other in a circle.
    new.sort(key=lambda person: person.email_key or "")
    if new:
        write_together(new)
    update_each(renamed, "full_name", "name_source", "name_key", "search_key", "updated_at")
    written.after["created"] = [[*_name(person), person.email] for person in new]
    written.after["names"] = [_name(person) for person in renamed]
    return persons


def _name(person: EndUser) -> list[object]:
    """Return id, name and the name's source, as the event keeps them."""
    return [str(person.pk), person.full_name, *person.name_source.listed()]


def _give(
    does: Sequence[Verdict],
    persons: Sequence[EndUser],
    groups: dict[GroupKey, EndUserGroup],
    written: Written,
    now: datetime,
) -> None:
    """Store new access and new memberships, by hand."""
    pairs = list(zip(does, persons, strict=True))
    accesses = [(person, place) for verdict, person in pairs for place in verdict.access]
    members = [(person, groups[_key(group)]) for verdict, person in pairs for group in verdict.groups]
    # One statement for each place, which leaves what somebody else gave a moment ago.
    for place, ids in _by_place(accesses):
        insert_from(
            EnvironmentAccess,
            EndUser.objects.filter(Among("pk", ids)),
            environment=place.pk,
            end_user=F("pk"),
            created_at=now,
            **MANUAL.fields(),
        )
    touch({person.pk for verdict, person in pairs if verdict.person and verdict.access}, now)
    for group, ids in _by_place(members):
        insert_members(group, ids, MANUAL)
    for name, rows in (("access", accesses), ("memberships", members)):
        written.after[name] = [
            [str(person.pk), person.full_name, str(place.pk), *MANUAL.listed()] for person, place in rows
        ]


def _by_place(pairs: Iterable[tuple[EndUser, PlaceOrGroup]]) -> Iterable[tuple[PlaceOrGroup, list[UUID]]]:
    """Return each environment or group with the ids of its new people."""
    found: dict[PlaceOrGroup, list[UUID]] = defaultdict(list)
    for person, place in pairs:
        found[place].append(person.pk)
    return found.items()


def _record(
    job: PeopleImport, does: Sequence[Verdict], persons: Sequence[EndUser], written: Written, by: Actor
) -> None:
    places = {place.pk for verdict in does for place in verdict.access}
    places |= {group.place.pk for verdict in does for group in verdict.groups}
    created = sum(not verdict.person for verdict in does)
    record(
        by=by,
        action=Action.WORKSPACE_PEOPLE_IMPORTED,
        subject=job.workspace,
        workspace=job.workspace,
        # An event belongs to an environment only if the change is about that one.
        environment=job.environment if places == {job.environment_id} else None,
        sentence=Sentence(
            "{by} imported {people} from the file {file}: {created} new, {changed} changed.",
            by=by,
            people=people(len(does)),
            file=job.file_name,
            created=number(created),
            changed=number(len(does) - created),
        ),
        concerns=written.groups,
        people=[person.pk for person in persons],
        before=dict(written.before),
        after={name: rows for name, rows in written.after.items() if rows},
    )

"""Say of earlier changes whom they concern, and of each person who vouches for name and address."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import migrations

# Lists of an event whose entries begin with the id of an end user.
_PEOPLE = ("access", "added", "deactivated", "ended", "given", "members", "pending", "profiles", "removed")
_BATCH = 500
_COLUMNS = {"name": "name_source", "email": "email_source"}


def fill_subjects(apps: Any, schema_editor: Any) -> None:
    Event, Subject = apps.get_model("workspace", "ChangeEvent"), apps.get_model("workspace", "ChangeSubject")
    for events in _batches(Event.objects.order_by("pk").iterator()):
        for event in events:
            event.links = _links(event)
        Event.objects.bulk_update(events, ["links"])
        Subject.objects.bulk_create(
            (
                Subject(event_id=event.pk, kind=kind, subject_id=pk)
                for event in events
                for pk, kind in _subjects(event).items()
            ),
            ignore_conflicts=True,
        )


def fill_sources(apps: Any, schema_editor: Any) -> None:
    """Follow the history of each person, as the rule on password resets did until now."""
    Event, EndUser = apps.get_model("workspace", "ChangeEvent"), apps.get_model("workspace", "EndUser")
    chosen = Event.objects.filter(action="provisioning.attributes_chosen").exclude(request_id="")
    connections = {event.request_id: ("scim", event.subject_id, event.subject_name) for event in chosen}
    said: dict[str, dict[str, Any]] = {}
    told = Event.objects.filter(
        action__in=["end_user.created", "end_user.linked", "end_user.updated", "environment.profiles_updated"]
    )
    for event in told.order_by("pk").iterator():
        kind = "scim" if event.actor_kind == "connection" else "manual"
        source = (kind, event.actor_id, event.actor_name)
        if event.action == "environment.profiles_updated":
            source = connections.get(event.request_id, source)
            for before, after in zip(event.before["profiles"], event.after["profiles"], strict=True):
                new = {name for place, name in ((1, "name"), (2, "email")) if before[place] != after[place]}
                said.setdefault(after[0], {}).update(dict.fromkeys(new, source))
        else:
            new = {name for name in _COLUMNS if name in event.after}
            said.setdefault(event.subject_id, {}).update(dict.fromkeys(new, source))
            if event.action == "end_user.created":
                said[event.subject_id]["created_with"] = source
    for people in _batches(EndUser.objects.filter(pk__in=list(said)).iterator() if said else iter(())):
        for person in people:
            sources = said[str(person.pk)]
            for name, column in _COLUMNS.items():
                if name in sources:
                    setattr(person, column, " ".join(sources[name]))
            # Who chose a password by a mailed link reads the address that the account was made with.
            if person.password and sources.get("email") == sources.get("created_with"):
                person.email_source = f"manual {person.pk} {person.full_name}"
        EndUser.objects.bulk_update(people, list(_COLUMNS.values()))


def _batches(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _links(event: Any) -> list[list[Any]]:
    """Link the subject where its name stands once in the sentence; elsewhere nobody can tell."""
    if not event.subject_name or event.sentence.count(event.subject_name) != 1:
        return []
    start = event.sentence.index(event.subject_name)
    return [[start, start + len(event.subject_name), event.subject_kind, event.subject_id]]


def _subjects(event: Any) -> dict[UUID, str]:
    """Whom the event concerns: ids with kinds."""
    found = {event.subject_id: event.subject_kind}
    for state in (event.before, event.after):
        for key in _PEOPLE:
            found |= {each[0]: "enduser" for each in state.get(key) or [] if isinstance(each, list)}
        found |= {each[0]: "endusergroup" for each in state.get("groups") or [] if isinstance(each, list)}
    return {UUID(pk): kind for pk, kind in found.items()}


class Migration(migrations.Migration):
    dependencies = [("workspace", "0002_subjects_of_changes")]

    operations = [
        migrations.RunPython(fill_subjects, migrations.RunPython.noop),
        migrations.RunPython(fill_sources, migrations.RunPython.noop),
    ]

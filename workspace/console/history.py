"""The history of one thing, a page at a time."""

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from workspace.action_names import Action
from workspace.console.navigation import page_url
from workspace.console.presenters import PresentedEvent, find_pages, present
from workspace.db.paging import PAGE
from workspace.models import ChangeEvent, ChangeSubject, Environment


@dataclass(frozen=True)
class Told:
    """A change as a history lists it: its sentence, who made it, and where more is."""

    row: PresentedEvent
    actor: str
    url: str
    request_url: str
    restore_url: str


def history(environment: Environment, subject: UUID, before: str, *, may_restore: bool) -> tuple[list[Told], str]:
    """Return the newest changes that concern a thing, or those before the change `before`, and where to go on.

    The index of subjects has them in this order: a page takes no longer in a long history.
    """
    found = ChangeSubject.objects.filter(subject_id=subject).order_by("-event_id")
    with suppress(ValueError):
        found = found.filter(event__lt=UUID(before))
    ids = list(found.values_list("event_id", flat=True)[: PAGE + 1])
    events = list(ChangeEvent.objects.of(environment.workspace).filter(pk__in=ids[:PAGE]))
    requests = find_pages(environment, [("request", event.request_id) for event in events if event.request_id])
    told = [
        Told(
            row=row,
            actor=row.event.actor_kind_in_words,
            url=page_url("workspace:audit-log-event", environment, event=row.event.pk),
            request_url=requests.get(row.event.request_id, ""),
            restore_url=restore_url(row.event, environment) if may_restore else "",
        )
        for row in present(events, environment, but=subject)
    ]
    return told, str(ids[PAGE - 1]) if len(ids) > PAGE else ""


def restore_url(event: ChangeEvent, environment: Environment) -> str:
    """Return where members that a change set aside are restored; empty for other changes."""
    if event.action != Action.GROUP_TAKEN_OVER or not event.before.get("members"):
        return ""
    place = next((each for each in environment.workspace.environments.all() if each.pk == event.environment_id), None)
    if place is None:
        return ""
    place.workspace = environment.workspace
    return page_url("workspace:group-restore", place, event=event.pk)

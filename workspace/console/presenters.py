"""What a page shows of a change: its sentence, with links to what it names by their ids."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from workspace.console.navigation import page_url
from workspace.models import ChangeEvent, EndUser, EndUserGroup, Environment
from workspace.models.people import EndUserQuerySet
from workspace.models.sources import Sourced

# Pages of things of one kind by their ids, as far as they still exist in the environment's workspace.
Pages = dict[str, str]
FindPages = Callable[[Environment, Collection[str]], Pages]

# By the verb that ends an action; other changes carry the icon of what they are about.
_ICONS = {
    "created": ("plus", "success"),
    "linked": ("plus", "success"),
    "restored": ("check", "success"),
    "ended": ("x", "warning"),
    "deleted": ("x", "warning"),
}


NAMES_SHOWN = 10


def source_words(row: Sourced) -> str:
    """Return where an access or a membership comes from: "Manual", "SCIM · Okta Dev"."""
    return "Manual" if row.source.is_manual else f"{row.get_source_kind_display()} · {row.source_name}"


def source_name(row: Sourced) -> str:
    """Return where it comes from in the fewest words: the IdP's name."""
    return "Manual" if row.source.is_manual else row.source_name


def first_names(people: EndUserQuerySet, number: int) -> dict[str, object]:
    """Return what a confirmation page shows of so many people: the first names, and how many more there are."""
    names = people.values_list("full_name", flat=True)[:NAMES_SHOWN]
    return {"names": list(names), "more": max(0, number - NAMES_SHOWN)}


@dataclass(frozen=True)
class PresentedEvent:
    """A change as a timeline shows it."""

    event: ChangeEvent
    sentence: SafeString
    at: datetime
    icon: str
    tone: str


def present(events: Iterable[ChangeEvent], environment: Environment, *, but: object = None) -> list[PresentedEvent]:
    """Return changes for a page of the environment, by one query for each kind of thing that they name.

    `but` is the id of what the page is about: it needs no link to itself.
    """
    events = list(events)
    pages = _pages([link for event in events for link in event.links], environment)
    pages.pop(str(but), None)
    return [PresentedEvent(event, _linked(event, pages), event.at, *_look(event.action)) for event in events]


def _pages(links: list[tuple[int, int, str, str]], environment: Environment) -> Pages:
    found: Pages = {}
    for kind, find in _FIND_PAGES.items():
        if ids := {pk for _, _, linked, pk in links if linked == kind}:
            found |= find(environment, ids)
    return found


def _linked(event: ChangeEvent, pages: Pages) -> SafeString:
    """Return the sentence as HTML: each thing that has a page is a link to it."""
    parts, at = [], 0
    for start, end, _, pk in event.links:
        name = event.sentence[start:end]
        parts.append(format_html("{}", event.sentence[at:start]))
        parts.append(format_html('<a href="{}">{}</a>', pages[pk], name) if pk in pages else format_html("{}", name))
        at = end
    return format_html_join("", "{}", ((part,) for part in [*parts, event.sentence[at:]]))


def _look(action: str) -> tuple[str, str]:
    """Return the icon and the tone of a change."""
    verb = re.split(r"[._]", action)[-1]
    return _ICONS.get(verb, ("group" if "group" in action else "users", "neutral"))


def pages_of(kind: str) -> Callable[[FindPages], FindPages]:
    """Register a function that finds the pages of things of a kind; apps above register theirs when they load."""

    def register(find: FindPages) -> FindPages:
        _FIND_PAGES[kind] = find
        return find

    return register


_FIND_PAGES: dict[str, FindPages] = {}


@pages_of("enduser")
def _end_user_pages(environment: Environment, ids: Collection[str]) -> Pages:
    found = EndUser.objects.filter(workspace=environment.workspace_id, pk__in=ids).values_list("pk", flat=True)
    return {str(pk): page_url("workspace:end-user", environment, end_user=pk) for pk in found}


@pages_of("endusergroup")
def _group_pages(environment: Environment, ids: Collection[str]) -> Pages:
    groups = EndUserGroup.objects.filter(environment__workspace=environment.workspace_id, pk__in=ids)
    return {
        str(group.pk): page_url("workspace:group", group.environment, group=group.pk)
        for group in groups.select_related("environment__workspace")
    }

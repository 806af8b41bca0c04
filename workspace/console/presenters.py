"""Presentation of changes and sources on pages. Sentences link what they name by ids."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from workspace.console.navigation import page_url
from workspace.isolation import isolated
from workspace.markup import value_html
from workspace.models import ChangeEvent, EndUser, EndUserGroup, Environment, LoginExperience, MergedEndUser
from workspace.models.people import EndUserQuerySet
from workspace.models.sources import Sourced
from workspace.sentences import template_of, word_in

# URLs of pages by the ids of their things. Things that are gone or of another workspace are missing.
Pages = dict[str, str]
FindPages = Callable[[Environment, Collection[str]], Pages]

# Icon and tone by the last verb of an action. Other changes have the icon of their subject.
_ICONS = {
    "created": ("plus", "success"),
    "linked": ("plus", "success"),
    "joined": ("plus", "success"),
    "restored": ("check", "success"),
    "ended": ("x", "warning"),
    "deleted": ("x", "warning"),
    "removed": ("x", "warning"),
}

NAMES_SHOWN = 10


def source_words(row: Sourced) -> str:
    """Return the source of an access or a membership: "Manual", "SCIM · Okta Dev"."""
    return _("Manual") if row.source.is_manual else f"{row.get_source_kind_display()} · {isolated(row.source_name)}"


def source_name(row: Sourced) -> str:
    """Return the short source of an access or a membership: "Manual", or the IdP's name."""
    return _("Manual") if row.source.is_manual else isolated(row.source_name)


def first_names(people: EndUserQuerySet, number: int) -> dict[str, object]:
    """Return people for a confirmation page: the first names, and the number of the others."""
    names = people.values_list("full_name", flat=True)[:NAMES_SHOWN]
    return {"names": list(names), "more": max(0, number - NAMES_SHOWN)}


@dataclass(frozen=True)
class PresentedEvent:
    """A change as a timeline shows it."""

    event: ChangeEvent
    sentence: SafeString

    @property
    def at(self) -> datetime:
        return self.event.at

    @property
    def icon(self) -> str:
        return self._look[0]

    @property
    def tone(self) -> str:
        return self._look[1]

    @property
    def _look(self) -> tuple[str, str]:
        verb = re.split(r"[._]", self.event.action)[-1]
        return _ICONS.get(verb, ("group" if "group" in self.event.action else "users", "neutral"))


def present(events: Iterable[ChangeEvent], environment: Environment, *, but: object = None) -> list[PresentedEvent]:
    """Return changes for a page of the environment, with one query for each kind of thing that they name.

    `but` is the id of the page's own subject, which gets no link.
    """
    events = list(events)
    pages = find_pages(environment, [(kind, pk) for event in events for _, _, kind, pk in event.links])
    own = pages.get(str(but))
    pages = {pk: url for pk, url in pages.items() if url != own}
    return [PresentedEvent(event, _linked(event, pages)) for event in events]


def find_pages(environment: Environment, things: Collection[tuple[str, str]]) -> Pages:
    """Return the pages of things, given as kind and id, with one query for each kind."""
    pages: Pages = {}
    for kind, find in _FIND_PAGES.items():
        if ids := {pk for each, pk in things if each == kind}:
            pages |= find(environment, ids)
    return pages


def _linked(event: ChangeEvent, pages: Pages) -> SafeString:
    """Return the sentence as HTML, in the language that is spoken, with links to the pages of what it names."""
    words = [_word(event.sentence[start:end], kind, pk, pages) for start, end, kind, pk in event.links]
    parts = template_of(event.sentence, [(start, end) for start, end, _, _ in event.links])
    html = [words[part] if isinstance(part, int) else _unlinked(event, part) for part in parts]
    return format_html_join("", "{}", ((each,) for each in html))


def _word(word: str, kind: str, pk: str, pages: Pages) -> SafeString:
    """Return a word of a sentence as HTML."""
    name = value_html(word_in(word, kind, pk))
    return format_html('<a href="{}">{}</a>', pages[pk], name) if pk in pages else name


def _unlinked(event: ChangeEvent, words: str) -> SafeString:
    """Return words of the sentence as HTML. Sentences of older releases do not isolate the actor's name."""
    isolated_name = isolated(event.actor_name)
    if isolated_name != event.actor_name and isolated_name not in words:
        words = words.replace(event.actor_name, isolated_name)
    return value_html(words)


def pages_of(kind: str) -> Callable[[FindPages], FindPages]:
    """Register a function that finds the pages of things of a kind. The apps above register theirs as they load."""

    def register(find: FindPages) -> FindPages:
        _FIND_PAGES[kind] = find
        return find

    return register


_FIND_PAGES: dict[str, FindPages] = {}


@pages_of("enduser")
def _end_user_pages(environment: Environment, ids: Collection[str]) -> Pages:
    """Return the pages of people; of those who were merged, the page of the one who stayed."""
    found = EndUser.objects.filter(workspace=environment.workspace_id, pk__in=ids).values_list("pk", flat=True)
    people = {pk: pk for pk in found}
    if len(people) < len(ids):
        merged = MergedEndUser.objects.filter(end_user__workspace=environment.workspace_id, pk__in=ids)
        people |= dict(merged.values_list("pk", "end_user"))
    return {str(pk): page_url("workspace:end-user", environment, end_user=one) for pk, one in people.items()}


@pages_of("endusergroup")
def _group_pages(environment: Environment, ids: Collection[str]) -> Pages:
    groups = EndUserGroup.objects.filter(environment__workspace=environment.workspace_id, pk__in=ids)
    return {
        str(group.pk): page_url("workspace:group", group.environment, group=group.pk)
        for group in groups.select_related("environment__workspace")
    }


@pages_of("loginexperience")
def _login_experience_pages(environment: Environment, ids: Collection[str]) -> Pages:
    looks = LoginExperience.objects.filter(environment__workspace=environment.workspace_id, pk__in=ids)
    return {
        str(look.pk): page_url("workspace:login-experience", look.environment)
        for look in looks.select_related("environment__workspace")
    }

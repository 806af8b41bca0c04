"""A name beside other words: isolated where it could turn them round, and as it is elsewhere."""

import unicodedata

import pytest
from django.template.loader import render_to_string

from tests.workspace.builders import OKTA_ACTOR
from workspace.console.presenters import present
from workspace.events import Actor, Kind, Sentence
from workspace.isolation import isolated, turns
from workspace.markup import value_html
from workspace.models import ChangeEvent, EndUserGroup, Workspace
from workspace.templatetags.ui import pretty_json
from workspace.words import listed, people_named, together

EVE, NOA = "Eve\u202elive", "נועה"


@pytest.mark.parametrize("name", ["Ada", "Zoë", "최상수", "Łukasz", "Ada 2 (new)", "👩‍🚀", ""])
def test_a_name_from_left_to_right_stays_as_it_is(name):
    assert isolated(name) == value_html(name) == name


@pytest.mark.parametrize("name", [EVE, NOA, "علی‌رضا", "\u200fx", "\u2067x"])
def test_any_other_name_is_isolated_once(name):
    shown = name.replace("\u2067", "")
    assert isolated(name) == isolated(isolated(name)) == f"\u2068{shown}\u2069"
    assert value_html(name) == value_html(isolated(name)) == f"<bdi>{shown}</bdi>"


def test_every_character_that_runs_from_right_to_left_or_controls_direction_is_known():
    kinds = {"R", "AL", "AN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    characters = map(chr, [*range(0xD800), *range(0xE000, 0x20000)])
    assert [f"{each!a}" for each in characters if unicodedata.bidirectional(each) in kinds and not turns(each)] == []


def test_no_name_ends_its_own_isolation():
    assert isolated("a\u2069\u202eb") == "\u2068a\u202eb\u2069"
    assert (
        value_html(f"{isolated('x')} met {isolated(NOA)}\u2069 \u202e") == f"x met <bdi>{NOA}</bdi><bdi> \u202e</bdi>"
    )


def test_a_sentence_isolates_its_names_and_nothing_else():
    assert value_html(f"{isolated('<b>' + EVE)} was added.") == f"<bdi>&lt;b&gt;{EVE}</bdi> was added."
    assert str(EndUserGroup(name=NOA)) == str(Workspace(name=NOA)) == f"\u2068{NOA}\u2069"
    names = f"\u2068{NOA}\u2069, Ada"
    assert listed([NOA, "Ada"]) == names
    assert together([NOA, "Ada"]) == people_named([["1", NOA], ["2", "Ada"]]) == names.replace(", ", " and ")


def test_an_event_isolates_every_word_of_its_sentence():
    sentence = Sentence(
        "{by} renamed {old} to {group}.", by=Actor("system", "", EVE), old=NOA, group=EndUserGroup(name=NOA)
    )
    assert sentence.text == f"\u2068{EVE}\u2069 renamed \u2068{NOA}\u2069 to \u2068{NOA}\u2069."
    [*_, [start, end, kind, _]] = sentence.links
    assert kind == "endusergroup"
    assert sentence.text[start:end] == f"\u2068{NOA}\u2069"


@pytest.mark.django_db
def test_an_event_of_an_older_release_is_shown_with_its_names_isolated(acme):
    text = f"{EVE} added {NOA} to Support."
    start = text.index(NOA)
    links = [[start, start + len(NOA), "enduser", str(acme.ada.pk)]]
    event = ChangeEvent(sentence=text, links=links, actor_kind=Kind.CONNECTION, actor_name=EVE)
    (row,) = present([event], acme.dev)
    link = f'<a href="{acme.url}end-users/{acme.ada.pk}/"><bdi>{NOA}</bdi></a>'
    assert row.sentence == f"<bdi>{EVE}</bdi> added {link} to Support."


@pytest.mark.django_db
def test_a_mail_isolates_names_by_characters(acme):
    event = ChangeEvent(sentence=str(Sentence("{by} left.", by=OKTA_ACTOR).text), actor_name=EVE)
    mail = render_to_string("emails/owners.txt", {"event": event, "workspace": Workspace(name=NOA), "changes": []})
    assert f"Workspace: \u2068{NOA}\u2069\n" in mail
    assert f"ask \u2068{EVE}\u2069." in mail


def test_a_document_shows_its_controls_as_escapes():
    assert pretty_json({"displayName": EVE}) == '{\n  "displayName": "Eve\\u202elive"\n}'

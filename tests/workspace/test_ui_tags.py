import re
from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from workspace.templatetags import ui

NOW = datetime(2026, 3, 5, 18, 51, tzinfo=UTC)


def render(source, request=None, **context):
    return Template(source).render(Context({"request": request, **context}))


def test_icon_is_hidden_from_assistive_technology():
    assert 'aria-hidden="true"' in render('{% icon "users" %}')


def test_unknown_icon_is_a_developer_mistake():
    with pytest.raises(KeyError):
        render('{% icon "unicorn" %}')


def test_badge_escapes_its_word():
    assert render("{% badge word tone='success' %}", word="<b>") == '<span class="badge tone-success">&lt;b&gt;</span>'


def test_a_select_offers_what_djangos_own_does():
    """Names are escaped, and isolated as plain text: an option holds no elements."""
    names = [("", "None"), ("1", "A & <B>"), ("Places", [("2", "\u05d0 \u202e<b>"), ('3 "', "C")])]
    field = forms.ChoiceField(choices=names, widget=forms.Select(attrs={"required": True}))
    ours = field.widget.render("place", '3 "', attrs={"id": "id_place"})
    theirs = field.widget.render("place", '3 "', attrs={"id": "id_place"}, renderer=DjangoTemplates())
    assert re.sub(r"\s*\n\s*", "", ours) == re.sub(r"\s*\n\s*", "", theirs)
    assert '<option value="3 &quot;" selected>C</option>' in ours


def test_unknown_tone_is_a_developer_mistake():
    with pytest.raises(ValueError, match="Unknown tone 'loud'"):
        render('{% badge "Active" tone="loud" %}')


@pytest.mark.parametrize("tag", ["card", "callout"])
def test_block_tag_keeps_its_body_and_escapes_its_title(tag):
    html = render("{% " + tag + " title=title %}<p>{{ body }}</p>{% end" + tag + " %}", title="A & B", body="C & D")
    assert "A &amp; B" in html
    assert "<p>C &amp; D</p>" in html


@pytest.mark.parametrize(
    ("query", "url", "direction"),
    [
        ("q=ada&page=3", "?q=ada&sort=name", ""),
        ("sort=name", "?sort=-name", "ascending"),
        ("sort=-name", "?sort=name", "descending"),
        ("sort=email", "?sort=name", ""),
    ],
)
def test_sort_header_turns_the_order_and_returns_to_the_first_page(query, url, direction):
    html = render('{% sort_header "Name" key="name" %}', request=RequestFactory().get(f"/?{query}"))
    assert f'href="{url.replace("&", "&amp;")}"' in html
    assert (f'aria-sort="{direction}"' in html) == bool(direction)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5\xa0minutes ago"),
        (timedelta(days=3), "3\xa0days ago"),
        (timedelta(days=-3), "in 3\xa0days"),
        (timedelta(days=40), "24 Jan 2026"),
    ],
)
def test_relative_words(distance, words):
    assert ui.relative_words(NOW - distance, NOW) == words


def test_time_ago_has_the_exact_time_beside_the_words():
    with timezone.override("UTC"):
        html = render("{% time_ago value %}", value=NOW)
    assert 'datetime="2026-03-05T18:51:00+00:00"' in html
    assert 'title="5 March 2026, 18:51:00 UTC"' in html


def test_time_ago_without_a_time():
    assert render('{% time_ago value empty="Never used" %}', value=None) == "Never used"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ada Lovelace", "AL"), ("Ada Augusta King", "AK"), ("ada@example.com", "A"), ("", "")],
)
def test_initials(name, letters):
    assert ui.initials(name) == letters


@pytest.mark.parametrize(
    ("value", "text"),
    [({"a": 1}, '{\n  "a": 1\n}'), ('{"a": "é"}', '{\n  "a": "é"\n}'), ("<xml/>", "<xml/>")],
)
def test_pretty_json(value, text):
    assert ui.pretty_json(value) == text


@pytest.mark.parametrize(("mapping", "entry"), [({"scim": "Pushed."}, "Pushed."), ({}, ""), (None, "")])
def test_lookup(mapping, entry):
    assert ui.lookup(mapping, "scim") == entry


def test_numbers_are_written_as_sentences_write_them():
    page = Template("{{ few|thousands }} {{ many|thousands }}").render(Context({"few": 7, "many": 1128}))
    assert page == "7 1,128"

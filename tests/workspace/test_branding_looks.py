"""Colours that can be read, a footer that is only text and links, and the style sheet made of a look."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace.branding.colours import contrast, nearest_passing, passes, read_colour
from workspace.branding.footer import MAX_FOOTER, FooterError, check_footer, footer_html
from workspace.branding.look import Look, faint_texts
from workspace.branding.style import style_sheet

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")


@pytest.mark.parametrize("text", ["#108291", "108291", " #108291 ", "#108291\n"])
def test_a_colour_is_read_however_it_is_written(text):
    assert read_colour(text) == "#108291"
    assert read_colour("#aBc") == "#AABBCC"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#",
        "red",
        "#12345",
        "#1234567",
        "#12345678",
        "rgb(1,2,3)",
        "#GGGGGG",
        "##108291",
        "#１２３４５６",
        "#108291;}",
    ],
)
def test_what_is_no_colour_is_refused(text):
    with pytest.raises(ValueError, match="no colour"):
        read_colour(text)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#FFFFFF") == 21
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert contrast("#FFFFFF", "#777777") == contrast("#777777", "#FFFFFF")


@given(colours, colours)
def test_there_is_a_colour_near_every_one_that_passes(colour, background):
    better = nearest_passing(colour, background)
    assert passes(better, background)
    assert (better == colour) == passes(colour, background)


def test_the_nearest_colour_is_barely_far_enough():
    assert nearest_passing("#AAAAAA", "#FFFFFF") == "#757575"
    assert contrast("#767676", "#FFFFFF") >= 4.5 > contrast("#777777", "#FFFFFF")


def test_the_default_look_can_be_read():
    assert list(faint_texts(Look())) == []


def test_a_faint_text_is_told_with_a_colour_that_passes():
    look = Look(secondary_text_color="#CC7777")
    (faint,) = faint_texts(look)
    assert "Secondary text color on Brand color has a contrast of" in faint.sentence
    assert faint.change == "secondary_text_color" and faint.better in faint.sentence
    assert list(faint_texts(replace(look, secondary_text_color=faint.better))) == []


def test_where_no_text_passes_on_both_backgrounds_the_background_is_changed():
    look = Look(page_background="#404040", form_background="#FFFFFF", primary_text_color="#222222")
    (faint,) = faint_texts(look)
    assert (faint.text, faint.change) == ("primary_text_color", "page_background")
    assert list(faint_texts(replace(look, page_background=faint.better))) == []


@given(colours, colours, colours)
def test_what_is_mixed_of_chosen_colours_can_be_read_where_they_can(page, form, ink):
    look = Look(page_background=page, form_background=form, primary_text_color=ink)
    if any(faint.text == "primary_text_color" for faint in faint_texts(look)):
        return
    tokens = dict(re.findall(r"--([\w-]+):(#[0-9A-F]{6})", style_sheet(look)))
    assert passes(tokens["ink-muted"], form)
    assert passes(tokens["ink-faint"], page, form)
    assert passes(tokens["line-strong"], form, least=3)
    for tone in ("danger", "warning", "success"):
        assert passes(tokens[f"{tone}-ink"], form, tokens[f"{tone}-soft"])


def test_own_colours_keep_one_scheme_and_the_default_ones_follow_the_reader():
    assert "prefers-color-scheme: dark" in style_sheet(Look()) and ";color-scheme:" not in style_sheet(Look())
    light, dark = style_sheet(Look(brand_color="#A01E5A")), style_sheet(Look(form_background="#101010"))
    assert "color-scheme:light" in light and "prefers-color-scheme" not in light
    assert "color-scheme:dark" in dark and "prefers-color-scheme" not in dark


def test_a_reader_with_colours_of_their_own_keeps_them():
    for look in (Look(), Look(brand_color="#A01E5A")):
        for condition in re.findall(r"@media ([^{]+)\{", style_sheet(look)):
            assert "(forced-colors: none)" in condition


def test_the_font_is_a_stack_or_the_uploaded_file():
    assert "--font:system-ui" in style_sheet(Look())
    assert "--font:Charter" in style_sheet(Look(font="transitional"))
    assert 'src:url("/x") format("woff2")' in style_sheet(Look(font="uploaded", font_file="x"), "/x")
    assert "@font-face" not in style_sheet(Look(font="system", font_file="x"), "/x")
    assert "--font:system-ui" in style_sheet(Look(font="no-such-font"))


def test_a_footer_has_links_headings_and_lists():
    html = footer_html("# Help\n\n- [Privacy](https://example.com/?a=1&b=2)\n- *now*\n\n1. [mail](mailto:a@b.example)")
    assert "<h2>Help</h2>" in html and "<ul>" in html and "<ol>" in html and "<em>now</em>" in html
    link = '<a href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">Privacy</a>'
    assert link in html


@pytest.mark.parametrize("markdown", ["### a\n\n###### b\n\n# c", "a\n===\n\nb\n---\n\n#### c"])
def test_headings_leave_no_level_out(markdown):
    levels = [int(level) for level in re.findall(r"<h(\d)", footer_html(markdown))]
    assert levels[0] == 2
    assert all(after - before <= 1 for before, after in pairwise(levels))


UNWANTED = [
    ("[x](javascript:alert(1))", "https:// or mailto:"),
    ("[x](JaVaScRiPt:alert(1))", "https:// or mailto:"),
    ("[x](&#106;avascript:alert(1))", "https:// or mailto:"),
    ("[x](data:text/html,x)", "https:// or mailto:"),
    ("[x](vbscript:x)", "https:// or mailto:"),
    ("[x](file:///etc)", "https:// or mailto:"),
    ("[x](//evil.example)", "https:// or mailto:"),
    ("[x](/workspaces/)", "https:// or mailto:"),
    ("[x](https:evil)", "https:// or mailto:"),
    ("[x]()", "https:// or mailto:"),
    ("[x]\n\n[x]: javascript:alert(1)", "https:// or mailto:"),
    ("<javascript:alert(1)>", "https:// or mailto:"),
    ("<b>x</b>", "Leave HTML out"),
    ("a <img src=x onerror=alert(1)>", "Leave HTML out"),
    ("<script>alert(1)</script>", "Leave HTML out"),
    ("<!-- x -->", "Leave HTML out"),
    ("![x](https://evil.example/x.png)", "Leave pictures out"),
    ("[![x](https://evil.example/x.png)](https://a.example)", "Leave pictures out"),
    ("`x`", "Leave code out"),
    ("```\nx\n```", "Leave code blocks out"),
    ("> x", "Leave quotations out"),
    ("x" * (MAX_FOOTER + 1), "at most 5,000 characters"),
    ("x" * 1_000_000, "at most 5,000 characters"),
    ("a\u202eb", "invisible characters"),
]


@pytest.mark.parametrize(("markdown", "told"), UNWANTED)
def test_what_a_footer_may_not_have_is_named(markdown, told):
    with pytest.raises(FooterError, match=told):
        check_footer(markdown)


@pytest.mark.parametrize("markdown", [markdown for markdown, _ in UNWANTED if len(markdown) < MAX_FOOTER])
def test_a_footer_that_came_past_the_check_runs_and_loads_nothing(markdown):
    html = footer_html(markdown)
    assert not re.search(r"<(?!/?(a|br|em|h[2-6]|li|ol|p|strong|ul)\b)", html)
    assert not re.search(r'href="\s*(javascript|vbscript|data|file)', html, re.IGNORECASE)


@pytest.mark.parametrize(
    "markdown", ["[" * 5_000, "*a **" * 1_000, "- " * 2_500, "> " * 2_500, "#" * 5_000, "\\" * 5_000]
)
def test_a_footer_made_to_be_slow_is_quick(markdown):
    assert len(footer_html(markdown)) < 100_000

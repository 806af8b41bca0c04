"""Long values on pages: they wrap between their parts, and never inside one."""

import re

import pytest
from django.utils.translation import gettext_lazy

from workspace.markup import needs_markup, title_of, value_html, wrapped_html
from workspace.templatetags.ui import in_html


@pytest.fixture(autouse=True)
def words_in_one_piece():
    """Undo the fixture of all tests: this is what these are about."""


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("camille.laurent@acme.example", ["camille(dot).laurent", "@acme(dot).example"]),
        ("https://idp.example/saml/metadata", ["https://", "idp(dot).example/", "saml/", "metadata"]),
        ("workspace_end_user_name", ["workspace", "_end", "_user", "_name"]),
        ("urn:ietf:params:scim:User", ["urn:", "ietf:", "params:", "scim:", "User"]),
        ("01a21ca3-f2b2-7625", ["01a21ca3-", "f2b2-", "7625"]),
        ("AB:CD:EF:01:23:45", ["AB:", "CD:", "EF:", "01:", "23:", "45"]),
        ("ada@mail.engineering.example", ["ada", "@mail", ".engineering", ".example"]),
        ("CN=provider,O=127.0.0.1", ["CN=", "provider,", "O=", "127(dot).0(dot).0(dot).1"]),
        ("<ada@acme.example>.", ["&lt;ada", "@acme(dot).example&gt;."]),
    ],
)
def test_a_long_word_wraps_between_its_parts(text, parts):
    assert value_html(text).replace('<wbr class="dot">', "(dot)") == f"<span>{'<wbr>'.join(parts)}</span>"


@pytest.mark.parametrize(
    "text", ["ada@acme.de", "17:25:54.569097", "Ada Lovelace", "a.b", "", "Many short words are no long one"]
)
def test_a_short_word_stays_as_it_is(text):
    assert value_html(text) == text
    assert not needs_markup(text)


def test_a_word_of_a_language_with_long_words_is_divided_at_its_soft_hyphens():
    assert value_html("Anmelde\u00adeinstellungen") == "Anmelde&shy;einstellungen"


def test_a_part_without_a_place_to_wrap_is_cut_in_the_middle_and_its_text_stays_whole():
    html = value_html("00u00000000000000004")
    assert html == '<span><span class="cut"><span class="cut-start">00u00000000000</span>000004</span></span>'
    assert re.sub("<[^>]*>", "", html) == "00u00000000000000004"


def test_every_character_is_escaped_once():
    html = re.sub("</?(wbr|span)[^>]*>", "", value_html("<script>alert('x')&amp;</script>"))
    assert html == "&lt;script&gt;alert(&#x27;x&#x27;)&amp;amp;&lt;/script&gt;"


def test_a_name_that_turns_is_isolated_and_wraps():
    assert (
        value_html("אבגדהוזחט@acme.example") == '<span><bdi>אבגדהוזחט<wbr>@acme<wbr class="dot">.example</bdi></span>'
    )


def test_html_wraps_in_its_text_only():
    html = '<a href="https://idp.example/metadata">Read &amp; ask</a> workspace_end_user_name'
    assert wrapped_html(html) == (
        '<a href="https://idp.example/metadata">Read &amp; ask</a> workspace<wbr>_end<wbr>_user<wbr>_name'
    )


def test_a_title_holds_no_element():
    assert title_of(value_html("camille.laurent@acme.example")) == "camille.laurent@acme.example"
    assert title_of(value_html("00u00000000000000004")) == "00u00000000000000004"


def test_a_long_word_of_a_translated_text_is_not_cut_as_a_name_is():
    word = "Wiederherstellungscode"
    assert in_html(gettext_lazy(word)) == word
    assert 'class="cut"' in str(in_html(word))

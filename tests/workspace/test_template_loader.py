"""A template's tags may go on over several lines, and its values isolate what turns."""

import pytest
from django.template import engines
from django.utils.safestring import mark_safe


@pytest.fixture
def rendered(tmp_path, settings):
    """Render a template that is written as a file of the project."""

    def render(source, **context):
        (tmp_path / "page.html").write_text(source)
        settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path]}]
        return engines["django"].get_template("page.html").render(context)

    return render


def test_a_tag_and_a_value_may_go_on_over_lines(rendered):
    source = '{% if a\n    and b %}{{ a\n  |default:"x" }} {% badge\n "On"\n  tone="success" %}{% endif\n%}'
    assert rendered(source, a="yes", b=1) == 'yes <span class="badge tone-success">On</span>'


def test_text_keeps_its_lines_and_values_their_indentation(rendered):
    assert rendered("one\n  {{ a }}\n\ntwo {", a="x\n  y") == "one\nx\n  y\n\ntwo {"


def test_a_value_in_text_is_isolated_and_one_in_an_attribute_is_not(rendered):
    source = '<a title="{{ a }}" {% if a > b %}id="{{ a }}"{% endif %}>{{ a }}</a>{{ a }}'
    assert rendered(source, a="א", b="") == '<a title="א" id="א"><bdi>א</bdi></a><bdi>א</bdi>'


def test_a_title_has_characters_instead_of_elements(rendered):
    assert rendered("{% filter title_of %}{{ a }}!{% endfilter %}", a="א") == "\u2068א\u2069!"


def test_joined_names_are_isolated_one_by_one(rendered):
    assert rendered('{{ "Remove "|add:a|add:"?" }} {{ b|join:", " }}', a="א", b=["א", "b"]) == (
        "Remove <bdi>א</bdi>? <bdi>א</bdi>, b"
    )


def test_other_values_are_shown_as_before(rendered):
    assert rendered("{{ a }} {{ b }} {{ c }} {{ missing }}", a=3, b=mark_safe("<b>א</b>"), c="<א>") == (
        "3 <b>א</b> <bdi>&lt;א&gt;</bdi> "
    )

"""A template's tags may go on over several lines."""

import pytest
from django.template import engines


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


def test_text_keeps_its_lines(rendered):
    assert rendered("one\n  {{ a }}\n\ntwo {", a="x") == "one\n  x\n\ntwo {"

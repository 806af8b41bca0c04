"""The style sheet is served as one file."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command

from tests.commands import PROJECT
from workspace.styles import OTHERS, STYLE_SHEET, style_sheet

CSS = PROJECT / "static" / "css"


def rules(text: str) -> str:
    """The text without blanks and comments, so that places in it can be compared."""
    return re.sub(r"\s|/\*.*?\*/", "", text, flags=re.DOTALL)


@pytest.fixture
def collected(tmp_path, settings):
    settings.STATIC_ROOT, settings.DATA_DIR = tmp_path / "static", tmp_path
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path / "static"


def test_the_style_sheet_holds_every_source_and_imports_nothing():
    text = style_sheet(CSS / "app.css")
    assert "@import" not in text
    for source in CSS.rglob("*.css"):
        if source.name != "app.css" and f"css/{source.name}" not in OTHERS:
            assert rules(source.read_text()) in rules(text), f"{source.name} is missing in app.css"


def test_later_layers_win():
    text = style_sheet(CSS / "app.css")
    assert text.index("@layer tokens, base, layout, components;") < text.index("@layer tokens {")


def test_one_file_is_collected_and_that_of_the_operators_pages(collected: Path):
    sheets = [str(path.relative_to(collected)) for path in collected.rglob("*.css") if "admin" not in path.parts]
    assert set(sheets) == {STYLE_SHEET} | OTHERS
    assert (collected / STYLE_SHEET).read_text() == style_sheet(CSS / "app.css")


def test_the_server_of_developers_finds_what_is_collected(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    found = finders.find(STYLE_SHEET)
    assert Path(str(found)).read_text() == style_sheet(CSS / "app.css")
    assert finders.find("css/tokens.css") is None
    assert finders.find("js/app.js") == str(PROJECT / "static" / "js" / "app.js")

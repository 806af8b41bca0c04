"""Every text that people read is marked, and each marked text is translated."""

import gettext
import re
from functools import cache

import pytest

from tests.catalogue import CATALOGUE, Entry, Key, entries, marked
from tests.translation import PROJECT, unmarked

# Texts that administrators and end users read. Operators' pages, the API, SCIM, logs and commands are English.
_READ = [PROJECT / each for each in ("workspace", "authentication", "provisioning", "templates")]
_NAME = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")
_ELEMENT = re.compile(r"</?(?:a|abbr|bdi|br|code|em|li|p|span|strong)\b")


@cache
def catalogue() -> dict[Key, Entry]:
    return {entry.key: entry for entry in entries()}


def test_no_text_is_unmarked():
    assert unmarked(_READ) == []


def test_each_marked_text_is_in_the_catalogue():
    missing = {f"{path.relative_to(PROJECT)}: {key[1]}" for path, key in marked(_READ) if key not in catalogue()}
    assert sorted(missing) == [], "manage.py makemessages -l de, then translate"


def test_each_text_of_the_catalogue_is_translated():
    assert [entry.text for entry in entries()[1:] if entry.is_fuzzy or not all(entry.translations.values())] == []
    assert [entry.text for entry in entries() if entry.plural and set(entry.translations) != {0, 1}] == []


@pytest.mark.parametrize("pattern", [_NAME, _ELEMENT])
def test_a_translation_has_the_same_values_and_elements(pattern):
    """The form for one may leave the number out."""
    wrong = []
    for entry in entries()[1:]:
        texts = [entry.text, entry.plural] if entry.plural else [entry.text]
        for number, translation in entry.translations.items():
            wanted, found = (sorted(pattern.findall(each)) for each in (texts[number], translation))
            if found != wanted and not (entry.plural and number == 0 and set(found) <= set(wanted)):
                wrong.append((texts[number], translation))
    assert wrong == []


def test_sentences_that_look_alike_without_their_words_are_told_alike():
    """A stored sentence is found by what stands between its words: the first of two would be told for both."""
    told: dict[str, set[str]] = {}
    for entry in entries()[1:]:
        if words := re.findall(r"{\w+}", entry.text):
            numbered = {word: f"{{{number}}}" for number, word in enumerate(words)}
            translation = re.sub(r"{\w+}", lambda found: numbered[found[0]], entry.translations[0])  # noqa: B023
            told.setdefault(re.sub(r"{\w+}", "{}", entry.text), set()).add(translation)
    assert [texts for texts in told.values() if len(texts) > 1] == []


def test_what_is_served_is_the_catalogue():
    """Compile it after each change: msgfmt -o django.mo django.po, or manage.py compilemessages."""
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog
    expected: dict[object, str] = {}
    for entry in entries()[1:]:
        text = f"{entry.context}\x04{entry.text}" if entry.context else entry.text
        for number, translation in entry.translations.items():
            expected[(text, number) if entry.plural else text] = translation
    assert {key: text for key, text in compiled.items() if key} == expected

"""Keys of names: what a reader takes for the same name has one key."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace.db.keys import canonical, kept_key, name_key, search_key

PARTS = [
    "Q",
    "q",
    "x",
    "ß",
    "SS",
    "é",
    "e\u0301",
    "ﬁ",
    "İ",
    " ",
    "\t",
    "\u00a0",
    "\u200b",
    "\u00ad",
    "\u202e",
    "Å",
    "ς",
]
texts = st.lists(st.sampled_from(PARTS), max_size=8).map("".join) | st.text(max_size=12)


@given(text=texts)
def test_a_key_is_its_own_key_and_does_not_change_with_what_nobody_sees(text):
    key = name_key(text)
    assert name_key(key) == key == " ".join(key.split())
    assert name_key(f" {text}\u200b ") == name_key(text.upper().lower()) if text.isascii() else True
    assert name_key(text.replace(" ", "\u3000 ")) == key


@pytest.mark.parametrize(
    "unseen", [*"\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202e\u2066\u2069"], ids=ascii
)
def test_unseen_characters_tell_no_two_names_apart(unseen):
    assert name_key(f"Q{unseen}X") == name_key(f"{unseen}qx") == "qx"
    assert name_key(f"e{unseen}\u0301") == "é"


@pytest.mark.parametrize("text", ["ada@xn--mnchen-3ya.example", " ADA@XN--MNCHEN-3YA.example\t", "ada@MÜNCHEN.example"])
def test_a_name_with_a_domain_has_one_key_in_both_forms(text):
    assert name_key(text) == "ada@münchen.example"


def test_an_old_key_stays_with_its_name_alone():
    assert kept_key("Q  X", "q  x") == "q  x"
    assert kept_key("Q X", "q  x") == kept_key("Q  X", "") == kept_key("Q  X", "q x") == "q x"


@given(text=st.text(st.characters(max_codepoint=127)))
def test_a_key_of_plain_letters_is_that_of_the_full_form(text):
    form = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold().strip()).strip()
    assert "xn--" in form or canonical(text) == form


@pytest.mark.parametrize(
    "texts", [("Ada  LOVE", "a@b.c"), ("\u200b Ada love", "A@B.c"), ("ada", "\u200b", "love a@b.c")]
)
def test_a_search_looks_in_words_without_what_nobody_sees(texts):
    assert search_key(*texts) == "ada love a@b.c"
    assert search_key(*texts, "É") == "ada love a@b.c e"

"""JSON is written as `json.dumps` writes it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace.json_text import ascii_of, text_of
from workspace.models import EndUser

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda parts: st.lists(parts) | st.dictionaries(st.text() | st.integers(), parts),
)


@given(VALUES)
def test_a_value_is_written_as_by_json_dumps(value):
    assert ascii_of(value) == json.dumps(value)
    assert text_of(value) == json.dumps(value, ensure_ascii=False)


def test_words_of_a_choice_and_tuples_are_written_too():
    assert ascii_of((EndUser.Status.ACTIVE, 1)) == text_of((EndUser.Status.ACTIVE, 1)) == '["active", 1]'


@pytest.mark.parametrize("write", [ascii_of, text_of], ids=["ascii", "text"])
def test_what_json_does_not_have_is_refused(write):
    with pytest.raises(TypeError, match="not JSON serializable"):
        write({"a": object()})

"""C16: what the request log keeps."""

import copy
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.payload.body import parse
from provisioning.payload.errors import ScimError
from provisioning.payload.masking import MASK, MAX_LENGTH, masked_query, masked_request, masked_text


def test_c16_secrets_are_masked():
    body = {
        "userName": "ada",
        "Password": "s3cret",
        "nested": [{"clientSecret": {"a": "s3cret"}}],
        "Operations": [{"op": "replace", "PATH": "password", "Value": "s3cret"}, {"path": "title", "value": "Dr"}],
    }
    text = masked_request(json.dumps(body).encode())
    assert "s3cret" not in text
    assert json.loads(text)["Operations"][1]["value"] == "Dr"


def test_c16_secrets_are_masked_in_what_is_no_json():
    assert masked_request(b'{"password": "s3cret", "x') == f'{{"password": "{MASK}", "x'
    assert "s3cret" not in masked_request(b'{"password": "s3cret')
    assert masked_request(b"\xff\x00") == "��"


def test_c16_tokens_are_masked_anywhere():
    assert "secret" not in masked_text("a scim_abc_secret-part_x b")
    assert masked_text("a scim_abc_secret-part_x b") == f"a scim_{MASK} b"


@pytest.mark.parametrize("name", ["filter", "Path"])
def test_c16_what_a_filter_compares_a_secret_with_is_masked(name):
    text = masked_request(json.dumps({name: 'emails[type eq "work"] or Password eq "s3cret"', "count": 2}).encode())
    assert json.loads(text) == {name: MASK, "count": 2}
    assert json.loads(masked_request(b'{"path": "password"}')) == {"path": "password"}


@pytest.mark.parametrize(
    "query", ['filter=pass%77ord+eq+"s3cret"&count=2', "count=2&filter=Password%20sw%20%22s3cret%22"]
)
def test_c16_a_query_that_compares_a_secret_is_kept_without_it(query):
    assert set(masked_query(query).split("&")) == {f"filter={MASK}", "count=2"}
    assert masked_query('filter=userName eq "ada"&count=2') == 'filter=userName eq "ada"&count=2'


def test_length_is_capped():
    assert len(masked_request(b'{"a": "' + b"x" * 100_000 + b'"}')) < MAX_LENGTH + 50


PADDING = "x" * MAX_LENGTH


@pytest.mark.parametrize(
    "body",
    [
        {"Operations": [{"op": "replace", "value": "s3cret", "path": "password", "z": PADDING}]},
        {"Operations": [{"op": "replace", "value": "s3cret", "z": PADDING, "path": "password"}]},
        {"Operations": [{"op": "replace", "value": {"a": "s3cret"}, "z": ["x"] * MAX_LENGTH, "path": "password"}]},
        {"value": "s3cret", "x": ["," * 70_000], "path": "password"},
        {"value": {"a": "s3cret"}, "x": [{}] * 70_000, "path": "password"},
        {"password": "s3cret", "x": [[]] * 70_000},
        {"a": {"clientSecret": ["x", "s3cret"]}, "x": [1] * 70_000},
        {"op": "replace", "value": json.dumps({"password": "s3cret word"}), "path": "x"},
        {"op": "replace", "value": json.dumps({"password": "s3cret word"}), "z": PADDING},
        {"x": json.dumps({"password": "a s3cret word"}), "z": [1] * 70_000},
        {"x": [json.dumps([{"value": "s3cret", "path": "token"}])], "z": PADDING},
    ],
    ids=lambda body: json.dumps(body)[:80],
)
def test_c16_what_is_cut_off_unmasks_nothing(body):
    for text in (json.dumps(body), json.dumps(body, indent=1), json.dumps(body)[:-1], json.dumps(body) + "}"):
        assert "s3cret" not in masked_request(text.encode())
        assert len(masked_request(text.encode())) < MAX_LENGTH + 50


@pytest.mark.parametrize(
    "text",
    [
        '{"Operations": [{"op": "replace", "path": "password", "value": "s3cret"}',
        '{"Operations": [{"op": "replace", "value": ["s3cret"], "path": "password"}',
        '{"clientSecret": {"a": "s3cret"}, "b": [',
        '{"secrets": ["x", "s3cret"], ',
        r'{"p\u0061ssword": "s3cret"',
        r'{"x": "{\"password\": \"a s3cret\"}"',
        '{"x": "a" b", "password": "s3cret"',
    ],
)
def test_c16_what_is_no_json_says_no_secret_by_its_structure(text):
    assert "s3cret" not in masked_request(text.encode())


def test_c16_a_token_is_masked_where_the_text_is_cut():
    token = "scim_abc_" + "s" * 43
    for kept in range(1, 43):
        text = " " * (MAX_LENGTH - len(token) + kept) + token
        assert "_s" not in masked_text(text)
        assert "_s" not in masked_request(text.encode())


def test_the_log_says_how_long_a_body_was_of_which_it_keeps_a_part():
    body = json.dumps({"x": [{"value": "x" * 50}] * 5_000})
    assert masked_request(body.encode()).endswith(f" … ({len(body):,} characters)")
    assert masked_request(json.dumps({"a": 1}, indent=MAX_LENGTH).encode()) == '{"a": 1}'


texts = st.text(max_size=12) | st.sampled_from(
    [' {"a": "b"}', "[1,2]", "ſecret", "\\u0070", "Zoë", 'pass"word', "tab\there"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)


@given(values, st.booleans())
def test_a_body_without_secrets_is_shown_as_one_with_some(value, is_ascii):
    """Bodies that name no secret are not copied value by value."""
    alone = masked_request(json.dumps({"value": value}, ensure_ascii=is_ascii).encode(errors="replace"))
    beside = masked_request(json.dumps({"password": 1, "value": value}, ensure_ascii=is_ascii).encode(errors="replace"))
    assert beside == alone.replace("{", f'{{"password": "{MASK}", ', 1)


@given(values, st.booleans(), st.sampled_from(["a", "password"]))
def test_c16_a_body_that_was_parsed_is_masked_as_one_that_was_not(value, is_ascii, name):
    body = json.dumps({name: 1.50, "value": value}, ensure_ascii=is_ascii).encode(errors="replace")
    with suppress(ScimError):
        parsed = parse(body)
        before = copy.deepcopy(parsed)
        assert masked_request(body, parsed) == masked_request(body)
        assert parsed == before


def test_a_long_body_without_secrets_is_cut():
    for separators in ((", ", ": "), (",", ":")):
        body = json.dumps({"value": ["x" * 100] * 200}, separators=separators)
        assert masked_request(body.encode()).endswith(f" … ({len(body):,} characters)")


@given(values, st.booleans())
def test_a_long_body_without_secrets_is_cut_where_one_with_some_is(value, is_ascii):
    """Bodies that name no secret are copied without looking at each name."""
    long = [value] * 10 + [{"value": "x" * 50, "type": [value]}] * 500
    shown = []
    for body in ({"members": long}, {"members": long, "password": 1}):
        text = masked_request(json.dumps(body, ensure_ascii=is_ascii).encode(errors="replace"))
        shown.append(text.rpartition(" … ")[0])
    assert shown[0] == shown[1] != ""

"""C7: what a body must be."""

import json

import pytest

from provisioning.payload import body
from provisioning.payload.errors import ScimError

NESTED = b'{"a":' * 21 + b"1" + b"}" * 21


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{", 400),
        (b'{"a": NaN}', 400),
        (b'{"a": 1e999}', 400),
        (b'{"a": "\\u0000"}', 400),
        (b'{"a": "\\ud800"}', 400),
        (b'{"a\\u0000": 1}', 400),
        (b'{"userName": "a", "username": "b"}', 400),
        (b'{"a": {"b": 1, "b": 2}}', 400),
        (b'{"a": "\xff"}', 400),
        ('{"a": "ä"}'.encode("utf-16"), 400),
        (NESTED, 400),
        (b'{"a":' * 10_000, 400),
        (b'{"a": ' + b"1" * 5000 + b"}", 400),
        (b'{"a": "' + b"x" * body.MAX_BYTES + b'"}', 413),
    ],
)
def test_c7_refused(content, status):
    with pytest.raises(ScimError) as refusal:
        body.parse(content)
    assert refusal.value.status == status
    assert refusal.value.scim_type == ("invalidSyntax" if status == 400 else None)
    assert refusal.value.to_dict()["status"] == str(status)


def test_c7_accepted():
    assert body.parse('{"a": "ä\\u00e9 \\ud83d\\ude00", "b": [1.5, null]}'.encode()) == {"a": "äé 😀", "b": [1.5, None]}


@pytest.mark.parametrize(
    "content", ['{"a":' * 20 + "1" + "}" * 20, f'{{"a": -{"9" * 20}, "b": "{"9" * 99}", "c": {"1234567890" * 2}}}']
)
def test_c7_accepted_up_to_the_limits(content):
    assert body.parse(content.encode()) == json.loads(content)


@pytest.mark.parametrize("text", ["{}", "-{}", "1, {}", '"ä", {}'])
def test_c7_a_number_of_21_digits_is_refused(text):
    with pytest.raises(ScimError):
        body.parse(f'{{"a": [{text.format("123456789012345678901")}]}}'.encode())


@pytest.mark.parametrize("kind", ["", "application/json", "application/scim+json; charset=utf-8", "Application/JSON"])
def test_c7_content_types(kind):
    body.check_headers(kind, "")


@pytest.mark.parametrize(("kind", "encoding"), [("text/plain", ""), ("application/xml", ""), ("", "gzip")])
def test_c7_refused_headers(kind, encoding):
    with pytest.raises(ScimError) as refusal:
        body.check_headers(kind, encoding)
    assert refusal.value.status == 415

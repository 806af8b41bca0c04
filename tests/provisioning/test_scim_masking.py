"""C16: what the request log keeps."""

import json

from provisioning.scim.masking import MASK, MAX_LENGTH, masked_request, masked_text


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


def test_length_is_capped():
    assert len(masked_request(b'{"a": "' + b"x" * 100_000 + b'"}')) < MAX_LENGTH + 50

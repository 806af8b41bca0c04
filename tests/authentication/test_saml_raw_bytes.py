"""S1: what may stand around a message, and how large it may be, before anything of it is parsed."""

import base64
import zlib

import pytest

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import check_assertion, check_logout, check_response
from authentication.saml.raw_bytes import MAX_BASE64, MAX_XML
from tests.authentication.gate import ASSERTION, HONEST, IDP, check, refusal
from tests.idp import Logout, deflate, encode

BLANKS = ["", "\n", " ", "\r\n\t", "\ufeff", "\r\n\ufeff  "]


@pytest.mark.parametrize("before", BLANKS)
def test_s1_white_space_and_a_byte_order_mark_may_stand_around_the_message_and_its_base64(before):
    lines = before + base64.encodebytes(HONEST).decode() + before.replace("\ufeff", "")
    for raw in (lines, lines.replace("\n", "\r\n"), lines.replace("\n", "\n\t  "), lines.encode()):
        assert check_response(raw).xml == HONEST
    for declaration in (b"", b'<?xml version="1.0" encoding="UTF-8"?>\n'):
        assert check(before.encode() + declaration + HONEST + b"\r\n").xml == declaration + HONEST + b"\r\n"
    assert check_assertion(before.encode() + ASSERTION + b"\r\n ", {}).is_assertion_signed
    logout = IDP.log_out(Logout())
    for is_deflated, encoded in ((False, encode), (True, deflate)):
        raw = before + encoded(before.encode() + logout)
        assert check_logout(raw, "samlp:LogoutRequest", is_deflated=is_deflated) == logout


def test_s1_nothing_else_stands_in_base64():
    for raw in (
        "\ufeff\ufeff" + encode(HONEST),
        encode(HONEST) + "\ufeff",
        encode(HONEST).replace("A", " A", 1),
        encode(HONEST) + "=",
        encode(HONEST)[:-1],
        "ü",
        "-_-_",
        b"\xff",
    ):
        with pytest.raises(SamlRefused) as caught:
            check_response(raw)
        assert caught.value.reason is SamlReason.NOT_BASE64


def test_s1_what_is_posted_is_never_inflated():
    assert refusal(zlib.compress(HONEST)[2:-4]).reason in (SamlReason.NOT_UTF8, SamlReason.NOT_XML)


def test_s1_size_is_capped_before_anything_is_decoded():
    with pytest.raises(SamlRefused) as caught:
        check_response("!" * (MAX_BASE64 + 1))
    assert caught.value.reason is SamlReason.TOO_LARGE
    assert refusal(HONEST + b" " * (MAX_XML + 1 - len(HONEST))).reason is SamlReason.TOO_LARGE
    assert check(HONEST + b" " * (MAX_XML - len(HONEST)))

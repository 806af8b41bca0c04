"""S2 and S3: encrypted assertions."""

import base64
from copy import deepcopy

import pytest
from lxml import etree

from authentication.saml.errors import SamlReason
from authentication.saml.xml import parse
from tests.authentication.signing import (
    BOTH,
    FOREIGN,
    IDP,
    PLACES,
    SP_CERTIFICATE,
    SP_PRIVATE,
    person,
    refusal,
    verified,
)
from tests.idp import NS, SHA1, SHA256, XENC, XENC11, Answer, Encryption, Style, ec_key, private_pem, rsa_key


@pytest.mark.parametrize("cipher", ["aes128-cbc", "aes256-cbc", "aes128-gcm", "aes256-gcm"])
@pytest.mark.parametrize("sign", PLACES)
def test_s2_an_encrypted_assertion_is_read_as_it_was_signed(sign, cipher):
    uri = (XENC if cipher.endswith("cbc") else XENC11) + cipher
    for beside in (False, True):
        encryption = Encryption(SP_CERTIFICATE, cipher=uri, key_beside=beside)
        found = verified(IDP.respond(Answer(), sign=sign, encryption=encryption))
        assert person(found.assertion) == "ada@acme.example"
        assert (found.response is not None) == ("response" in sign)


@pytest.mark.parametrize(
    ("transport", "digest", "mask"),
    [
        ("rsa-oaep-mgf1p", "", ""),
        ("rsa-oaep-mgf1p", SHA1, ""),
        ("rsa-oaep-mgf1p", SHA256, ""),
        ("rsa-oaep", SHA256, f"{XENC11}mgf1sha256"),
        ("rsa-oaep", SHA256, f"{XENC11}mgf1sha1"),
        ("rsa-oaep", "", f"{XENC11}mgf1sha256"),
    ],
)
def test_s3_rsa_oaep_is_accepted_with_sha_1_and_sha_256(transport, digest, mask):
    uri = (XENC11 if transport == "rsa-oaep" else XENC) + transport
    encryption = Encryption(SP_CERTIFICATE, transport=uri, digest=digest, mask=mask)
    assert verified(IDP.respond(Answer(), encryption=encryption))


@pytest.mark.parametrize("sign", PLACES)
@pytest.mark.parametrize(
    "change",
    [
        {"transport": f"{XENC}rsa-1_5"},
        {"cipher": f"{XENC}tripledes-cbc"},
        {"cipher": f"{XENC}aes192-cbc"},
        {"transport": f"{XENC11}rsa-oaep", "digest": f"{XENC}sha512"},
    ],
    ids=["RSA 1.5", "3DES", "AES-192", "OAEP SHA-512"],
)
def test_s3_other_encryption_is_refused(change, sign):
    xml = IDP.respond(Answer(), sign=sign, encryption=Encryption(SP_CERTIFICATE, **change))
    assert refusal(xml).reason is SamlReason.UNSUPPORTED_ENCRYPTION


def test_s2_every_decryption_key_is_tried():
    xml = IDP.respond(Answer(), encryption=Encryption(SP_CERTIFICATE))
    others = [private_pem(ec_key()), private_pem(rsa_key())]
    assert verified(xml, keys=(*others, SP_PRIVATE))
    for keys in ((), others):
        assert refusal(xml, keys=keys).reason is SamlReason.DECRYPTION_FAILED


def test_s2_an_encrypted_assertion_may_take_prefixes_from_around_it():
    encryption = Encryption(SP_CERTIFICATE, in_context=True)
    for sign in (("assertion",), BOTH):
        xml = IDP.respond(Answer(), sign=sign, encryption=encryption, style=Style(prefixes="xs xsi"))
        assert person(verified(xml).assertion) == "ada@acme.example"


def test_s2_encrypting_for_us_proves_nothing():
    unsigned = IDP.respond(Answer(), sign=(), encryption=Encryption(SP_CERTIFICATE))
    assert refusal(unsigned).reason is SamlReason.DECRYPTION_FAILED
    foreign = FOREIGN.respond(Answer(), encryption=Encryption(SP_CERTIFICATE))
    assert refusal(foreign).reason is SamlReason.DECRYPTION_FAILED


def test_s2_the_signature_of_the_response_is_verified_before_anything_is_decrypted():
    foreign = FOREIGN.respond(Answer(), sign=("response",), encryption=Encryption(SP_CERTIFICATE))
    assert refusal(foreign, keys=("never read",)).reason is SamlReason.CERTIFICATE_UNKNOWN


@pytest.mark.parametrize("cipher", [f"{XENC}aes128-cbc", f"{XENC11}aes256-gcm"])
def test_s2_a_changed_ciphertext_is_refused_in_one_way_only(cipher):
    xml = IDP.respond(Answer(), encryption=Encryption(SP_CERTIFICATE, cipher=cipher))
    root = parse(xml)
    value = root.find("saml:EncryptedAssertion/xenc:EncryptedData/xenc:CipherData/xenc:CipherValue", NS)
    ciphertext = base64.b64decode(value.text)
    changes = [
        ciphertext[:position] + bytes([ciphertext[position] ^ 1]) + ciphertext[position + 1 :]
        for position in (0, 11, 15, 16, 40, len(ciphertext) // 2, len(ciphertext) - 17, len(ciphertext) - 1)
    ]
    for changed in [*changes, ciphertext[:-16], ciphertext[:-1], ciphertext[:16], ciphertext[:8], b""]:
        value.text = base64.b64encode(changed).decode()
        refused = refusal(etree.tostring(root))
        assert (refused.reason, refused.detail, refused.__cause__) == (SamlReason.DECRYPTION_FAILED, "", None)


@pytest.mark.parametrize("sign", [("response",), BOTH])
def test_s1_decrypted_bytes_pass_the_gate_even_if_the_response_is_signed(sign):
    def comment(root: etree._Element) -> None:
        name = root.find("saml:Assertion/saml:Subject/saml:NameID", NS)
        name.text = "ada@acme.example"
        name.append(etree.Comment("x"))
        name[0].tail = ".evil.example"

    xml = IDP.respond(Answer(), sign=sign, edit=comment, encryption=Encryption(SP_CERTIFICATE))
    assert refusal(xml).reason is SamlReason.FORBIDDEN_MARKUP


def test_s2_a_signed_assertion_in_a_signed_response_must_hold_also_when_encrypted():
    root = etree.fromstring(FOREIGN.respond(Answer(), encryption=Encryption(SP_CERTIFICATE)))
    IDP.sign(root)
    assert refusal(etree.tostring(root)).reason is SamlReason.CERTIFICATE_UNKNOWN


def test_s2_few_encrypted_keys_are_tried():
    root = parse(IDP.respond(Answer(), encryption=Encryption(SP_CERTIFICATE, key_beside=True)))
    key = root.find("saml:EncryptedAssertion/xenc:EncryptedKey", NS)
    for number in range(4):
        copy = deepcopy(key)
        copy.set("Id", f"_key-{number}")
        key.addnext(copy)
    assert refusal(etree.tostring(root)).reason is SamlReason.TOO_COMPLEX

import base64
from datetime import timedelta
from time import process_time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from authentication.saml.certificates import Certificate, CertificateError, find_certificates, parse_certificates
from tests.authentication.certificates import (
    DER,
    EC_CERTIFICATE,
    EC_KEY,
    NOW,
    PEM,
    PKCS8,
    PRIVATE_KEYS,
    RSA_CERTIFICATE,
    RSA_KEY,
    bare,
    fingerprint,
    make,
    pem,
    private,
)


def refusal(text: str) -> str:
    with pytest.raises(CertificateError) as caught:
        parse_certificates(text)
    return str(caught.value)


def test_a_certificate_tells_fingerprint_names_times_and_key():
    (found,) = parse_certificates(pem(RSA_CERTIFICATE))
    assert found == Certificate(
        pem=pem(RSA_CERTIFICATE),
        fingerprint=fingerprint(RSA_CERTIFICATE),
        subject="CN=rsa.idp.example",
        issuer="CN=rsa.idp.example",
        not_before=NOW - timedelta(days=60),
        not_after=NOW + timedelta(days=30),
        key_description="RSA 2048",
    )


@pytest.mark.parametrize(
    "text",
    [
        pem(RSA_CERTIFICATE),
        pem(RSA_CERTIFICATE).replace("\n", "\r\n"),
        "\ufeff" + pem(RSA_CERTIFICATE).replace("\n", "\r\n"),
        pem(RSA_CERTIFICATE).replace("\n", " "),
        "  \n\n" + pem(RSA_CERTIFICATE).strip(),
        pem(RSA_CERTIFICATE).replace("CERTIFICATE", "X509 CERTIFICATE"),
        bare(RSA_CERTIFICATE),
        "\ufeff" + bare(RSA_CERTIFICATE) + "\r\n",
        "\n".join(pem(RSA_CERTIFICATE).splitlines()[1:-1]),
        bare(RSA_CERTIFICATE).translate(str.maketrans("+/", "-_")),
        bare(RSA_CERTIFICATE).translate(str.maketrans("+/", "-_")).rstrip("="),
        pem(RSA_CERTIFICATE).translate(str.maketrans("+/", "-_")),
        "Bag Attributes\n    localKeyID: 01 02\nsubject=CN = idp\n\nissuer=CN = idp\n" + pem(RSA_CERTIFICATE),
    ],
    ids=[
        "pem",
        "crlf",
        "bom",
        "one line",
        "padded",
        "x509 header",
        "bare",
        "bare with bom",
        "bare lines",
        "URL-safe",
        "URL-safe without padding",
        "URL-safe pem",
        "bag attributes",
    ],
)
def test_every_usual_way_of_pasting_gives_the_same_certificate(text):
    (found,) = parse_certificates(text)
    assert found.fingerprint == fingerprint(RSA_CERTIFICATE)
    assert found.pem == pem(RSA_CERTIFICATE)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_padding_may_be_left_out_whatever_the_length(number):
    certificate = make(name="x" * number)
    for text in (bare(certificate).rstrip("="), bare(certificate).translate(str.maketrans("+/", "-_")).rstrip("=")):
        assert parse_certificates(text)[0].fingerprint == fingerprint(certificate)


@pytest.mark.parametrize(
    "text",
    [
        pem(RSA_CERTIFICATE) + pem(EC_CERTIFICATE),
        bare(RSA_CERTIFICATE) + "\n\n" + bare(EC_CERTIFICATE),
        bare(RSA_CERTIFICATE) + "\r\n\r\n" + bare(EC_CERTIFICATE),
        pem(RSA_CERTIFICATE) + bare(EC_CERTIFICATE),
    ],
    ids=["pem", "bare paragraphs", "bare paragraphs, crlf", "mixed"],
)
def test_several_certificates_keep_their_order(text):
    found = parse_certificates(text)
    assert [one.key_description for one in found] == ["RSA 2048", "EC P-256"]


def test_repeated_certificates_count_once():
    assert len(parse_certificates(pem(EC_CERTIFICATE) * 12)) == 1


def test_s13_ten_certificates_are_accepted_and_eleven_refused():
    texts = [pem(make(name=f"{number}.example")) for number in range(11)]
    assert len(parse_certificates("".join(texts[:10]))) == 10
    assert "11 different certificates" in refusal("".join(texts))


@pytest.mark.parametrize(("curve", "description"), [(ec.SECP384R1(), "EC P-384"), (ec.SECP521R1(), "EC P-521")])
def test_s3_larger_curves_are_accepted(curve, description):
    (found,) = parse_certificates(pem(make(ec.generate_private_key(curve))))
    assert found.key_description == description


def test_an_expired_certificate_is_accepted_and_says_so():
    (found,) = parse_certificates(pem(make(days=-1)))
    assert found.is_expired(NOW)
    assert not found.is_expired(NOW - timedelta(days=1))


def test_s3_a_short_rsa_key_is_refused():
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    assert "1024 bits" in refusal(pem(make(key)))


def test_s3_what_cannot_be_used_beside_a_good_certificate_is_left_out_and_named():
    weak = make(rsa.generate_private_key(public_exponent=65537, key_size=1024), name="weak.example")
    other = make(ed25519.Ed25519PrivateKey.generate(), name="other.example")
    for text in (pem(weak) + pem(EC_CERTIFICATE) + pem(other), bare(weak) + "\n\n" + pem(EC_CERTIFICATE) + pem(other)):
        found = find_certificates(text)
        assert [one.fingerprint for one in found.certificates] == [fingerprint(EC_CERTIFICATE)]
        for certificate, why in ((weak, "an RSA key of 1024 bits"), (other, "a kind of key that is not accepted")):
            named = f"{certificate.subject.rfc4514_string()} (SHA-256 {fingerprint(certificate)}) has {why}"
            assert sum(named in sentence for sentence in found.left_out) == 1
    assert find_certificates(pem(EC_CERTIFICATE)).left_out == ()
    assert "CN=weak.example" in refusal(pem(weak) + pem(other)) and "CN=other.example" in refusal(
        pem(weak) + pem(other)
    )


def test_a_damaged_one_of_several_is_told_by_its_place():
    damaged = pem(EC_CERTIFICATE).replace("MII", "MBB")
    assert "Certificate 2 of 2: This is not a readable" in refusal(pem(RSA_CERTIFICATE) + damaged)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP224R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ec.generate_private_key(ec.SECP192R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["P-224", "secp256k1", "P-192", "Ed25519"],
)
def test_s3_other_kinds_of_key_are_refused(key):
    assert "kind of key" in refusal(pem(make(key)))


@pytest.mark.parametrize("text", PRIVATE_KEYS.values(), ids=PRIVATE_KEYS.keys())
def test_s13_a_private_key_is_refused_in_every_form(text):
    assert "You pasted a private key" in refusal(text)


@pytest.mark.parametrize("text", PRIVATE_KEYS.values(), ids=PRIVATE_KEYS.keys())
def test_s13_a_private_key_beside_a_certificate_is_refused_too(text):
    assert "You pasted a private key" in refusal(pem(RSA_CERTIFICATE) + text)
    assert "You pasted a private key" in refusal(text + "\n\n" + pem(RSA_CERTIFICATE))


def test_s13_a_private_key_with_a_wrong_number_in_it_is_still_recognised():
    der = bytearray(private(RSA_KEY, DER, PKCS8))
    der[len(der) // 2] ^= 1
    assert "You pasted a private key" in refusal(base64.b64encode(der).decode())


def test_a_signing_request_is_refused():
    request = x509.CertificateSigningRequestBuilder().subject_name(EC_CERTIFICATE.subject)
    signed = request.sign(EC_KEY, hashes.SHA256())
    assert "signing request" in refusal(signed.public_bytes(PEM).decode())
    assert "signing request" in refusal(base64.b64encode(signed.public_bytes(DER)).decode())


def test_a_public_key_alone_is_refused():
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    assert "only a public key" in refusal(EC_KEY.public_key().public_bytes(PEM, form).decode())
    bare_key = base64.b64encode(EC_KEY.public_key().public_bytes(DER, form)).decode()
    assert "only a public key" in refusal(bare_key)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Paste the signing certificate"),
        (" \n ", "Paste the signing certificate"),
        ("hello", "not a readable"),
        ("hello world, this is no certificate!", "not a readable"),
        ("<EntityDescriptor/>", "This is XML"),
        (pem(EC_CERTIFICATE)[:-40], "cut off"),
        (pem(EC_CERTIFICATE) + pem(RSA_CERTIFICATE)[:-40], "cut off"),
        (pem(EC_CERTIFICATE).replace("A", "B", 1), "not a readable"),
        (pem(EC_CERTIFICATE).replace("\n", "\n...\n", 2), "not a readable"),
        ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", "not a readable"),
        ("A" * 100_001, "too long"),
    ],
)
def test_anything_else_is_refused_with_what_to_do(text, says):
    assert says in refusal(text)


def test_no_error_quotes_what_was_pasted():
    secret = base64.b64encode(private(RSA_KEY, DER, PKCS8)).decode()
    for text in (secret, secret[:-9], bare(EC_CERTIFICATE)[:-40], "my-secret-words"):
        message = refusal(text)
        assert not any(text[start : start + 12] in message for start in range(len(text) - 12))


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda data: base64.b64encode(data).decode()))
def test_any_text_gives_certificates_or_a_sentence(text):
    with pytest.raises(CertificateError):
        parse_certificates(text)


@pytest.mark.parametrize("piece", ["BEGIN ", "-----BEGIN CERTIFICATE-----", "\n ", "A\n\n", "-----BEGIN "])
def test_hostile_repetition_is_answered_quickly(piece):
    started = process_time()
    refusal((piece * 100_000)[:100_000])
    assert process_time() - started < 1

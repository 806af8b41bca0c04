"""S2 and S3: what is read is what a pinned key signed. S4: XML signature wrapping."""

import base64
import subprocess
from copy import deepcopy
from datetime import UTC, datetime

import pytest
import xmlsec
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from authentication.saml.certificates import parse_base64
from authentication.saml.errors import Reason, SamlRefused
from authentication.saml.gate import Carries, Message, check_response, parse
from authentication.saml.responses import ProviderFacts, SpFacts, read_response
from authentication.saml.service_provider import sp_metadata
from authentication.saml.signatures import Verified, XmlsecBackend, verify
from tests.idp import (
    ACS_URL,
    DS,
    ECDSA_SHA256,
    ENVELOPED,
    EXCLUSIVE,
    MORE,
    NS,
    RSA_SHA1,
    RSA_SHA256,
    SHA1,
    SHA256,
    SP_ENTITY_ID,
    XENC,
    XENC11,
    Answer,
    Encryption,
    Idp,
    PySaml2Idp,
    Style,
    ec_key,
    encode,
    encrypt,
    private_pem,
    rsa_key,
    self_signed,
)

IDP, FOREIGN = Idp(), Idp()
SP_KEY = rsa_key()
SP_CERTIFICATE, SP_PRIVATE = self_signed(SP_KEY, "sp.example"), private_pem(SP_KEY)
BOTH = ("assertion", "response")
PLACES = [("assertion",), ("response",), BOTH]
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
XPATH, XSLT = "http://www.w3.org/TR/1999/REC-xpath-19991116", "http://www.w3.org/TR/1999/REC-xslt-19991116"


def verified(xml: bytes, *, certificates=(IDP.certificate,), allow_sha1=False, keys=(SP_PRIVATE,)) -> Verified:
    message = check_response(encode(xml))
    return verify(message, certificates=certificates, allow_sha1=allow_sha1, decryption_keys=keys)


def refusal(xml: bytes, **trust) -> SamlRefused:
    with pytest.raises(SamlRefused) as caught:
        verified(xml, **trust)
    return caught.value


def person(assertion: bytes) -> str:
    return parse(assertion).findtext("saml:Subject/saml:NameID", namespaces=NS)


# S2: the bytes. -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefixes", ["", "xs", "xs xsi #default", "unknown"])
@pytest.mark.parametrize("sign", PLACES)
def test_s2_what_is_handed_out_is_what_was_signed(sign, prefixes):
    found = verified(IDP.respond(Answer(), sign=sign, style=Style(prefixes=prefixes)))
    assert person(found.assertion) == "ada@acme.example"
    assert (found.response is not None) == ("response" in sign)
    if "assertion" in sign:
        assert b"Signature" not in found.assertion
    if found.response:
        assert parse(found.response).find("ds:Signature", NS) is None


def test_s2_characters_survive_canonicalization():
    name = "Zoë \U0001f600 \t\r\n <&>\"' 'O'"
    for sign in PLACES:
        found = verified(IDP.respond(Answer(attributes={"n": [name]}), sign=sign))
        assert parse(found.assertion).findtext(".//saml:AttributeValue", namespaces=NS) == name


def test_s2_text_around_the_signature_stays_signed():
    xml = IDP.respond(Answer(), edit=lambda root: root.find("saml:Assertion", NS).insert(1, etree.Element("gap")))
    spaced = xml.replace(b"<gap/>", b"")
    assert refusal_of_structure(xml) is Reason.UNEXPECTED_STRUCTURE
    assert refusal(spaced).reason is Reason.SIGNATURE_INVALID
    honest = IDP.respond(Answer(), edit=_space_after_issuer)
    assert b"</saml:Issuer>\n  <ds:Signature" in honest
    assert person(verified(honest).assertion) == "ada@acme.example"
    assert (
        refusal(honest.replace(b"</saml:Issuer>\n  <ds:", b"</saml:Issuer>\n <ds:")).reason is Reason.SIGNATURE_INVALID
    )


def _space_after_issuer(root: etree._Element) -> None:
    root.find("saml:Assertion/saml:Issuer", NS).tail = "\n  "


def refusal_of_structure(xml: bytes) -> Reason:
    with pytest.raises(SamlRefused) as caught:
        check_response(encode(xml))
    return caught.value.reason


@pytest.mark.parametrize("sign", PLACES)
def test_s2_every_change_of_what_is_signed_is_refused(sign):
    xml = IDP.respond(Answer(), sign=sign)
    for old, new in [
        (b"ada@", b"bob@"),
        (b"ada@acme.example", b"ada@acme.example "),
        (b"Ada Lovelace", b"Ada  Lovelace"),
        (b'Name="workspace_end_user_groups"', b'Name="workspace_end_user_group"'),
        (SP_ENTITY_ID.encode() + b"</", b"https://other.example</"),
        (b"SessionIndex", b'SessionNotOnOrAfter="" SessionIndex'),
        (b"bearer", b"sender"),
    ]:
        changed = xml.replace(old, new, 1)
        assert changed != xml
        with pytest.raises(SamlRefused) as caught:
            verified(changed)
        assert caught.value.reason in (Reason.SIGNATURE_INVALID, Reason.NOT_XML)


def test_s2_the_digest_alone_refuses_what_is_not_the_signed_bytes(monkeypatch):
    """Even if xmlsec had verified some other element, the bytes handed out have to be those of SignedInfo."""
    monkeypatch.setattr("authentication.saml.signatures._is_signed_by", lambda *_: True)
    refused = refusal(IDP.respond(Answer()).replace(b"ada@", b"bob@"))
    assert (refused.reason, refused.detail) == (Reason.SIGNATURE_INVALID, "digest")


def test_s2_outside_of_a_signed_assertion_nothing_is_handed_out():
    xml = IDP.respond(Answer()).replace(b'ID="_response-1"', b'ID="_changed"')
    assert verified(xml).response is None
    signed_around = IDP.respond(Answer(), sign=("response",)).replace(b'ID="_response-1"', b'ID="_changed"')
    assert refusal(signed_around).reason is Reason.UNSUPPORTED_SIGNATURE


def test_s2_unsigned_is_refused():
    assert refusal(IDP.respond(Answer(), sign=())).reason is Reason.NOT_SIGNED


@pytest.mark.parametrize("broken", ["assertion", "response"])
def test_s2_if_both_are_signed_both_must_hold(broken):
    root = etree.fromstring(IDP.unsigned(Answer()))
    for place, element in (("assertion", root.find("saml:Assertion", NS)), ("response", root)):
        (FOREIGN if place == broken else IDP).sign(element)
    xml = etree.tostring(root)
    assert refusal(xml).reason is Reason.CERTIFICATE_UNKNOWN
    assert verified(xml, certificates=(IDP.certificate, FOREIGN.certificate))


# S3: keys. ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "method"),
    [
        (rsa_key(3072), RSA_SHA256),
        (rsa_key(), f"{MORE}rsa-sha512"),
        (ec_key(), ECDSA_SHA256),
        (ec.generate_private_key(ec.SECP384R1()), f"{MORE}ecdsa-sha384"),
        (ec.generate_private_key(ec.SECP521R1()), f"{MORE}ecdsa-sha512"),
    ],
    ids=["RSA 3072", "RSA SHA-512", "P-256", "P-384", "P-521"],
)
def test_s3_strong_keys_and_methods_are_accepted(key, method):
    idp = Idp(key=key)
    for sign in PLACES:
        xml = idp.respond(Answer(), sign=sign, style=Style(method=method))
        assert person(verified(xml, certificates=(idp.certificate,)).assertion) == "ada@acme.example"


@pytest.mark.parametrize("key", [rsa_key(1024), ec.generate_private_key(ec.SECP256K1())], ids=["RSA 1024", "secp256k1"])
def test_s3_a_weak_key_is_refused_even_where_it_is_pinned(key):
    certificate = self_signed(key, "weak.example")
    assert refusal(IDP.respond(Answer()), certificates=(certificate,)).reason is Reason.CERTIFICATE_UNUSABLE
    assert refusal(IDP.respond(Answer()), certificates=(IDP.certificate, "junk")).reason is Reason.CERTIFICATE_UNUSABLE


@pytest.mark.parametrize("sign", PLACES)
def test_s3_any_pinned_certificate_will_do_and_no_other(sign):
    xml = IDP.respond(Answer(), sign=sign)
    others = [Idp(key=ec_key()).certificate, FOREIGN.certificate]
    assert verified(xml, certificates=(*others, IDP.certificate))
    refused = refusal(xml, certificates=others)
    fingerprint = parse_base64("".join(IDP.certificate.splitlines()[1:-1])).fingerprint.replace(":", "")
    assert (refused.reason, refused.detail) == (Reason.CERTIFICATE_UNKNOWN, f"SHA-256 {fingerprint}")
    assert refusal(xml, certificates=()).reason is Reason.CERTIFICATE_UNKNOWN


@pytest.mark.parametrize("sign", PLACES)
def test_s3_key_info_is_not_believed(sign):
    liar = Idp()
    liar.certificate = IDP.certificate  # shows the pinned certificate, signs with its own key
    assert refusal(liar.respond(Answer(), sign=sign)).reason is Reason.SIGNATURE_INVALID
    modest = IDP.respond(Answer(), sign=sign, style=Style(key_info=False))
    assert person(verified(modest).assertion) == "ada@acme.example"
    mistaken = Idp(key=IDP.key)
    mistaken.certificate = FOREIGN.certificate
    assert person(verified(mistaken.respond(Answer(), sign=sign)).assertion) == "ada@acme.example"
    without = FOREIGN.respond(Answer(), sign=sign, style=Style(key_info=False))
    assert refusal(without).reason is Reason.SIGNATURE_INVALID


# S3: algorithms. ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digest", [SHA256, f"{MORE}sha384", f"{XENC}sha512"])
@pytest.mark.parametrize("method", ["rsa-sha256", "rsa-sha384", "rsa-sha512"])
def test_s3_sha_2_is_accepted(method, digest):
    assert verified(IDP.respond(Answer(), style=Style(method=MORE + method, digest=digest)))


@pytest.mark.parametrize(("method", "digest"), [(RSA_SHA1, SHA1), (RSA_SHA1, SHA256), (RSA_SHA256, SHA1)])
def test_s3_sha_1_only_where_it_is_allowed(method, digest):
    xml = IDP.respond(Answer(), style=Style(method=method, digest=digest))
    assert refusal(xml).reason is Reason.WEAK_ALGORITHM
    assert verified(xml, allow_sha1=True)


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        (f"{MORE}hmac-sha256", SHA256),
        (f"{DS}hmac-sha1", SHA1),
        (f"{MORE}rsa-sha224", SHA256),
        (RSA_SHA256, f"{MORE}sha224"),
        (f"{MORE}rsa-md5", SHA256),
        (RSA_SHA256, f"{MORE}md5"),
    ],
)
def test_s3_other_algorithms_are_refused_even_where_sha_1_is_allowed(method, digest):
    try:
        xml = IDP.respond(Answer(), style=Style(method=method, digest=digest))
    except Exception:  # noqa: BLE001 - xmlsec is built without MD5; then only the name is wrong
        xml = (
            IDP.respond(Answer())
            .replace(RSA_SHA256.encode(), method.encode())
            .replace(SHA256.encode(), digest.encode())
        )
    for allow_sha1 in (False, True):
        assert refusal(xml, allow_sha1=allow_sha1).reason is Reason.UNSUPPORTED_SIGNATURE


def test_s3_a_truncated_hmac_has_no_place_to_say_so():
    xml = IDP.respond(Answer(), style=Style(method=f"{MORE}hmac-sha256"))
    length = f'hmac-sha256"><ds:HMACOutputLength xmlns:ds="{DS}">0</ds:HMACOutputLength></ds:SignatureMethod>'
    assert refusal(xml.replace(b'hmac-sha256"/>', length.encode())).reason is Reason.UNEXPECTED_STRUCTURE


@pytest.mark.parametrize(
    "transforms",
    [
        (ENVELOPED,),
        (EXCLUSIVE,),
        (),
        (ENVELOPED, C14N),
        (ENVELOPED, f"{EXCLUSIVE}WithComments"),
        (ENVELOPED, ENVELOPED),
        (ENVELOPED, EXCLUSIVE, EXCLUSIVE),
        (ENVELOPED, XPATH),
        (XPATH, EXCLUSIVE),
        (ENVELOPED, XSLT),
        (ENVELOPED, XSLT, EXCLUSIVE),
    ],
)
def test_s3_only_the_two_transforms_are_accepted(transforms):
    xml = IDP.respond(Answer(), style=Style(transforms=transforms))
    assert refusal(xml).reason in (Reason.UNSUPPORTED_SIGNATURE, Reason.UNEXPECTED_STRUCTURE)


@pytest.mark.parametrize("algorithm", [f"{DS}base64", XPATH, XSLT, "http://www.w3.org/2002/06/xmldsig-filter2", ""])
@pytest.mark.parametrize("old", [ENVELOPED, EXCLUSIVE])
def test_s3_no_transform_is_replaced(old, algorithm):
    transform = f'<ds:Transform Algorithm="{old}"'.encode()
    xml = IDP.respond(Answer()).replace(transform, f'<ds:Transform Algorithm="{algorithm}"'.encode())
    assert refusal(xml).reason is Reason.UNSUPPORTED_SIGNATURE


@pytest.mark.parametrize("c14n", [C14N, f"{C14N}#WithComments", f"{EXCLUSIVE}WithComments", f"{DS}base64"])
def test_s3_signed_info_is_canonicalized_exclusively(c14n):
    xml = IDP.respond(Answer()).replace(
        f'Method Algorithm="{EXCLUSIVE}"'.encode(), f'Method Algorithm="{c14n}"'.encode()
    )
    assert refusal(xml).reason is Reason.UNSUPPORTED_SIGNATURE
    if c14n != f"{DS}base64":
        assert refusal(IDP.respond(Answer(), style=Style(c14n=c14n))).reason is Reason.UNSUPPORTED_SIGNATURE


@pytest.mark.parametrize(
    "uri",
    ["", "#", "#_response-1", "#xpointer(/)", "#xpointer(id('_assertion-1'))", "https://evil.example/", "file:///x"],
)
def test_s3_a_signature_refers_to_the_element_around_it(uri):
    xml = IDP.respond(Answer()).replace(b'URI="#_assertion-1"', f'URI="{uri}"'.encode())
    assert refusal(xml).reason is Reason.UNSUPPORTED_SIGNATURE


def test_s3_a_whole_document_reference_is_refused_though_it_verifies():
    xml = IDP.respond(Answer(), sign=("response",), style=Style(uri="#xpointer(/)"))
    assert refusal(xml).reason is Reason.UNSUPPORTED_SIGNATURE


@pytest.mark.parametrize("name", ["Transform", "CanonicalizationMethod"])
def test_s3_inclusive_prefixes_are_few(name):
    prefixes = " ".join(f"p{number}" for number in range(33))
    inclusive = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{prefixes}"/>'
    start = f'<ds:{name} Algorithm="{EXCLUSIVE}"'
    changed = f"{start}>{inclusive}</ds:{name}>"
    xml = IDP.respond(Answer()).replace(f"{start}/>".encode(), changed.encode())
    assert refusal(xml).reason is Reason.TOO_COMPLEX


def test_s3_relative_namespaces_cannot_be_canonicalized():
    declared = IDP.respond(Answer()).replace(b"<saml:Subject>", b'<saml:Subject xmlns:r="relative">')
    assert refusal(declared).reason is Reason.UNSUPPORTED_SIGNATURE


@pytest.mark.parametrize("value", [b"", b"AAAA", b"=", b"\xc3\xbc"])
def test_s3_a_damaged_signature_or_digest_is_refused(value):
    xml = IDP.respond(Answer())
    for name in (b"SignatureValue", b"DigestValue"):
        start, end = xml.index(b"<ds:%s>" % name), xml.index(b"</ds:%s>" % name)
        changed = xml[: start + len(name) + 5] + value + xml[end:]
        assert refusal(changed).reason is Reason.SIGNATURE_INVALID


# Encryption. ----------------------------------------------------------------------------------------------------------


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
    assert refusal(xml).reason is Reason.UNSUPPORTED_ENCRYPTION


def test_s2_every_decryption_key_is_tried():
    xml = IDP.respond(Answer(), encryption=Encryption(SP_CERTIFICATE))
    others = [private_pem(ec_key()), private_pem(rsa_key())]
    assert verified(xml, keys=(*others, SP_PRIVATE))
    for keys in ((), others):
        assert refusal(xml, keys=keys).reason is Reason.DECRYPTION_FAILED


def test_s2_an_encrypted_assertion_may_take_prefixes_from_around_it():
    encryption = Encryption(SP_CERTIFICATE, in_context=True)
    for sign in (("assertion",), BOTH):
        xml = IDP.respond(Answer(), sign=sign, encryption=encryption, style=Style(prefixes="xs xsi"))
        assert person(verified(xml).assertion) == "ada@acme.example"


def test_s2_encrypting_for_us_proves_nothing():
    unsigned = IDP.respond(Answer(), sign=(), encryption=Encryption(SP_CERTIFICATE))
    assert refusal(unsigned).reason is Reason.DECRYPTION_FAILED
    foreign = FOREIGN.respond(Answer(), encryption=Encryption(SP_CERTIFICATE))
    assert refusal(foreign).reason is Reason.DECRYPTION_FAILED


def test_s2_the_signature_of_the_response_is_verified_before_anything_is_decrypted():
    foreign = FOREIGN.respond(Answer(), sign=("response",), encryption=Encryption(SP_CERTIFICATE))
    assert refusal(foreign, keys=("never read",)).reason is Reason.CERTIFICATE_UNKNOWN


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
        assert (refused.reason, refused.detail, refused.__cause__) == (Reason.DECRYPTION_FAILED, "", None)


@pytest.mark.parametrize("sign", [("response",), BOTH])
def test_s1_decrypted_bytes_pass_the_gate_even_if_the_response_is_signed(sign):
    def comment(root: etree._Element) -> None:
        name = root.find("saml:Assertion/saml:Subject/saml:NameID", NS)
        name.text = "ada@acme.example"
        name.append(etree.Comment("x"))
        name[0].tail = ".evil.example"

    xml = IDP.respond(Answer(), sign=sign, edit=comment, encryption=Encryption(SP_CERTIFICATE))
    assert refusal(xml).reason is Reason.FORBIDDEN_MARKUP


def test_s2_a_signed_assertion_in_a_signed_response_must_hold_also_when_encrypted():
    root = etree.fromstring(FOREIGN.respond(Answer(), encryption=Encryption(SP_CERTIFICATE)))
    IDP.sign(root)
    assert refusal(etree.tostring(root)).reason is Reason.CERTIFICATE_UNKNOWN


def test_s2_few_encrypted_keys_are_tried():
    root = parse(IDP.respond(Answer(), encryption=Encryption(SP_CERTIFICATE, key_beside=True)))
    key = root.find("saml:EncryptedAssertion/xenc:EncryptedKey", NS)
    for number in range(4):
        copy = deepcopy(key)
        copy.set("Id", f"_key-{number}")
        key.addnext(copy)
    assert refusal(etree.tostring(root)).reason is Reason.TOO_COMPLEX


# S4: wrapping. --------------------------------------------------------------------------------------------------------

MALLORY, ADA = "mallory@acme.example", "ada@acme.example"


def forged(element: etree._Element, *, keep_signature: bool = False) -> etree._Element:
    """Return a copy that names another person, under an ID of its own."""
    copy = deepcopy(element)
    copy.set("ID", "_forged")
    copy.find(".//saml:NameID", NS).text = ADA
    if not keep_signature:
        for signature in copy.findall("ds:Signature", NS):
            copy.remove(signature)
    return copy


def ds_object(*children: etree._Element) -> etree._Element:
    element = etree.Element(f"{{{DS}}}Object")
    element.extend(children)
    return element


def xsw1(root):
    evil = forged(root)
    signature = deepcopy(root.find("ds:Signature", NS))
    evil.insert(1, signature)
    signature.append(ds_object(root))
    return evil


def xsw2(root):
    evil = forged(root)
    evil.insert(1, deepcopy(root.find("ds:Signature", NS)))
    evil.insert(1, root)
    return evil


def xsw3(root):
    root.find("saml:Assertion", NS).addprevious(forged(root.find("saml:Assertion", NS)))
    return root


def xsw4(root):
    assertion = root.find("saml:Assertion", NS)
    evil = forged(assertion)
    assertion.addprevious(evil)
    evil.append(assertion)
    return root


def xsw5(root):
    assertion = root.find("saml:Assertion", NS)
    original = deepcopy(assertion)
    original.remove(original.find("ds:Signature", NS))
    assertion.addnext(original)
    assertion.set("ID", "_forged")
    assertion.find(".//saml:NameID", NS).text = ADA
    return root


def xsw6(root):
    assertion = root.find("saml:Assertion", NS)
    original = deepcopy(assertion)
    original.remove(original.find("ds:Signature", NS))
    assertion.find("ds:Signature", NS).append(original)
    assertion.set("ID", "_forged")
    assertion.find(".//saml:NameID", NS).text = ADA
    return root


def xsw7(root):
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    extensions.append(forged(root.find("saml:Assertion", NS)))
    root.insert(1, extensions)
    return root


def xsw8(root):
    assertion = root.find("saml:Assertion", NS)
    original = deepcopy(assertion)
    original.remove(original.find("ds:Signature", NS))
    assertion.find("ds:Signature", NS).append(ds_object(original))
    assertion.set("ID", "_forged")
    assertion.find(".//saml:NameID", NS).text = ADA
    return root


def same_id(root):
    assertion = root.find("saml:Assertion", NS)
    evil = forged(assertion, keep_signature=True)
    evil.set("ID", assertion.get("ID"))
    assertion.addprevious(evil)
    return root


def in_an_attribute(root):
    assertion = root.find("saml:Assertion", NS)
    evil = forged(assertion, keep_signature=True)
    assertion.addprevious(evil)
    evil.find(".//saml:AttributeValue", NS).append(assertion)
    return root


def in_subject_confirmation_data(root):
    assertion = root.find("saml:Assertion", NS)
    evil = forged(assertion, keep_signature=True)
    assertion.addprevious(evil)
    evil.find(".//saml:SubjectConfirmationData", NS).append(assertion)
    return root


OF_RESPONSES = [xsw1, xsw2]
OF_ASSERTIONS = [xsw3, xsw4, xsw5, xsw6, xsw7, xsw8, same_id, in_an_attribute, in_subject_confirmation_data]
WRAPPINGS = [
    *((wrap, sign) for wrap in OF_RESPONSES for sign in (("response",), BOTH)),
    *((wrap, sign) for wrap in OF_ASSERTIONS for sign in (("assertion",), BOTH)),
]


def wrapped(wrap, sign) -> bytes:
    xml = etree.tostring(wrap(parse(IDP.respond(Answer(person=MALLORY), sign=sign))))
    assert ADA.encode() in xml and MALLORY.encode() in xml
    return xml


@pytest.mark.parametrize(("wrap", "sign"), WRAPPINGS)
def test_s4_wrapping_is_refused(wrap, sign):
    assert refusal(wrapped(wrap, sign)).reason in (Reason.UNEXPECTED_STRUCTURE, Reason.BAD_ID)


@pytest.mark.parametrize(("wrap", "sign"), WRAPPINGS)
def test_s4_wrapping_is_refused_also_behind_the_gate(wrap, sign):
    """The second wall alone: even if the gate let it pass, only bytes that were signed are handed out."""
    message = Message(wrapped(wrap, sign), Carries.ASSERTION, "response" in sign, "assertion" in sign)
    try:
        found = verify(message, certificates=(IDP.certificate,), allow_sha1=False, decryption_keys=())
    except (SamlRefused, AttributeError):
        return
    assert person(found.assertion) == MALLORY


@pytest.mark.parametrize("wrap", [xsw3, xsw4, xsw5, xsw6, xsw8, same_id])
def test_s4_wrapping_under_encryption_is_refused(wrap):
    root = wrap(parse(IDP.respond(Answer(person=MALLORY))))
    evil = root.find("saml:Assertion", NS)
    for other in root.findall("saml:Assertion", NS)[1:]:
        evil.append(other)  # two of them cannot be encrypted as one
    xml = etree.tostring(root)
    assert ADA.encode() in xml
    encrypted = parse(xml)
    encrypt(encrypted, Encryption(SP_CERTIFICATE))
    assert refusal(etree.tostring(encrypted)).reason is Reason.DECRYPTION_FAILED


# A second IdP, and no program. ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", PLACES)
def test_s2_the_server_of_pysaml2_is_understood(sign):
    idp = PySaml2Idp(sp_metadata(entity_id=SP_ENTITY_ID, acs_url=ACS_URL))
    xml = idp.respond(Answer(attributes={"mail": ["ada@acme.example"], "displayName": ["Ada"]}), sign=sign)
    claims = read_response(
        encode(xml),
        provider=ProviderFacts(idp.entity_id, (idp.certificate,), allow_sha1=False),
        sp=SpFacts(SP_ENTITY_ID, ACS_URL),
        in_response_to="_request-1",
        now=datetime.now(UTC),
    )
    assert claims.name_id == "ada@acme.example"
    assert claims.attributes["urn:oid:2.16.840.1.113730.3.1.241"] == ("Ada",)
    assert refusal(xml).reason is Reason.SIGNATURE_INVALID


def test_lxml_and_xmlsec_hold_the_same_libxml2():
    """They hand each other trees in memory, so their versions are pinned together."""
    assert xmlsec.get_libxml_version() == etree.LIBXML_VERSION


def test_s3_no_program_is_started(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delattr(subprocess, "Popen")
    for sign in PLACES:
        assert verified(IDP.respond(Answer(), sign=sign, encryption=Encryption(SP_CERTIFICATE)))


def test_s2_pysaml2_cannot_verify_by_itself():
    with pytest.raises(NotImplementedError):
        XmlsecBackend(SP_PRIVATE).validate_signature("", "", "pem", "", "")

"""S2 and S3: what is read is what a pinned key signed."""

import ast
import subprocess
from datetime import UTC, datetime

import pytest
import xmlsec
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from authentication.saml.certificates import parse_base64
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import check_response
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.responses import read_response
from authentication.saml.service_provider import sp_metadata
from authentication.saml.xml import parse
from tests.authentication.signing import (
    FOREIGN,
    IDP,
    PLACES,
    SP_CERTIFICATE,
    person,
    refusal,
    refusal_of_structure,
    space_after_issuer,
    verified,
)
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
    SKEW,
    SP_ENTITY_ID,
    XENC,
    Answer,
    Encryption,
    Idp,
    PySaml2Idp,
    Style,
    ec_key,
    encode,
    rsa_key,
    self_signed,
)
from tests.server import PROJECT

C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
XPATH, XSLT = "http://www.w3.org/TR/1999/REC-xpath-19991116", "http://www.w3.org/TR/1999/REC-xslt-19991116"


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
    assert refusal_of_structure(xml) is SamlReason.UNEXPECTED_STRUCTURE
    assert refusal(spaced).reason is SamlReason.SIGNATURE_INVALID
    honest = IDP.respond(Answer(), edit=space_after_issuer)
    assert b"</saml:Issuer>\n  <ds:Signature" in honest
    assert person(verified(honest).assertion) == "ada@acme.example"
    assert (
        refusal(honest.replace(b"</saml:Issuer>\n  <ds:", b"</saml:Issuer>\n <ds:")).reason
        is SamlReason.SIGNATURE_INVALID
    )


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
        assert caught.value.reason in (SamlReason.SIGNATURE_INVALID, SamlReason.NOT_XML)


def test_s2_the_digest_alone_refuses_what_is_not_the_signed_bytes(monkeypatch):
    """Even if xmlsec had verified some other element, the bytes handed out have to be those of SignedInfo."""
    monkeypatch.setattr("authentication.saml.signatures._is_signed_by", lambda *_: True)
    refused = refusal(IDP.respond(Answer()).replace(b"ada@", b"bob@"))
    assert (refused.reason, refused.detail) == (SamlReason.SIGNATURE_INVALID, "digest")


def test_s2_outside_of_a_signed_assertion_nothing_is_handed_out():
    xml = IDP.respond(Answer()).replace(b'ID="_response-1"', b'ID="_changed"')
    assert verified(xml).response is None
    signed_around = IDP.respond(Answer(), sign=("response",)).replace(b'ID="_response-1"', b'ID="_changed"')
    assert refusal(signed_around).reason is SamlReason.UNSUPPORTED_SIGNATURE


def test_s2_unsigned_is_refused():
    assert refusal(IDP.respond(Answer(), sign=())).reason is SamlReason.NOT_SIGNED


@pytest.mark.parametrize("broken", ["assertion", "response"])
def test_s2_if_both_are_signed_both_must_hold(broken):
    root = etree.fromstring(IDP.unsigned(Answer()))
    for place, element in (("assertion", root.find("saml:Assertion", NS)), ("response", root)):
        (FOREIGN if place == broken else IDP).sign(element)
    xml = etree.tostring(root)
    assert refusal(xml).reason is SamlReason.CERTIFICATE_UNKNOWN
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
    assert refusal(IDP.respond(Answer()), certificates=(certificate,)).reason is SamlReason.CERTIFICATE_UNUSABLE
    assert (
        refusal(IDP.respond(Answer()), certificates=(IDP.certificate, "junk")).reason is SamlReason.CERTIFICATE_UNUSABLE
    )


@pytest.mark.parametrize("sign", PLACES)
def test_s3_any_pinned_certificate_will_do_and_no_other(sign):
    xml = IDP.respond(Answer(), sign=sign)
    others = [Idp(key=ec_key()).certificate, FOREIGN.certificate]
    assert verified(xml, certificates=(*others, IDP.certificate))
    refused = refusal(xml, certificates=others)
    fingerprint = parse_base64("".join(IDP.certificate.splitlines()[1:-1])).fingerprint
    assert refused.reason is SamlReason.CERTIFICATE_UNKNOWN
    assert refused.differences[0]["sent"] == [fingerprint]
    assert refusal(xml, certificates=()).reason is SamlReason.CERTIFICATE_UNKNOWN


@pytest.mark.parametrize("sign", PLACES)
def test_s3_key_info_is_not_believed(sign):
    liar = Idp()
    liar.certificate = IDP.certificate  # shows the pinned certificate, signs with its own key
    assert refusal(liar.respond(Answer(), sign=sign)).reason is SamlReason.SIGNATURE_INVALID
    modest = IDP.respond(Answer(), sign=sign, style=Style(key_info=False))
    assert person(verified(modest).assertion) == "ada@acme.example"
    mistaken = Idp(key=IDP.key)
    mistaken.certificate = FOREIGN.certificate
    assert person(verified(mistaken.respond(Answer(), sign=sign)).assertion) == "ada@acme.example"
    without = FOREIGN.respond(Answer(), sign=sign, style=Style(key_info=False))
    assert refusal(without).reason is SamlReason.SIGNATURE_INVALID


# S3: algorithms. ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digest", [SHA256, f"{MORE}sha384", f"{XENC}sha512"])
@pytest.mark.parametrize("method", ["rsa-sha256", "rsa-sha384", "rsa-sha512"])
def test_s3_sha_2_is_accepted(method, digest):
    assert verified(IDP.respond(Answer(), style=Style(method=MORE + method, digest=digest)))


@pytest.mark.parametrize(("method", "digest"), [(RSA_SHA1, SHA1), (RSA_SHA1, SHA256), (RSA_SHA256, SHA1)])
def test_s3_sha_1_only_where_it_is_allowed(method, digest):
    xml = IDP.respond(Answer(), style=Style(method=method, digest=digest))
    assert refusal(xml).reason is SamlReason.WEAK_ALGORITHM
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
        assert refusal(xml, allow_sha1=allow_sha1).reason is SamlReason.UNSUPPORTED_SIGNATURE


def test_s3_a_truncated_hmac_has_no_place_to_say_so():
    xml = IDP.respond(Answer(), style=Style(method=f"{MORE}hmac-sha256"))
    length = f'hmac-sha256"><ds:HMACOutputLength xmlns:ds="{DS}">0</ds:HMACOutputLength></ds:SignatureMethod>'
    assert refusal(xml.replace(b'hmac-sha256"/>', length.encode())).reason is SamlReason.UNEXPECTED_STRUCTURE


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
    assert refusal(xml).reason in (SamlReason.UNSUPPORTED_SIGNATURE, SamlReason.UNEXPECTED_STRUCTURE)


@pytest.mark.parametrize("algorithm", [f"{DS}base64", XPATH, XSLT, "http://www.w3.org/2002/06/xmldsig-filter2", ""])
@pytest.mark.parametrize("old", [ENVELOPED, EXCLUSIVE])
def test_s3_no_transform_is_replaced(old, algorithm):
    transform = f'<ds:Transform Algorithm="{old}"'.encode()
    xml = IDP.respond(Answer()).replace(transform, f'<ds:Transform Algorithm="{algorithm}"'.encode())
    assert refusal(xml).reason is SamlReason.UNSUPPORTED_SIGNATURE


@pytest.mark.parametrize("c14n", [C14N, f"{C14N}#WithComments", f"{EXCLUSIVE}WithComments", f"{DS}base64"])
def test_s3_signed_info_is_canonicalized_exclusively(c14n):
    xml = IDP.respond(Answer()).replace(
        f'Method Algorithm="{EXCLUSIVE}"'.encode(), f'Method Algorithm="{c14n}"'.encode()
    )
    assert refusal(xml).reason is SamlReason.UNSUPPORTED_SIGNATURE
    if c14n != f"{DS}base64":
        assert refusal(IDP.respond(Answer(), style=Style(c14n=c14n))).reason is SamlReason.UNSUPPORTED_SIGNATURE


@pytest.mark.parametrize(
    "uri",
    ["", "#", "#_response-1", "#xpointer(/)", "#xpointer(id('_assertion-1'))", "https://evil.example/", "file:///x"],
)
def test_s3_a_signature_refers_to_the_element_around_it(uri):
    xml = IDP.respond(Answer()).replace(b'URI="#_assertion-1"', f'URI="{uri}"'.encode())
    assert refusal(xml).reason is SamlReason.UNSUPPORTED_SIGNATURE


def test_s3_a_whole_document_reference_is_refused_though_it_verifies():
    xml = IDP.respond(Answer(), sign=("response",), style=Style(uri="#xpointer(/)"))
    assert refusal(xml).reason is SamlReason.UNSUPPORTED_SIGNATURE


@pytest.mark.parametrize("name", ["Transform", "CanonicalizationMethod"])
def test_s3_inclusive_prefixes_are_few(name):
    prefixes = " ".join(f"p{number}" for number in range(33))
    inclusive = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{prefixes}"/>'
    start = f'<ds:{name} Algorithm="{EXCLUSIVE}"'
    changed = f"{start}>{inclusive}</ds:{name}>"
    xml = IDP.respond(Answer()).replace(f"{start}/>".encode(), changed.encode())
    assert refusal(xml).reason is SamlReason.TOO_COMPLEX


def test_s3_relative_namespaces_cannot_be_canonicalized():
    declared = IDP.respond(Answer()).replace(b"<saml:Subject>", b'<saml:Subject xmlns:r="relative">')
    assert refusal(declared).reason is SamlReason.UNSUPPORTED_SIGNATURE


@pytest.mark.parametrize("value", [b"", b"AAAA", b"=", b"\xc3\xbc"])
def test_s3_a_damaged_signature_or_digest_is_refused(value):
    xml = IDP.respond(Answer())
    for name in (b"SignatureValue", b"DigestValue"):
        start, end = xml.index(b"<ds:%s>" % name), xml.index(b"</ds:%s>" % name)
        changed = xml[: start + len(name) + 5] + value + xml[end:]
        assert refusal(changed).reason is SamlReason.SIGNATURE_INVALID


# A second IdP, and no program. ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", PLACES)
def test_s2_the_server_of_pysaml2_is_understood(sign):
    idp = PySaml2Idp(sp_metadata(entity_id=SP_ENTITY_ID, acs_url=ACS_URL))
    xml = idp.respond(Answer(attributes={"mail": ["ada@acme.example"], "displayName": ["Ada"]}), sign=sign)
    claims = read_response(
        check_response(encode(xml)),
        provider=ProviderFacts(idp.entity_id, (idp.certificate,), allow_sha1=False, skew=SKEW),
        sp=SpFacts(SP_ENTITY_ID, ACS_URL),
        in_response_to="_request-1",
        now=datetime.now(UTC),
    )
    assert claims.name_id == "ada@acme.example"
    assert claims.attributes["urn:oid:2.16.840.1.113730.3.1.241"] == ("Ada",)
    assert refusal(xml).reason is SamlReason.SIGNATURE_INVALID


def test_lxml_and_xmlsec_hold_the_same_libxml2():
    """They hand each other trees in memory, so their versions are pinned together."""
    assert xmlsec.get_libxml_version() == etree.LIBXML_VERSION


def test_s3_no_program_is_started(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delattr(subprocess, "Popen")
    for sign in PLACES:
        assert verified(IDP.respond(Answer(), sign=sign, encryption=Encryption(SP_CERTIFICATE)))


def test_s2_pysaml2_cannot_verify_by_itself():
    """The product imports nothing of pysaml2 that verifies signatures; of its cryptography only the template."""
    trees = [ast.parse(file.read_text()) for file in (PROJECT / "authentication").rglob("*.py")]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    from_pysaml2 = [node for node in imports if (node.module or "").split(".")[0] == "saml2"]
    assert {node.module for node in from_pysaml2} <= {"saml2", "saml2.saml", "saml2.sigver", "saml2.xmldsig"}
    names = {alias.name for node in from_pysaml2 if node.module == "saml2.sigver" for alias in node.names}
    assert names == {"pre_signature_part"}

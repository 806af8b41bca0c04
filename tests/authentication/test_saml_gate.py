"""S1: one document shape, judged on the raw bytes."""

import contextlib
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import Carries, Message, check_assertion, check_response
from authentication.saml.raw_bytes import MAX_XML
from authentication.saml.xml import parse
from tests.authentication.gate import ASSERTION, HONEST, IDP, check, refusal
from tests.idp import NS, Answer, Encryption

SAML = f'xmlns:saml="{NS["saml"]}"'


def edited(edit) -> bytes:
    root = parse(HONEST)
    edit(root)
    return etree.tostring(root)


def insert(path: str, child: str, position: int = 0):
    """Return an edit that puts a child into the element at path."""
    declarations = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())

    def edit(root: etree._Element) -> None:
        parent = root if path == "." else root.find(path, NS)
        parent.insert(position, etree.fromstring(f"<x {declarations}>{child}</x>")[0])

    return edit


@pytest.mark.parametrize("sign", [("assertion",), ("response",), ("assertion", "response"), ()])
def test_s1_an_honest_response_passes_and_tells_where_it_is_signed(sign):
    xml = IDP.respond(Answer(), sign=sign)
    assert check(xml) == Message(xml, Carries.ASSERTION, "response" in sign, "assertion" in sign)


def test_s1_an_encrypted_assertion_hides_its_signature():
    xml = IDP.respond(Answer(), encryption=Encryption(IDP.certificate))
    assert check(xml) == Message(xml, Carries.ENCRYPTED_ASSERTION, False, False)


def test_s1_a_failure_carries_nothing():
    xml = edited(lambda root: root.remove(root.find("saml:Assertion", NS)))
    assert check(xml).carries is Carries.NOTHING


@pytest.mark.parametrize(
    "declaration",
    [
        b'<?xml version="1.0"?>',
        b'<?xml version="1.0" encoding="UTF-8"?>\n',
        b"<?xml version='1.0' encoding='utf-8' standalone='no' ?>\r\n",
    ],
)
def test_s1_the_usual_xml_declarations_pass(declaration):
    assert check(declaration + HONEST + b"\n").xml == declaration + HONEST + b"\n"


def test_s1_elements_are_capped():
    def with_values(count: int) -> bytes:
        return HONEST.replace(
            b"<saml:Attribute ",
            b'<saml:Attribute Name="x">' + b"<saml:AttributeValue/>" * count + b"</saml:Attribute><saml:Attribute ",
            1,
        )

    assert refusal(with_values(4000)).reason is SamlReason.TOO_COMPLEX
    assert check(with_values(3900))


def test_s1_depth_is_capped():
    def with_codes(depth: int) -> bytes:
        codes = b'<samlp:StatusCode Value="x">' * depth + b"</samlp:StatusCode>" * depth
        start, end = HONEST.index(b"<samlp:StatusCode"), HONEST.index(b"</samlp:Status>")
        return HONEST[:start] + codes + HONEST[end:]

    assert refusal(with_codes(23)).reason is SamlReason.TOO_COMPLEX
    assert check(with_codes(22))
    assert refusal(with_codes(1000)).reason in (SamlReason.TOO_COMPLEX, SamlReason.NOT_XML)


def test_s1_namespaces_and_attributes_of_one_element_are_capped():
    namespaces = b"".join(b' xmlns:n%d="urn:%d"' % (n, n) for n in range(40))
    assert (
        refusal(HONEST.replace(b"<saml:Subject>", b"<saml:Subject" + namespaces + b">")).reason
        is SamlReason.TOO_COMPLEX
    )
    attributes = b' xmlns:n="urn:n"' + b"".join(b' n:a%d=""' % n for n in range(40))
    xml = HONEST.replace(b"<saml:Attribute ", b"<saml:Attribute" + attributes + b" ", 1)
    assert refusal(xml).reason is SamlReason.TOO_COMPLEX


@pytest.mark.parametrize(
    "xml",
    [
        HONEST.decode().encode("utf-16"),
        HONEST.replace(b"Ada", "Adä".encode("latin-1")),
        HONEST.replace(b"Ada", b"\xc0\xafda"),  # an overlong form
        HONEST.replace(b"Ada", b"\xed\xa0\x80"),  # a lone surrogate
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + HONEST,
        b'<?xml version="1.0" encoding="UTF-7"?>' + HONEST,
        b'<?xml version="1.1"?>' + HONEST,
        b"<?xml-stylesheet?>" + HONEST,
    ],
    ids=[
        "utf-16",
        "latin-1",
        "overlong",
        "surrogate",
        "declared latin-1",
        "declared utf-7",
        "xml 1.1",
        "no declaration",
    ],
)
def test_s1_only_utf_8_passes(xml):
    assert refusal(xml).reason is SamlReason.NOT_UTF8


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"\xef\xbb\xbf\xef\xbb\xbf" + HONEST,
        b"\x00" + HONEST,
        HONEST[:-1],
        HONEST + HONEST,
        HONEST + b"<x/>",
        HONEST + b"text",
        HONEST.replace(b"Ada", b"\x00"),
        HONEST.replace(b"Ada", b"&#0;"),
        HONEST.replace(b"Ada", b"&#xFFFF;"),
        HONEST.replace(b"<saml:Subject>", b"<unbound:Subject>").replace(b"</saml:Subject>", b"</unbound:Subject>"),
        HONEST.replace(b' ID="_response-1"', b' ID="_response-1" ID="_response-2"'),
    ],
    ids=[
        "nothing",
        "two byte order marks",
        "nul before",
        "cut off",
        "two documents",
        "element behind",
        "text behind",
        "nul",
        "nul reference",
        "noncharacter",
        "unbound prefix",
        "attribute twice",
    ],
)
def test_s1_only_well_formed_xml_passes(xml):
    assert refusal(xml).reason is SamlReason.NOT_XML


@pytest.mark.parametrize(
    ("xml", "kind"),
    [
        (b"<!DOCTYPE samlp:Response>" + HONEST, "DOCTYPE"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "b">]>' + HONEST, "DOCTYPE"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + HONEST, "DOCTYPE"),
        (b"<!doctype x>" + HONEST, "DOCTYPE"),
        (b"<!-- -->" + HONEST, "comment"),
        (HONEST + b"<!-- -->", "comment"),
        (HONEST.replace(b"ada@acme.example", b"ada@acme.example<!---->.evil.example"), "comment"),
        (HONEST.replace(b"ada@", b"<![CDATA[ada]]>@"), "CDATA section"),
        (HONEST.replace(b"ada@", b"ada<?x?>@"), "processing instruction"),
        (HONEST + b"<?x y?>", "processing instruction"),
        (HONEST.replace(b"ada@", b"&ada;@"), "entity reference"),
        (HONEST.replace(b"ada@", b"&#xZ;@"), "entity reference"),
        (HONEST.replace(b"ada@", b"&#000000000000097;da@"), "entity reference"),
    ],
)
def test_s1_what_parsers_drop_or_resolve_is_refused(xml, kind):
    refused = refusal(xml)
    assert (refused.reason, refused.detail) == (SamlReason.FORBIDDEN_MARKUP, kind)


def test_s1_predefined_entities_and_character_references_pass():
    assert check(HONEST.replace(b"ada@", b"&lt;&gt;&amp;&quot;&apos;&#97;&#x61;@"))


@pytest.mark.parametrize(
    "xml",
    [
        ASSERTION,
        HONEST.replace(b"samlp:Response", b"samlp:LogoutResponse"),
        HONEST.replace(b"samlp:Response", b"saml:Response"),
        HONEST.replace(NS["samlp"].encode(), b"urn:oasis:names:tc:SAML:1.0:protocol"),
        b"<Response/>",
        b'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol#"/>',
    ],
)
def test_s1_only_a_response_passes(xml):
    assert refusal(xml).reason is SamlReason.NOT_A_RESPONSE


PLACES = [
    ".",
    "saml:Issuer",
    "samlp:Status",
    "samlp:Status/samlp:StatusCode",
    "ds:Signature",
    "ds:Signature/ds:SignedInfo",
    "ds:Signature/ds:SignedInfo/ds:Reference/ds:Transforms/ds:Transform",
    "ds:Signature/ds:SignatureValue",
    "ds:Signature/ds:KeyInfo",
    "ds:Signature/ds:KeyInfo/ds:X509Data",
    "saml:Assertion",
    "saml:Assertion/saml:Issuer",
    "saml:Assertion/ds:Signature",
    "saml:Assertion/saml:Subject",
    "saml:Assertion/saml:Subject/saml:NameID",
    "saml:Assertion/saml:Subject/saml:SubjectConfirmation",
    "saml:Assertion/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData",
    "saml:Assertion/saml:Conditions",
    "saml:Assertion/saml:Conditions/saml:AudienceRestriction",
    "saml:Assertion/saml:AuthnStatement",
    "saml:Assertion/saml:AuthnStatement/saml:AuthnContext",
    "saml:Assertion/saml:AttributeStatement",
    "saml:Assertion/saml:AttributeStatement/saml:Attribute",
    "saml:Assertion/saml:AttributeStatement/saml:Attribute/saml:AttributeValue",
]
FOREIGN = [
    '<saml:Assertion ID="_x"/>',
    "<saml:EncryptedAssertion/>",
    "<ds:Signature/>",
    "<ds:Object/>",
    "<saml:Advice/>",
    "<samlp:Extensions/>",
    "<samlp:StatusDetail/>",
    "<samlp:Response/>",
    "<saml:EncryptedID/>",
    "<saml:EncryptedAttribute/>",
    "<saml:BaseID/>",
    "<saml:AuthzDecisionStatement/>",
    "<xenc:EncryptedData/>",
    '<other xmlns="urn:other"/>',
    "<other/>",
]


# What may stand in an AttributeValue is tested in test_saml_unread.py.
@pytest.mark.parametrize("child", FOREIGN)
@pytest.mark.parametrize("path", PLACES[:-1])
def test_s1_nothing_stands_where_the_schema_does_not_have_it(path, child):
    if (path, child) == ("samlp:Status", "<samlp:StatusDetail/>"):
        assert refusal(edited(insert(path, child))).reason is SamlReason.UNEXPECTED_STRUCTURE
        assert check(edited(insert(path, child, 99)))
        return
    for position in (0, 99):
        refused = refusal(edited(insert(path, child, position)))
        assert refused.reason in (SamlReason.UNEXPECTED_STRUCTURE, SamlReason.BAD_ID)


@pytest.mark.parametrize("path", [path for path in PLACES if path != "saml:Assertion/saml:AttributeStatement"])
def test_s1_children_stand_in_schema_order_and_once(path):
    root = parse(HONEST)
    parent = root if path == "." else root.find(path, NS)
    if len(parent) > 1:
        reversed_children = edited(lambda root: _reverse(root if path == "." else root.find(path, NS)))
        assert refusal(reversed_children).reason is SamlReason.UNEXPECTED_STRUCTURE
    if path != ".":
        twice = edited(lambda root: root.find(path, NS).addnext(deepcopy(root.find(path, NS))))
        if path.endswith(("Attribute", "AttributeValue", "AudienceRestriction", "AuthnStatement", "X509Data")):
            assert check(twice)
        elif path.endswith("SubjectConfirmation"):
            assert check(twice)  # and refused as not one bearer
        else:
            assert refusal(twice).reason in (SamlReason.UNEXPECTED_STRUCTURE, SamlReason.BAD_ID)


def _reverse(element: etree._Element) -> None:
    element[:] = reversed(element[:])


def test_s1_text_stands_only_where_the_schema_has_text():
    assert refusal(HONEST.replace(b"<saml:Subject>", b"<saml:Subject>x")).reason is SamlReason.UNEXPECTED_STRUCTURE
    assert refusal(HONEST.replace(b"</saml:Subject>", b"</saml:Subject>x")).reason is SamlReason.UNEXPECTED_STRUCTURE
    assert (
        refusal(HONEST.replace(b"</samlp:Response>", b"x</samlp:Response>")).reason is SamlReason.UNEXPECTED_STRUCTURE
    )
    assert check(HONEST.replace(b"<saml:Subject>", b"<saml:Subject>\r\n\t "))


def test_s1_an_unknown_condition_has_its_own_reason():
    refused = refusal(edited(insert("saml:Assertion/saml:Conditions", "<saml:Condition/>")))
    assert refused.reason is SamlReason.UNKNOWN_CONDITION
    for known in ("<saml:OneTimeUse/>", '<saml:ProxyRestriction Count="0"/>'):
        assert check(edited(insert("saml:Assertion/saml:Conditions", known)))


@pytest.mark.parametrize(
    "attribute",
    ["id", "Id", "xml:id", "samlp:ID", "saml:ID", "xml:lang", "xsi:type", "xsi:schemaLocation", "AssertionID", "extra"],
)
@pytest.mark.parametrize("path", PLACES)
def test_s1_no_attribute_stands_where_the_schema_does_not_have_it(path, attribute):
    allowed = (
        (attribute in ("xsi:type", "xsi:schemaLocation") and "ds:" not in path)
        or (path.endswith("ds:Signature") and attribute == "Id")
        or (path.endswith("AttributeValue") and attribute == "xml:lang")
    )
    prefix, _, local = attribute.rpartition(":")
    namespaces = {
        **NS,
        "xml": "http://www.w3.org/XML/1998/namespace",
        "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    }
    name = f"{{{namespaces[prefix]}}}{local}" if prefix else local
    xml = edited(lambda root: (root if path == "." else root.find(path, NS)).set(name, "_x"))
    if allowed or (path == "." and prefix == "" and local == "ID"):
        assert check(xml)
    else:
        assert refusal(xml).reason is SamlReason.UNEXPECTED_STRUCTURE


def test_s1_a_note_in_a_namespace_of_its_own_may_stand_on_an_attribute():
    note = b'<saml:Attribute xmlns:a="http://schemas.xmlsoap.org/ws/2009/09/identity/claims" a:OriginalIssuer="x" '
    assert check(HONEST.replace(b"<saml:Attribute ", note, 1))
    hidden_id = b'<saml:Attribute xmlns:a="urn:a" a:Id="_assertion-1" '
    assert refusal(HONEST.replace(b"<saml:Attribute ", hidden_id, 1)).reason is SamlReason.UNEXPECTED_STRUCTURE


@pytest.mark.parametrize("value", ["", "1a", "a b", "a:b", "ü", "_response-1", "a" * 257, "_\u00a0"])
def test_s1_ids_are_unique_names(value):
    refused = refusal(edited(lambda root: root.find("saml:Assertion", NS).set("ID", value)))
    assert refused.reason is SamlReason.BAD_ID


@pytest.mark.parametrize("path", [".", "saml:Assertion"])
def test_s1_ids_are_there(path):
    xml = edited(lambda root: (root if path == "." else root.find(path, NS)).attrib.pop("ID"))
    assert refusal(xml).reason is SamlReason.BAD_ID


def test_s1_ids_of_encryption_and_signature_count_too():
    xml = IDP.respond(Answer(), encryption=Encryption(IDP.certificate, key_beside=True))
    assert check(xml)
    assert refusal(xml.replace(b'Id="_key"', b'Id="_response-1"')).reason is SamlReason.BAD_ID


def test_s1_decrypted_bytes_pass_the_same_gate():
    message = check_assertion(ASSERTION, {})
    assert (message.carries, message.is_response_signed, message.is_assertion_signed) == (
        Carries.ASSERTION,
        False,
        True,
    )
    inside = ASSERTION.replace(b" " + SAML.encode(), b"")
    assert check_assertion(inside, {"saml": NS["saml"], None: "urn:a&b", **NS}).is_assertion_signed


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (b"", SamlReason.UNEXPECTED_STRUCTURE),
        (ASSERTION * 2, SamlReason.UNEXPECTED_STRUCTURE),
        (b"x" + ASSERTION, SamlReason.UNEXPECTED_STRUCTURE),
        (ASSERTION + b"x", SamlReason.UNEXPECTED_STRUCTURE),
        (HONEST, SamlReason.UNEXPECTED_STRUCTURE),
        (ASSERTION + b"</plaintext><plaintext>", SamlReason.NOT_XML),
        (b"</plaintext><plaintext>" + ASSERTION, SamlReason.NOT_XML),
        (b'<?xml version="1.0"?>' + ASSERTION, SamlReason.FORBIDDEN_MARKUP),
        (ASSERTION.replace(b"ada@", b"ada<!-- -->@"), SamlReason.FORBIDDEN_MARKUP),
        (ASSERTION.replace(b"Ada", b"\xff"), SamlReason.NOT_UTF8),
        (ASSERTION + b" " * MAX_XML, SamlReason.TOO_LARGE),
        (ASSERTION.replace(b'ID="_assertion-1"', b""), SamlReason.BAD_ID),
        (ASSERTION.replace(b"saml:Subject>", b"saml:Advice>"), SamlReason.UNEXPECTED_STRUCTURE),
    ],
)
def test_s1_decrypted_bytes_are_refused_for_the_same(xml, reason):
    with pytest.raises(SamlRefused) as caught:
        check_assertion(xml, {})
    assert caught.value.reason is reason


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_s1_random_input_is_refused_and_nothing_else(raw):
    with pytest.raises(SamlRefused):
        check_response(raw)


@given(st.integers(0, len(HONEST) - 1), st.binary(max_size=6), st.integers(0, 40))
def test_s1_random_damage_is_refused_or_passes_and_nothing_else(position, inserted, cut):
    xml = HONEST[:position] + inserted + HONEST[position + cut :]
    with contextlib.suppress(SamlRefused):
        assert xml.endswith(check(xml).xml)


def test_every_reason_has_one_line_of_help():
    for reason in SamlReason:
        assert reason.help.endswith((".", "?")) and "\n" not in reason.help
        assert reason == reason.value == reason.name.lower()

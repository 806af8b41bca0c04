"""S1: where the schema takes elements of anybody, they are let through unread, and nothing that counts hides there."""

import contextlib
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import check_assertion, check_logout, check_response
from authentication.saml.xml import parse
from tests.authentication.responses import ASSERTION, IDP, PLACES, SP_KEY, read, reason
from tests.authentication.unread import HOLDERS, Holder, attribute_value, authn_context_decl, crowd, extensions, other
from tests.idp import NS, Answer, Encryption, Idp, Logout, Style, encode, encrypt, self_signed

ADA = "ada@acme.example"
CERTIFICATE = self_signed(SP_KEY, "sp.example")


def holding(holder: Holder, *children: etree._Element, depth: int = 0, **how: Any) -> bytes:
    """Return a signed response that holds children there, so many elements deep."""

    def edit(root: etree._Element) -> None:
        inner = holder(root)
        for level in range(depth):
            inner = etree.SubElement(inner, f"{{urn:other}}level{level}")
        inner.extend(deepcopy(child) for child in children)

    return IDP.respond(Answer(), edit=edit, **how)


UNREAD = {
    "NameID": f'<saml:NameID NameQualifier="https://idp" SPNameQualifier="https://sp">{ADA}</saml:NameID>',
    "key hint": '<k:KeyInfo xmlns:k="urn:keycloak:ext:key:1.0" MessageSigningKeyId="kid"/>',
    "text beside elements": "<a>before<b/>between<c/>after</a>",
    "attributes": '<o:a xmlns:o="urn:o" id="42" lang="en" xml:lang="en" o:type="x" AssertionID="_assertion-1"/>',
    "what is read elsewhere": "<saml:Subject><saml:NameID>eve@acme.example</saml:NameID></saml:Subject>",
    "odd forms": '<o:a xmlns:o="urn:o"><saml:NameID><b/></saml:NameID><saml:Conditions>text</saml:Conditions></o:a>',
    "conditions": "<saml:Conditions><saml:Condition/></saml:Conditions>",
    "deep": "<a>" * 12 + "</a>" * 12,
}


@pytest.mark.parametrize("sign", PLACES)
@pytest.mark.parametrize("xml", UNREAD.values(), ids=UNREAD)
@pytest.mark.parametrize("holder", HOLDERS)
def test_s1_elements_of_others_are_let_through_and_change_nothing(holder, xml, sign):
    plain = read(IDP.respond(Answer(), sign=sign))
    absent = {"eduPersonTargetedID": ()} if holder is attribute_value else {}
    for how in ({}, {"encryption": Encryption(CERTIFICATE)}, {"style": Style(prefixes="xs xsi")}):
        claims = read(holding(holder, other(xml), other("<other/>"), sign=sign, **how))
        assert claims.attributes == plain.attributes | absent
        assert (claims.subject, claims.session_index) == (plain.subject, plain.session_index)


@pytest.mark.parametrize("sign", PLACES)
def test_s1_all_of_it_at_once_changes_nothing(sign):
    for how in ({}, {"encryption": Encryption(CERTIFICATE)}, {"style": Style(prefixes="xs xsi")}):
        claims = read(IDP.respond(Answer(), edit=crowd, sign=sign, **how))
        assert claims == read(IDP.respond(Answer(), sign=sign))


@pytest.mark.parametrize("holder", HOLDERS)
def test_s1_the_places_may_be_empty_or_have_text(holder):
    def text(root: etree._Element) -> None:
        holder(root).text = "text"

    for edit in (holder, text):
        assert read(IDP.respond(Answer(), edit=edit)).name_id == ADA


def test_a_value_is_its_text_and_absent_where_it_holds_elements():
    def edit(root: etree._Element) -> None:
        attribute = attribute_value(root).getparent()
        values = [
            '<saml:AttributeValue xml:lang="de">Käse</saml:AttributeValue>',
            '<saml:AttributeValue xmlns:o="urn:o" xml:space="preserve" o:source="x"> b </saml:AttributeValue>',
            "<saml:AttributeValue>before<saml:NameID>n</saml:NameID>after</saml:AttributeValue>",
            '<saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>',
        ]
        attribute.extend(map(other, values))

    for sign in PLACES:
        assert read(IDP.respond(Answer(), edit=edit, sign=sign)).attributes["eduPersonTargetedID"] == ("Käse", " b ")


@pytest.mark.parametrize("holder", [attribute_value, authn_context_decl])
def test_s1_an_attribute_inside_is_not_one_of_the_person(holder):
    """The IdP signed it, but perhaps only repeats what the person typed."""
    statement = other(
        '<saml:AttributeStatement><saml:Attribute Name="workspace_end_user_groups"><saml:AttributeValue>Admins'
        "</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>"
    )
    for children in ((statement,), (statement[0],)):
        for depth in (0, 2):
            claims = read(holding(holder, *children, depth=depth))
            assert claims.attributes["workspace_end_user_groups"] == ("A", "B")


# What may not hide. ---------------------------------------------------------------------------------------------------

FORGED = etree.fromstring(Idp().respond(Answer(person="eve@acme.example", assertion_id="_e", response_id="_f")))
ENCRYPTED = deepcopy(FORGED)
encrypt(ENCRYPTED, Encryption(CERTIFICATE))
HIDDEN = {
    "response": FORGED,
    "assertion": FORGED.find("saml:Assertion", NS),
    "signature": FORGED.find("saml:Assertion/ds:Signature", NS),
    "encrypted assertion": ENCRYPTED.find("saml:EncryptedAssertion", NS),
    "encrypted data": ENCRYPTED.find("saml:EncryptedAssertion/xenc:EncryptedData", NS),
    "empty response": other("<samlp:Response/>"),
    "empty assertion": other("<saml:Assertion/>"),
    "empty signature": other("<ds:Signature/>"),
    "empty encrypted assertion": other("<saml:EncryptedAssertion/>"),
    "SAML 1.1": other('<Assertion xmlns="urn:oasis:names:tc:SAML:1.0:assertion"/>'),
    "no namespace": other("<Signature/>"),
}


@pytest.mark.parametrize("child", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("holder", HOLDERS)
def test_s1_no_response_assertion_or_signature_hides(holder, child):
    for depth in (0, 1, 5):
        for sign in PLACES:
            assert reason(holding(holder, child, depth=depth, sign=sign)) is SamlReason.UNEXPECTED_STRUCTURE
        encrypted = holding(holder, child, depth=depth, sign=("response",), encryption=Encryption(CERTIFICATE))
        assert reason(encrypted) is SamlReason.UNEXPECTED_STRUCTURE


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("name", ["ID", "Id", "id"])
def test_s1_ids_are_unique_there_too_and_have_no_namespace(holder, name):
    for value in ("_response-1", "_assertion-1"):
        for depth in (0, 3):
            assert reason(holding(holder, other(f'<a {name}="{value}"/>'), depth=depth)) is SamlReason.BAD_ID
    assert reason(holding(holder, other(f'<a><b {name}="_x"/><c {name}="_x"/></a>'))) is SamlReason.BAD_ID
    assert read(holding(holder, other(f'<a><b {name}="_x"/><c {name}="_y"/></a>')))
    for foreign in (f"xml:{name}", f"saml:{name}"):
        assert reason(holding(holder, other(f'<a {foreign}="_x"/>'))) is SamlReason.UNEXPECTED_STRUCTURE


MANY = {
    "elements": "<a>" + "<b/>" * 4000 + "</a>",
    "levels": "<a>" * 30 + "</a>" * 30,
    "attributes": "<a " + " ".join(f'a{number}=""' for number in range(40)) + "/>",
    "namespaces": "<a " + " ".join(f'xmlns:n{number}="urn:n"' for number in range(40)) + "/>",
}


@pytest.mark.parametrize("xml", MANY.values(), ids=MANY)
@pytest.mark.parametrize("holder", HOLDERS)
def test_s1_size_and_depth_are_capped_there_too(holder, xml):
    assert reason(holding(holder, other(xml))) is SamlReason.TOO_COMPLEX


@pytest.mark.parametrize("hidden", [b"<!-- -->", b"<?x y?>", b"<![CDATA[x]]>", b"&x;"])
@pytest.mark.parametrize("holder", HOLDERS)
def test_s1_nothing_hides_from_parsers_there_either(holder, hidden):
    xml = holding(holder, other("<other>here</other>")).replace(b"here", hidden)
    assert reason(xml) is SamlReason.FORBIDDEN_MARKUP


@pytest.mark.parametrize("holder", HOLDERS)
def test_s1_an_advice_is_empty(holder):
    def advised(*children: str) -> bytes:
        def edit(root: etree._Element) -> None:
            advice = etree.Element(f"{{{NS['saml']}}}Advice")
            advice.extend(map(other, children))
            root.find(f"{ASSERTION}/saml:Conditions", NS).addnext(advice)
            holder(root)

        return IDP.respond(Answer(), edit=edit)

    assert read(advised()).name_id == ADA
    for child in ("<other/>", "<saml:AssertionIDRef>_x</saml:AssertionIDRef>", "<saml:Assertion/>"):
        assert reason(advised(child)) is SamlReason.UNEXPECTED_STRUCTURE


@pytest.mark.parametrize("holder", HOLDERS)
def test_s1_each_place_is_where_the_schema_has_it(holder):
    """One element further it is refused, and so is a second one."""

    def edited(change: Callable[[etree._Element], None]) -> bytes:
        def edit(root: etree._Element) -> None:
            change(holder(root))

        return IDP.respond(Answer(), edit=edit, sign=())

    if holder is not attribute_value:
        twice = edited(lambda element: element.addnext(deepcopy(element)))
        up = edited(lambda element: element.getparent().addprevious(element) if holder is not extensions else None)
        first = edited(lambda element: element.getparent().insert(0, element))
        for xml in (twice, first, *([up] if holder is not extensions else [])):
            with pytest.raises(SamlRefused) as caught:
                check_response(encode(xml))
            assert caught.value.reason is SamlReason.UNEXPECTED_STRUCTURE


CROWDED = IDP.respond(Answer(), edit=crowd, sign=("assertion", "response"))
EXPECTED = read(CROWDED)


@given(st.integers(0, len(CROWDED) - 1), st.binary(max_size=6), st.integers(0, 40))
def test_s1_random_damage_of_all_of_it_is_refused_or_changes_nothing(position, inserted, cut):
    with contextlib.suppress(SamlRefused):
        assert read(CROWDED[:position] + inserted + CROWDED[position + cut :]) == EXPECTED


# The same gate for other messages. ------------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", ["", "_request"], ids=["request", "response"])
def test_s1_extensions_of_logout_messages_are_unread(answers):
    name = "samlp:LogoutResponse" if answers else "samlp:LogoutRequest"

    def checked(child: etree._Element) -> bytes:
        xml = IDP.log_out(
            Logout(in_response_to=answers), edit=lambda root: extensions(root).append(deepcopy(child)), style=None
        )
        return check_logout(encode(xml), name, is_deflated=False)

    for xml in UNREAD.values():
        assert checked(other(xml))
    for child in HIDDEN.values():
        with pytest.raises(SamlRefused) as caught:
            checked(child)
        assert caught.value.reason is SamlReason.UNEXPECTED_STRUCTURE


@pytest.mark.parametrize("child", HIDDEN.values(), ids=HIDDEN)
def test_s2_decrypted_bytes_hide_nothing_either(child):
    assertion = etree.tostring(parse(holding(attribute_value, child, depth=1)).find(ASSERTION, NS))
    with pytest.raises(SamlRefused) as caught:
        check_assertion(assertion, {})
    assert caught.value.reason is SamlReason.UNEXPECTED_STRUCTURE

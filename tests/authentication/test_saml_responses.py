"""S5: every check of the profile. Times: test_saml_response_times.py."""

from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree

from authentication.saml.assertions import Claims
from authentication.saml.errors import SamlReason
from authentication.saml.name_ids import NameId
from authentication.saml.xml import parse
from tests.authentication.responses import (
    ASSERTION,
    AUDIENCE,
    AUTHN,
    CONDITIONS,
    CONFIRMATION,
    DATA,
    IDP,
    PLACES,
    PROVIDER,
    SP_KEY,
    read,
    reason,
    refusal,
    remove,
    repeat,
    set_attribute,
    set_text,
    signed,
)
from tests.idp import (
    ACS_URL,
    EMAIL,
    NOW,
    NS,
    PERSISTENT,
    REQUEST_ID,
    RSA_SHA1,
    SHA1,
    SP_ENTITY_ID,
    Answer,
    Encryption,
    Style,
    instant,
    self_signed,
)


@pytest.mark.parametrize("sign", PLACES)
def test_an_honest_response_gives_its_claims(sign):
    expected = Claims(
        response_id="_response-1",
        assertion_id="_assertion-1",
        in_response_to=REQUEST_ID,
        issuer=IDP.entity_id,
        name_id="ada@acme.example",
        name_id_format=EMAIL,
        attributes={"workspace_end_user_name": ("Ada Lovelace",), "workspace_end_user_groups": ("A", "B")},
        session_index="session-1",
        session_not_on_or_after=NOW + timedelta(hours=8),
        issued_at=NOW,
        authn_instant=NOW,
        subject=NameId("ada@acme.example", EMAIL),
        holds_until=NOW + timedelta(minutes=5),
    )
    assert read(IDP.respond(Answer(), sign=sign)) == expected
    encryption = Encryption(self_signed(SP_KEY, "sp.example"))
    assert read(IDP.respond(Answer(), sign=sign, encryption=encryption)) == expected


def test_claims_are_frozen():
    with pytest.raises(AttributeError):
        read(IDP.respond(Answer())).name_id = "eve@acme.example"


def test_s3_sha_1_is_a_matter_of_the_provider():
    xml = IDP.respond(Answer(), style=Style(method=RSA_SHA1, digest=SHA1))
    assert reason(xml) is SamlReason.WEAK_ALGORITHM
    assert read(xml, provider=replace(PROVIDER, allow_sha1=True))


# S5: whose it is. -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [".", ASSERTION])
@pytest.mark.parametrize("version", ["1.1", "2.1", "2.0 ", "", None])
def test_s5_the_version_is_2_0(path, version):
    assert reason(signed(set_attribute(path, "Version", version))) is SamlReason.WRONG_VERSION


@pytest.mark.parametrize("path", ["saml:Issuer", f"{ASSERTION}/saml:Issuer"])
@pytest.mark.parametrize("sign", PLACES)
def test_s5_both_issuers_are_this_provider(sign, path):
    for text in (
        "https://other.example/metadata",
        IDP.entity_id + "/",
        IDP.entity_id.upper(),
        "\u00a0" + IDP.entity_id,
        "",
    ):
        assert reason(signed(set_text(path, text), sign)) is SamlReason.WRONG_ISSUER
    assert read(signed(set_text(path, f"\n  {IDP.entity_id}\n"), sign))
    persistent = set_attribute(path, "Format", PERSISTENT)
    assert reason(signed(persistent, sign)) is SamlReason.WRONG_ISSUER
    entity = set_attribute(path, "Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:entity")
    assert read(signed(entity, sign))


def test_s5_a_response_may_leave_its_issuer_out_and_an_assertion_may_not():
    assert read(signed(remove("saml:Issuer")))
    assert reason(signed(remove(f"{ASSERTION}/saml:Issuer"))) is SamlReason.UNEXPECTED_STRUCTURE


@pytest.mark.parametrize(
    ("codes", "detail"),
    [
        (["Requester"], "Requester"),
        (["Responder", "AuthnFailed"], "Responder AuthnFailed"),
        (["Responder", "NoPassive"], "Responder NoPassive"),
    ],
)
@pytest.mark.parametrize("is_empty", [True, False])
def test_s5_a_failure_is_told_in_the_idps_words(codes, detail, is_empty):
    def edit(root: etree._Element) -> None:
        parent = root.find("samlp:Status", NS)
        parent.remove(parent[0])
        for code in codes:
            uri = f"urn:oasis:names:tc:SAML:2.0:status:{code}"
            parent = etree.SubElement(parent, f"{{{NS['samlp']}}}StatusCode", Value=uri)
        if is_empty:
            root.remove(root.find(ASSERTION, NS))

    refused = refusal(signed(edit, ("response",)))
    assert (refused.reason, refused.detail) == (SamlReason.IDP_STATUS, detail)


def test_s5_nothing_of_a_strange_status_gets_into_the_logs():
    for status in ("urn:oasis:names:tc:SAML:2.0:status:Success\n", "\n\nERROR forged line", ""):
        refused = refusal(signed(set_attribute("samlp:Status/samlp:StatusCode", "Value", status)))
        assert (refused.reason, refused.detail) == (SamlReason.IDP_STATUS, "other")


def test_s5_success_without_an_assertion_is_refused():
    assert reason(signed(remove(ASSERTION), ("response",))) is SamlReason.NO_ASSERTION


# S5: whom it is for. --------------------------------------------------------------------------------------------------

NOT_OURS = ["https://other.example/acs", ACS_URL + "/", ACS_URL.upper(), ACS_URL + "?x", ACS_URL + "#", ""]


@pytest.mark.parametrize("sign", PLACES)
def test_s5_destination_is_this_acs_where_it_is_said(sign):
    for value in NOT_OURS:
        assert reason(signed(set_attribute(".", "Destination", value), sign)) is SamlReason.WRONG_DESTINATION


@pytest.mark.parametrize("sign", PLACES)
def test_s5_destination_is_required_when_the_response_is_signed(sign):
    xml = signed(set_attribute(".", "Destination", None), sign)
    if "response" in sign:
        assert reason(xml) is SamlReason.WRONG_DESTINATION
    else:
        assert read(xml)


@pytest.mark.parametrize("sign", PLACES)
def test_s5_recipient_is_this_acs(sign):
    for value in [*NOT_OURS, None]:
        assert reason(signed(set_attribute(DATA, "Recipient", value), sign)) is SamlReason.WRONG_RECIPIENT


@pytest.mark.parametrize("sign", PLACES)
def test_s5_audience_is_this_sp(sign):
    for text in ("https://other.example", SP_ENTITY_ID + "/", SP_ENTITY_ID[:-1], "", ACS_URL):
        assert reason(signed(set_text(AUDIENCE, text), sign)) is SamlReason.WRONG_AUDIENCE
    assert reason(signed(remove(f"{CONDITIONS}/saml:AudienceRestriction"), sign)) is SamlReason.WRONG_AUDIENCE


def test_s5_one_of_several_audiences_is_enough_but_each_restriction_counts():
    assert read(signed(repeat(AUDIENCE, "https://other.example")))

    def second_restriction(root: etree._Element) -> None:
        repeat(f"{CONDITIONS}/saml:AudienceRestriction")(root)
        root.find(AUDIENCE, NS).text = "https://other.example"

    assert read(signed(repeat(f"{CONDITIONS}/saml:AudienceRestriction")))
    assert reason(signed(second_restriction)) is SamlReason.WRONG_AUDIENCE


@pytest.mark.parametrize("method", ["holder-of-key", "sender-vouches", "Bearer", ""])
def test_s5_only_bearer_is_accepted(method):
    uri = f"urn:oasis:names:tc:SAML:2.0:cm:{method}"
    assert reason(signed(set_attribute(CONFIRMATION, "Method", uri))) is SamlReason.NOT_BEARER


def test_s5_a_bearer_confirmation_has_data():
    for edit in (remove(CONFIRMATION), remove(DATA), set_attribute(DATA, "NotOnOrAfter", None)):
        assert reason(signed(edit)) is SamlReason.NOT_BEARER
    assert reason(signed(set_attribute(DATA, "NotBefore", instant(NOW)))) is SamlReason.NOT_BEARER


def test_s5_conditions_are_required_and_known():
    assert reason(signed(remove(CONDITIONS))) is SamlReason.CONDITIONS

    def add(name: str):
        return lambda root: etree.SubElement(root.find(CONDITIONS, NS), f"{{{NS['saml']}}}{name}")

    assert reason(signed(add("Condition"))) is SamlReason.UNKNOWN_CONDITION
    assert read(signed(add("OneTimeUse"))) and read(signed(add("ProxyRestriction")))


def test_s5_there_is_an_authn_statement():
    assert reason(signed(remove(AUTHN))) is SamlReason.AUTHN_STATEMENT
    assert reason(signed(set_attribute(AUTHN, "AuthnInstant", None))) is SamlReason.UNREADABLE_TIME


# Attribute values. ----------------------------------------------------------------------------------------------------


def typed(kind: str, text: str):
    def edit(root: etree._Element) -> None:
        value = root.find(f"{ASSERTION}/saml:AttributeStatement/saml:Attribute/saml:AttributeValue", NS)
        value.set("{http://www.w3.org/2001/XMLSchema-instance}type", kind)
        value.text = text

    return edit


@pytest.mark.parametrize(
    ("kind", "text"),
    [("xs:integer", "007"), ("xs:float", "1.10"), ("xs:boolean", "TRUE"), ("xs:anyType", " x "), ("other:type", "x")],
)
def test_s2_typed_values_are_not_rewritten(kind, text):
    assert read(signed(typed(kind, text))).attributes["workspace_end_user_name"] == (text,)


@pytest.mark.parametrize("sign", PLACES)
@pytest.mark.parametrize(
    ("kind", "text"), [("xs:integer", "seven"), ("xs:date", "2026-99-99"), ("xs:boolean", "maybe")]
)
def test_a_value_that_is_not_of_its_type_is_read_as_its_text(kind, text, sign):
    assert read(signed(typed(kind, text), sign)).attributes["workspace_end_user_name"] == (text,)


def test_values_of_one_name_are_put_together_and_empty_ones_left_out():
    answer = Answer(attributes={"a": ["1", "", "2"], "none": [], "empty": [""]})
    assert read(IDP.respond(answer)).attributes == {"a": ("1", "2"), "none": (), "empty": ()}
    assert read(IDP.respond(Answer(attributes={}))).attributes == {}
    twice = signed(repeat(f"{ASSERTION}/saml:AttributeStatement"))
    assert read(twice).attributes["workspace_end_user_groups"] == ("A", "B", "A", "B")


def test_no_refusal_quotes_the_message():
    secret = "ada@acme.example"
    for edit in (set_text(AUDIENCE, secret), set_attribute(DATA, "Recipient", secret), set_text("saml:Issuer", secret)):
        refused = refusal(signed(edit))
        assert secret not in f"{refused} {refused.detail} {refused.reason.help} {refused.args} {refused.__cause__}"


def test_what_is_read_is_the_tree_that_was_signed():
    """A copy of the message in other prefixes and white space of markup still says the same."""
    xml = IDP.respond(Answer()).replace(b"samlp:", b"p:").replace(b"xmlns:samlp", b"xmlns:p")
    assert parse(xml).prefix == "p"
    assert read(xml).name_id == "ada@acme.example"

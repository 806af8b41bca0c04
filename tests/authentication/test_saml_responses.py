"""S5: every check of the profile. S6: InResponseTo. S8: only the diagonal. S11: what an identity is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from lxml import etree

from authentication.saml.errors import Reason, SamlRefused
from authentication.saml.gate import parse
from authentication.saml.name_ids import NameId
from authentication.saml.responses import Claims, ProviderFacts, SpFacts, peek_in_response_to, read_response
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
    Idp,
    Style,
    encode,
    instant,
    private_pem,
    rsa_key,
    self_signed,
)

IDP = Idp()
SP_KEY = rsa_key()
PROVIDER = ProviderFacts(IDP.entity_id, (IDP.certificate,), allow_sha1=False)
SP = SpFacts(SP_ENTITY_ID, ACS_URL, lambda: (private_pem(SP_KEY),))
PLACES = [("assertion",), ("response",), ("assertion", "response")]

ASSERTION = "saml:Assertion"
NAME_ID = f"{ASSERTION}/saml:Subject/saml:NameID"
CONFIRMATION = f"{ASSERTION}/saml:Subject/saml:SubjectConfirmation"
DATA = f"{CONFIRMATION}/saml:SubjectConfirmationData"
CONDITIONS = f"{ASSERTION}/saml:Conditions"
AUDIENCE = f"{CONDITIONS}/saml:AudienceRestriction/saml:Audience"
AUTHN = f"{ASSERTION}/saml:AuthnStatement"


def read(xml: bytes, *, provider=PROVIDER, sp=SP, in_response_to=REQUEST_ID, now=NOW) -> Claims:
    return read_response(encode(xml), provider=provider, sp=sp, in_response_to=in_response_to, now=now)


def refusal(xml: bytes, **facts) -> SamlRefused:
    with pytest.raises(SamlRefused) as caught:
        read(xml, **facts)
    return caught.value


def reason(xml: bytes, **facts) -> Reason:
    return refusal(xml, **facts).reason


def set_attribute(path: str, name: str, value: str | None):
    """Return an edit that sets an attribute, or takes it away, before the IdP signs."""

    def edit(root: etree._Element) -> None:
        element = root if path == "." else root.find(path, NS)
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, value)

    return edit


def set_text(path: str, text: str):
    def edit(root: etree._Element) -> None:
        root.find(path, NS).text = text

    return edit


def remove(path: str):
    def edit(root: etree._Element) -> None:
        element = root.find(path, NS)
        element.getparent().remove(element)

    return edit


def repeat(path: str, text: str | None = None):
    """Return an edit that puts a copy of an element behind it, with another text."""

    def edit(root: etree._Element) -> None:
        element = root.find(path, NS)
        copy = etree.fromstring(etree.tostring(element))
        copy.text = text or copy.text
        element.addnext(copy)

    return edit


def signed(edit, sign=("assertion", "response")) -> bytes:
    return IDP.respond(Answer(), sign=sign, edit=edit)


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
        assertion_not_on_or_after=NOW + timedelta(minutes=6),
        authn_instant=NOW,
        subject=NameId("ada@acme.example", EMAIL),
    )
    assert read(IDP.respond(Answer(), sign=sign)) == expected
    encryption = Encryption(self_signed(SP_KEY, "sp.example"))
    assert read(IDP.respond(Answer(), sign=sign, encryption=encryption)) == expected


def test_claims_are_frozen():
    with pytest.raises(AttributeError):
        read(IDP.respond(Answer())).name_id = "eve@acme.example"


def test_s3_sha_1_is_a_matter_of_the_provider():
    xml = IDP.respond(Answer(), style=Style(method=RSA_SHA1, digest=SHA1))
    assert reason(xml) is Reason.WEAK_ALGORITHM
    assert read(xml, provider=replace(PROVIDER, allow_sha1=True))


# S5: whose it is. -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [".", ASSERTION])
@pytest.mark.parametrize("version", ["1.1", "2.1", "2.0 ", "", None])
def test_s5_the_version_is_2_0(path, version):
    assert reason(signed(set_attribute(path, "Version", version))) is Reason.WRONG_VERSION


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
        assert reason(signed(set_text(path, text), sign)) is Reason.WRONG_ISSUER
    assert read(signed(set_text(path, f"\n  {IDP.entity_id}\n"), sign))
    persistent = set_attribute(path, "Format", PERSISTENT)
    assert reason(signed(persistent, sign)) is Reason.WRONG_ISSUER
    entity = set_attribute(path, "Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:entity")
    assert read(signed(entity, sign))


def test_s5_a_response_may_leave_its_issuer_out_and_an_assertion_may_not():
    assert read(signed(remove("saml:Issuer")))
    assert reason(signed(remove(f"{ASSERTION}/saml:Issuer"))) is Reason.UNEXPECTED_STRUCTURE


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
    assert (refused.reason, refused.detail) == (Reason.IDP_STATUS, detail)


def test_s5_nothing_of_a_strange_status_gets_into_the_logs():
    for status in ("urn:oasis:names:tc:SAML:2.0:status:Success\n", "\n\nERROR forged line", ""):
        refused = refusal(signed(set_attribute("samlp:Status/samlp:StatusCode", "Value", status)))
        assert (refused.reason, refused.detail) == (Reason.IDP_STATUS, "other")


def test_s5_success_without_an_assertion_is_refused():
    assert reason(signed(remove(ASSERTION), ("response",))) is Reason.NO_ASSERTION


# S5: whom it is for. --------------------------------------------------------------------------------------------------

NOT_OURS = ["https://other.example/acs", ACS_URL + "/", ACS_URL.upper(), ACS_URL + "?x", ACS_URL + "#", ""]


@pytest.mark.parametrize("sign", PLACES)
def test_s5_destination_is_this_acs_where_it_is_said(sign):
    for value in NOT_OURS:
        assert reason(signed(set_attribute(".", "Destination", value), sign)) is Reason.WRONG_DESTINATION


@pytest.mark.parametrize("sign", PLACES)
def test_s5_destination_is_required_when_the_response_is_signed(sign):
    xml = signed(set_attribute(".", "Destination", None), sign)
    if "response" in sign:
        assert reason(xml) is Reason.WRONG_DESTINATION
    else:
        assert read(xml)


@pytest.mark.parametrize("sign", PLACES)
def test_s5_recipient_is_this_acs(sign):
    for value in [*NOT_OURS, None]:
        assert reason(signed(set_attribute(DATA, "Recipient", value), sign)) is Reason.WRONG_RECIPIENT


@pytest.mark.parametrize("sign", PLACES)
def test_s5_audience_is_this_sp(sign):
    for text in ("https://other.example", SP_ENTITY_ID + "/", SP_ENTITY_ID[:-1], "", ACS_URL):
        assert reason(signed(set_text(AUDIENCE, text), sign)) is Reason.WRONG_AUDIENCE
    assert reason(signed(remove(f"{CONDITIONS}/saml:AudienceRestriction"), sign)) is Reason.WRONG_AUDIENCE


def test_s5_one_of_several_audiences_is_enough_but_each_restriction_counts():
    assert read(signed(repeat(AUDIENCE, "https://other.example")))

    def second_restriction(root: etree._Element) -> None:
        repeat(f"{CONDITIONS}/saml:AudienceRestriction")(root)
        root.find(AUDIENCE, NS).text = "https://other.example"

    assert read(signed(repeat(f"{CONDITIONS}/saml:AudienceRestriction")))
    assert reason(signed(second_restriction)) is Reason.WRONG_AUDIENCE


@pytest.mark.parametrize("method", ["holder-of-key", "sender-vouches", "Bearer", ""])
def test_s5_only_bearer_is_accepted(method):
    uri = f"urn:oasis:names:tc:SAML:2.0:cm:{method}"
    assert reason(signed(set_attribute(CONFIRMATION, "Method", uri))) is Reason.NOT_BEARER


def test_s5_there_is_one_confirmation_with_data():
    for edit in (repeat(CONFIRMATION), remove(CONFIRMATION), remove(DATA), set_attribute(DATA, "NotOnOrAfter", None)):
        assert reason(signed(edit)) is Reason.NOT_BEARER
    assert reason(signed(set_attribute(DATA, "NotBefore", instant(NOW)))) is Reason.NOT_BEARER


def test_s5_conditions_are_required_and_known():
    assert reason(signed(remove(CONDITIONS))) is Reason.CONDITIONS

    def add(name: str):
        return lambda root: etree.SubElement(root.find(CONDITIONS, NS), f"{{{NS['saml']}}}{name}")

    assert reason(signed(add("Condition"))) is Reason.UNKNOWN_CONDITION
    assert read(signed(add("OneTimeUse"))) and read(signed(add("ProxyRestriction")))


def test_s5_there_is_one_authn_statement():
    assert reason(signed(remove(AUTHN))) is Reason.AUTHN_STATEMENT
    assert reason(signed(repeat(AUTHN))) is Reason.AUTHN_STATEMENT
    assert reason(signed(set_attribute(AUTHN, "AuthnInstant", None))) is Reason.UNREADABLE_TIME


# S5: when. ------------------------------------------------------------------------------------------------------------

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ENDS = [(DATA, "NotOnOrAfter"), (CONDITIONS, "NotOnOrAfter")]


@pytest.mark.parametrize(("path", "name"), ENDS)
def test_s5_an_end_may_be_up_to_a_minute_ago(path, name):
    assert read(signed(set_attribute(path, name, instant(NOW - MINUTE + SECOND))))
    assert reason(signed(set_attribute(path, name, instant(NOW - MINUTE)))) is Reason.RESPONSE_EXPIRED


def test_s5_a_beginning_may_be_up_to_a_minute_ahead():
    assert read(signed(set_attribute(CONDITIONS, "NotBefore", instant(NOW + MINUTE))))
    late = set_attribute(CONDITIONS, "NotBefore", instant(NOW + MINUTE + SECOND))
    assert reason(signed(late)) is Reason.NOT_YET_VALID


@pytest.mark.parametrize("path", [".", ASSERTION])
def test_s5_it_was_issued_within_the_hour(path):
    hour = timedelta(hours=1)
    for time in (NOW + MINUTE, NOW - hour + SECOND):
        assert read(signed(set_attribute(path, "IssueInstant", instant(time))))
    early = set_attribute(path, "IssueInstant", instant(NOW + MINUTE + SECOND))
    assert reason(signed(early)) is Reason.NOT_YET_VALID
    assert reason(signed(set_attribute(path, "IssueInstant", instant(NOW - hour)))) is Reason.RESPONSE_EXPIRED


def test_s5_a_long_validity_does_not_outlive_the_hour():
    xml = IDP.respond(Answer(lifetime=timedelta(days=3000)))
    claims = read(xml)
    assert claims.assertion_not_on_or_after == NOW + timedelta(hours=1, minutes=1)
    assert reason(xml, now=claims.assertion_not_on_or_after) is Reason.RESPONSE_EXPIRED


def test_s7_an_id_that_is_forgotten_in_time_cannot_come_back():
    for lifetime in (SECOND, MINUTE, timedelta(minutes=59), timedelta(hours=30)):
        for late in (timedelta(0), -MINUTE, SECOND):
            xml = IDP.respond(Answer(lifetime=lifetime))
            claims = read(xml, now=NOW + late)
            assert reason(xml, now=claims.assertion_not_on_or_after) is Reason.RESPONSE_EXPIRED


def test_s5_conditions_may_leave_times_out_but_not_contradict_themselves():
    for name in ("NotBefore", "NotOnOrAfter"):
        assert read(signed(set_attribute(CONDITIONS, name, None)))

    def contradiction(root: etree._Element) -> None:
        root.find(CONDITIONS, NS).set("NotBefore", instant(NOW + SECOND))
        root.find(CONDITIONS, NS).set("NotOnOrAfter", instant(NOW + SECOND))

    assert reason(signed(contradiction)) is Reason.CONDITIONS


def test_s5_the_idps_session_end_is_handed_on():
    assert read(IDP.respond(Answer(session_lifetime=None))).session_not_on_or_after is None
    assert reason(IDP.respond(Answer(session_lifetime=timedelta(0)))) is Reason.SESSION_ENDED
    assert read(IDP.respond(Answer(session_lifetime=SECOND))).session_not_on_or_after == NOW + SECOND


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (".", "IssueInstant"),
        (ASSERTION, "IssueInstant"),
        (DATA, "NotOnOrAfter"),
        (CONDITIONS, "NotBefore"),
        (CONDITIONS, "NotOnOrAfter"),
        (AUTHN, "AuthnInstant"),
        (AUTHN, "SessionNotOnOrAfter"),
    ],
)
def test_s5_times_are_utc_in_the_form_of_the_standard(path, name):
    time = "2026-01-15T12:00:30"
    for value in (f"{time}.1234567Z", f"{time}+00:00"):
        assert read(signed(set_attribute(path, name, value)))
    for value in ("", "now", time, f"{time}+02:00", f"{time}z", f" {time}Z", "20260115T120030Z", "2026-W03-4T12:00:30Z",
                  "2026-02-30T12:00:30Z", "२०२६-01-15T12:00:30Z", "99999-01-15T12:00:30Z"):  # fmt: skip
        assert reason(signed(set_attribute(path, name, value))) is Reason.UNREADABLE_TIME
    for value in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        try:
            read(signed(set_attribute(path, name, value)))
        except SamlRefused as refused:
            assert refused.reason is not Reason.UNREADABLE_TIME  # noqa: PT017 - either is right


def test_times_are_utc_in_claims():
    assert read(IDP.respond(Answer())).authn_instant == datetime(2026, 1, 15, 12, tzinfo=UTC)


# S6: which request. ---------------------------------------------------------------------------------------------------


def test_s6_both_places_name_the_request():
    for path, sign in product((".", DATA), PLACES):
        for value in ("_other", REQUEST_ID + " ", REQUEST_ID.upper()):
            assert reason(signed(set_attribute(path, "InResponseTo", value), sign)) is Reason.WRONG_REQUEST
        for value in (None, ""):
            assert reason(signed(set_attribute(path, "InResponseTo", value), sign)) is Reason.UNSOLICITED
    assert reason(IDP.respond(Answer()), in_response_to="_other") is Reason.WRONG_REQUEST


def test_s6_no_expectation_is_met_by_an_unsolicited_response():
    def unsolicited(root: etree._Element) -> None:
        for path in (".", DATA):
            set_attribute(path, "InResponseTo", "")(root)

    assert reason(signed(unsolicited), in_response_to="") is Reason.UNSOLICITED


def test_s6_the_request_can_be_looked_up_before_anything_is_verified():
    unsigned = IDP.respond(Answer(request_id="_looked-up"), sign=())
    assert peek_in_response_to(encode(unsigned)) == "_looked-up"
    for edit in (set_attribute(".", "InResponseTo", None), set_attribute(".", "InResponseTo", "")):
        assert peek_in_response_to(encode(signed(edit))) is None
    for raw in ("!", encode(b"<x/>"), encode(signed(set_attribute(".", "InResponseTo", "_" * 257)))):
        with pytest.raises(SamlRefused):
            peek_in_response_to(raw)


# S8: the matrix. ------------------------------------------------------------------------------------------------------

SHARED = Idp("https://shared.example/idp")  # two tenants use this one
PROVIDERS = [(Idp("https://one.example/idp"), "one"), (SHARED, "two"), (SHARED, "three")]


def sp_of(name: str) -> SpFacts:
    return SpFacts(f"https://console.example/saml/{name}/metadata", f"https://console.example/saml/{name}/acs")


def facts_of(idp: Idp) -> ProviderFacts:
    return ProviderFacts(idp.entity_id, (idp.certificate,), allow_sha1=False)


@pytest.mark.parametrize("sign", PLACES)
def test_s8_only_the_diagonal_signs_in(sign):
    """Each response, made for one of three ACS URLs with one of three keys, arrives at each provider."""
    keys = [
        Idp(entity_id, key=idp.key) for entity_id in {idp.entity_id for idp, _ in PROVIDERS} for idp, _ in PROVIDERS
    ]
    passed = []
    for signer, (_, made_for), (idp, at) in product(keys, PROVIDERS, PROVIDERS):
        sp = sp_of(made_for)
        xml = signer.respond(Answer(acs_url=sp.acs_url, sp_entity_id=sp.entity_id), sign=sign)
        try:
            read(xml, provider=facts_of(idp), sp=sp_of(at))
        except SamlRefused:
            continue
        passed.append((signer.entity_id, signer.key is idp.key, made_for, at))
    assert set(passed) == {(idp.entity_id, True, name, name) for idp, name in PROVIDERS}


@pytest.mark.parametrize("wrong", ["acs_url", "sp_entity_id"])
def test_s8_an_acs_and_an_entity_id_of_two_providers_do_not_mix(wrong):
    answer = Answer(acs_url=sp_of("two").acs_url, sp_entity_id=sp_of("two").entity_id)
    other = {"acs_url": sp_of("three").acs_url, "sp_entity_id": sp_of("three").entity_id}
    setattr(answer, wrong, other[wrong])
    for name in ("two", "three"):
        assert reason(SHARED.respond(answer), provider=facts_of(SHARED), sp=sp_of(name)) in (
            Reason.WRONG_AUDIENCE,
            Reason.WRONG_DESTINATION,
        )


# S11: who. ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name_id_format", [EMAIL, PERSISTENT])
def test_s11_the_format_belongs_to_the_identity(name_id_format):
    claims = read(IDP.respond(Answer(person="ada", name_id_format=name_id_format)))
    assert (claims.name_id, claims.name_id_format) == ("ada", name_id_format)
    unspecified = read(signed(set_attribute(NAME_ID, "Format", None)))
    assert unspecified.name_id_format == "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


def test_s11_a_transient_name_id_is_no_identity():
    transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    assert reason(IDP.respond(Answer(name_id_format=transient))) is Reason.NAME_ID_TRANSIENT


@pytest.mark.parametrize(
    "text", ["", " ", " ada", "ada ", "ada\n", "\u00a0ada", "ada\u200b", "a\u202eda", "a\tb", "a" * 1025, "\ufeffada"]
)
def test_s11_a_name_id_cannot_pass_for_another(text):
    assert reason(signed(set_text(NAME_ID, text))) is Reason.NAME_ID


def test_s11_a_name_id_is_required_and_taken_as_it_is():
    assert reason(signed(remove(NAME_ID))) is Reason.NAME_ID
    for text in ("Zoë Müller", "CN=Ada,O=Acme", "a" * 1024, "ada@ACME.example"):
        assert read(signed(set_text(NAME_ID, text))).name_id == text


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


def test_a_value_that_is_not_of_its_type_is_refused():
    assert reason(signed(typed("xs:integer", "seven"))) is Reason.UNREADABLE_VALUE
    assert reason(signed(typed("xs:date", "2026-99-99"), ("response",))) is Reason.UNREADABLE_VALUE


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
        assert secret not in f"{refused} {refused.detail} {refused.help} {refused.args} {refused.__cause__}"


def test_what_is_read_is_the_tree_that_was_signed():
    """A copy of the message in other prefixes and white space of markup still says the same."""
    xml = IDP.respond(Answer()).replace(b"samlp:", b"p:").replace(b"xmlns:samlp", b"xmlns:p")
    assert parse(xml).prefix == "p"
    assert read(xml).name_id == "ada@acme.example"

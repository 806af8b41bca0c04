"""What a refused message said beside what is expected: all of it that is signed, and nothing else (S2)."""

import json
from datetime import timedelta

import pytest
from lxml import etree

from authentication.saml.difference import MAX_VALUE, MAX_VALUES, Kind
from authentication.saml.errors import SamlReason, SamlRefused
from tests.authentication.responses import (
    ASSERTION,
    AUDIENCE,
    AUTHN,
    CONDITIONS,
    CONFIRMATION,
    DATA,
    IDP,
    PLACES,
    SP_KEY,
    read,
    refusal,
    remove,
    repeat,
    set_attribute,
    set_text,
    signed,
)
from tests.idp import ACS_URL, NOW, NS, SP_ENTITY_ID, Answer, Encryption, Idp, instant, self_signed

WRONG = "https://elsewhere.example/x"
LONG_AGO, TO_COME = instant(NOW - timedelta(hours=2)), instant(NOW + timedelta(minutes=7))
LATE, LOCAL = instant(NOW - timedelta(minutes=17)), "2026-01-15T13:00:00+01:00"

# What is called how: what an IdP may say of it, and how.
ADDRESSES = {
    "Issuer of the response": lambda value: set_text("saml:Issuer", value),
    "Issuer of the assertion": lambda value: set_text(f"{ASSERTION}/saml:Issuer", value),
    "Destination": lambda value: set_attribute(".", "Destination", value),
    "Recipient": lambda value: set_attribute(DATA, "Recipient", value),
    "Audience": lambda value: set_text(AUDIENCE, value),
}
TIMES = {
    "IssueInstant of the response": (".", "IssueInstant"),
    "IssueInstant of the assertion": (ASSERTION, "IssueInstant"),
    "NotBefore of Conditions": (CONDITIONS, "NotBefore"),
    "NotOnOrAfter of Conditions": (CONDITIONS, "NotOnOrAfter"),
    "NotOnOrAfter of SubjectConfirmationData": (DATA, "NotOnOrAfter"),
    "SessionNotOnOrAfter": (AUTHN, "SessionNotOnOrAfter"),
    "AuthnInstant": (AUTHN, "AuthnInstant"),
}
UNTIMELY = {
    "IssueInstant of the response": [(LONG_AGO, Kind.TOO_OLD, 3600), (TO_COME, Kind.TOO_EARLY, 180)],
    "IssueInstant of the assertion": [(LONG_AGO, Kind.TOO_OLD, 3600), (TO_COME, Kind.TOO_EARLY, 180)],
    "NotBefore of Conditions": [(TO_COME, Kind.TOO_EARLY, 180)],
    "NotOnOrAfter of Conditions": [(LATE, Kind.TOO_LATE, 180)],
    "NotOnOrAfter of SubjectConfirmationData": [(LATE, Kind.TOO_LATE, 180)],
    "SessionNotOnOrAfter": [(LATE, Kind.SESSION_OVER, 0)],
}
OF_RESPONSE = {"Issuer of the response", "Destination", "IssueInstant of the response"}
SPELLINGS = {
    "elsewhere": lambda right: WRONG,
    "slash": lambda right: f"{right}/",
    "case": str.upper,
    "http": lambda right: right.replace("https:", "http:"),
    "long": lambda right: right + "a" * 5000,
    "markup": lambda right: f"{right}<script>alert(1)</script>",
    "controls": lambda right: f"{right}\u202e",
}


def found(refused: SamlRefused, name: str) -> dict:
    (difference,) = [each for each in refused.differences if name in each["names"]]
    return dict(difference)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("sign", PLACES)
def test_s2_an_address_is_quoted_where_it_is_signed_and_nowhere_else(sign, name, spelling):
    right = {"Audience": SP_ENTITY_ID}.get(name, IDP.entity_id if name.startswith("Issuer") else ACS_URL)
    wrong = SPELLINGS[spelling](right)
    refused = refusal(signed(ADDRESSES[name](wrong), sign))
    difference, is_signed = found(refused, name), "response" in sign or name not in OF_RESPONSE
    assert difference["expected"] == [right] and difference["is_signed"] is is_signed
    if not is_signed:
        assert difference["sent"] == [] and json.dumps(wrong)[1:-1] not in json.dumps(refused.differences)
    elif len(wrong) <= MAX_VALUE:
        assert difference["sent"] == [wrong]
    else:
        (cut,) = difference["sent"]
        assert len(cut) == MAX_VALUE + 1 and cut.startswith(right) and "…" in cut


@pytest.mark.parametrize(("name", "rows"), UNTIMELY.items())
@pytest.mark.parametrize("sign", PLACES)
def test_s2_a_time_is_quoted_where_it_is_signed_with_ours_and_what_is_allowed(sign, name, rows):
    for wrong, kind, allowed in rows:
        difference = found(refusal(signed(set_attribute(*TIMES[name], wrong), sign)), name)
        is_signed = "response" in sign or name not in OF_RESPONSE
        assert difference["sent"] == ([wrong.replace("Z", "+00:00")] if is_signed else [])
        assert (difference["kind"], difference["allowed"]) == (kind, allowed)
        assert difference["expected"] == [NOW.isoformat()]


@pytest.mark.parametrize("value", [LOCAL, "yesterday", "", "2026-13-01T00:00:00Z"])
@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("sign", PLACES)
def test_s2_a_time_that_is_none_is_quoted_where_it_is_signed(sign, name, value):
    refused = refusal(signed(set_attribute(*TIMES[name], value), sign))
    assert refused.reason is SamlReason.UNREADABLE_TIME
    difference, is_signed = found(refused, name), "response" in sign or name not in OF_RESPONSE
    assert difference["kind"] == Kind.NO_TIME
    assert difference["sent"] == ([value] if is_signed and value else [])


def test_when_the_person_proved_who_they_are_may_be_whenever():
    for value in (LONG_AGO, TO_COME):
        assert read(signed(set_attribute(AUTHN, "AuthnInstant", value))).name_id


@pytest.mark.parametrize("name", ADDRESSES)
def test_s2_nothing_is_quoted_where_nothing_is_signed(name):
    refused = refusal(IDP.respond(Answer(), sign=(), edit=ADDRESSES[name](WRONG)))
    assert (refused.reason, refused.differences) == (SamlReason.NOT_SIGNED, [])


@pytest.mark.parametrize("sign", PLACES)
def test_s2_nothing_is_quoted_that_was_changed_after_it_was_signed(sign):
    refused = refusal(signed(set_text(AUDIENCE, WRONG), sign).replace(WRONG.encode(), WRONG.upper().encode()))
    assert (refused.reason, refused.differences) == (SamlReason.SIGNATURE_INVALID, [])


@pytest.mark.parametrize("sign", PLACES)
def test_s2_what_was_encrypted_is_quoted_once_it_is_verified(sign):
    encryption = Encryption(self_signed(SP_KEY, "sp.example"))
    xml = IDP.respond(Answer(sp_entity_id=WRONG), sign=sign, encryption=encryption)
    assert found(refusal(xml), "Audience")["sent"] == [WRONG]


@pytest.mark.parametrize("sign", PLACES)
def test_everything_that_is_wrong_is_listed_at_once_and_equal_values_together(sign):
    xml = IDP.respond(Answer(acs_url=WRONG, sp_entity_id=f"{WRONG}/metadata"), sign=sign)
    names = [each["names"] for each in refusal(xml).differences]
    urls = [["Destination", "Recipient"]] if "response" in sign else [["Destination"], ["Recipient"]]
    assert names == [*urls, ["Audience"]]


def test_a_value_that_is_missing_is_said_to_be():
    assert found(refusal(signed(set_attribute(".", "Destination", None))), "Destination")["sent"] == []
    assert found(refusal(signed(set_attribute(DATA, "Recipient", None))), "Recipient")["sent"] == []
    for path in (AUDIENCE, f"{CONDITIONS}/saml:AudienceRestriction"):
        edit = remove(path) if path != AUDIENCE else set_text(path, " ")
        audience = found(refusal(signed(edit)), "Audience")
        assert (audience["sent"], audience["is_signed"], audience["expected"]) == ([], True, [SP_ENTITY_ID])


def test_of_several_audiences_those_of_the_restriction_that_leaves_us_out_are_listed():
    def edit(root: etree._Element) -> None:
        repeat(f"{CONDITIONS}/saml:AudienceRestriction")(root)
        for number in range(MAX_VALUES + 2):
            repeat(AUDIENCE, f"{WRONG}/{number}")(root)
        set_text(AUDIENCE, WRONG)(root)

    audience = found(refusal(signed(edit)), "Audience")
    assert len(audience["sent"]) == MAX_VALUES and audience["more"] == 3
    assert SP_ENTITY_ID not in audience["sent"]


def test_an_audience_of_several_that_is_ours_is_no_difference():
    assert read(signed(repeat(AUDIENCE, WRONG))).name_id


def test_of_several_confirmations_the_one_for_us_is_compared():
    def edit(root: etree._Element) -> None:
        repeat(CONFIRMATION)(root)
        set_attribute(DATA, "NotOnOrAfter", LATE)(root)
        root.findall(DATA, NS)[1].set("Recipient", WRONG)

    refused = refusal(signed(edit))
    assert [each["names"] for each in refused.differences] == [["NotOnOrAfter of SubjectConfirmationData"]]


def test_confirmations_for_others_alone_are_all_listed():
    def edit(root: etree._Element) -> None:
        repeat(CONFIRMATION)(root)
        for number, data in enumerate(root.findall(DATA, NS)):
            data.set("Recipient", f"{WRONG}/{number}")

    assert found(refusal(signed(edit)), "Recipient")["sent"] == [f"{WRONG}/0", f"{WRONG}/1"]


def test_a_confirmation_that_holds_beside_a_late_one_is_no_difference():
    def edit(root: etree._Element) -> None:
        repeat(CONFIRMATION)(root)
        set_attribute(DATA, "NotOnOrAfter", LATE)(root)
        set_text(AUDIENCE, WRONG)(root)

    assert [each["names"] for each in refusal(signed(edit)).differences] == [["Audience"]]


def test_an_issuer_in_another_format_is_compared_by_its_format():
    persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
    refused = refusal(signed(set_attribute(f"{ASSERTION}/saml:Issuer", "Format", persistent)))
    assert found(refused, "Format of the Issuer of the assertion")["sent"] == [persistent]


def test_the_certificate_of_an_unknown_key_stands_beside_those_that_are_pinned():
    (difference,) = refusal(Idp().respond(Answer())).differences
    assert difference["kind"] == Kind.CERTIFICATE and difference["sent"] != difference["expected"]
    assert all(len(each) == 95 and each == each.upper() for each in difference["sent"] + difference["expected"])

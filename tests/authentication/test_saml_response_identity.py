"""S6: InResponseTo. S8: only the diagonal. S11: what an identity is."""

from itertools import product

import pytest
from lxml import etree

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import check_response
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.responses import peek_in_response_to
from tests.authentication.responses import (
    DATA,
    IDP,
    NAME_ID,
    PLACES,
    read,
    reason,
    remove,
    set_attribute,
    set_text,
    signed,
)
from tests.idp import EMAIL, PERSISTENT, REQUEST_ID, SKEW, Answer, Idp, encode

# S6: which request. ---------------------------------------------------------------------------------------------------


def test_s6_both_places_name_the_request():
    for path, sign in product((".", DATA), PLACES):
        for value in ("_other", REQUEST_ID + " ", REQUEST_ID.upper()):
            assert reason(signed(set_attribute(path, "InResponseTo", value), sign)) is SamlReason.WRONG_REQUEST
        for value in (None, ""):
            assert reason(signed(set_attribute(path, "InResponseTo", value), sign)) is SamlReason.UNSOLICITED
    assert reason(IDP.respond(Answer()), in_response_to="_other") is SamlReason.WRONG_REQUEST


def test_s6_no_expectation_is_met_by_an_unsolicited_response():
    def unsolicited(root: etree._Element) -> None:
        for path in (".", DATA):
            set_attribute(path, "InResponseTo", "")(root)

    assert reason(signed(unsolicited), in_response_to="") is SamlReason.UNSOLICITED


def test_s6_the_request_can_be_looked_up_before_anything_is_verified():
    unsigned = IDP.respond(Answer(request_id="_looked-up"), sign=())
    assert peek_in_response_to(check_response(encode(unsigned))) == "_looked-up"
    for edit in (set_attribute(".", "InResponseTo", None), set_attribute(".", "InResponseTo", "")):
        assert peek_in_response_to(check_response(encode(signed(edit)))) is None
    for raw in ("!", encode(b"<x/>"), encode(signed(set_attribute(".", "InResponseTo", "_" * 257)))):
        with pytest.raises(SamlRefused):
            peek_in_response_to(check_response(raw))


# S8: the matrix. ------------------------------------------------------------------------------------------------------

SHARED = Idp("https://shared.example/idp")  # two tenants use this one
PROVIDERS = [(Idp("https://one.example/idp"), "one"), (SHARED, "two"), (SHARED, "three")]


def sp_of(name: str) -> SpFacts:
    return SpFacts(f"https://console.example/saml/{name}/metadata", f"https://console.example/saml/{name}/acs")


def facts_of(idp: Idp) -> ProviderFacts:
    return ProviderFacts(idp.entity_id, (idp.certificate,), allow_sha1=False, skew=SKEW)


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
            SamlReason.WRONG_AUDIENCE,
            SamlReason.WRONG_DESTINATION,
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
    assert reason(IDP.respond(Answer(name_id_format=transient))) is SamlReason.NAME_ID_TRANSIENT


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\t", "\u00a0ada", "ada\u00a0", "a\nda", "ada\u200b", "a\u202eda", "a\tb", "a" * 1025, "\ufeffada"],
)
def test_s11_a_name_id_cannot_pass_for_another(text):
    assert reason(signed(set_text(NAME_ID, text))) is SamlReason.NAME_ID


@pytest.mark.parametrize("sign", PLACES)
@pytest.mark.parametrize("text", [" ada", "ada ", "ada\n", "\n    ada\n  ", "\t\tada"])
def test_s11_white_space_of_xml_around_a_name_id_is_not_of_it(text, sign):
    claims = read(signed(set_text(NAME_ID, text), sign))
    assert claims.name_id == claims.subject.text == "ada"


def test_s11_a_name_id_is_required_and_taken_as_it_is():
    assert reason(signed(remove(NAME_ID))) is SamlReason.NAME_ID
    for text in ("Zoë Müller", "CN=Ada,O=Acme", "a" * 1024, "ada@ACME.example"):
        assert read(signed(set_text(NAME_ID, text))).name_id == text

"""The SAML side of the practice IdP: correct by default, and wrong in exactly the way that was chosen."""

from dataclasses import replace

import pytest

from authentication.saml.attributes import AssertedProfile, AttributeNames, pick_profile
from authentication.saml.errors import SamlReason, SamlRefused
from provisioning.practice_idp.demo import DemoPerson
from provisioning.practice_idp.errors import BadRequest
from provisioning.practice_idp.saml.faults import LABELS
from provisioning.practice_idp.saml.idp import Idp
from provisioning.practice_idp.saml.shapes import Release
from tests.provisioning.practice import ADA, IDP_ORIGIN, KEY, PROVIDER, REQUEST_ID, asked, read_xml

IDP = Idp(PROVIDER, KEY)
REFUSALS = {
    "other-key": SamlReason.CERTIFICATE_UNKNOWN,
    "audience": SamlReason.WRONG_AUDIENCE,
    "recipient": SamlReason.WRONG_RECIPIENT,
    "expired": SamlReason.RESPONSE_EXPIRED,
    "unsigned": SamlReason.NOT_SIGNED,
    "altered": SamlReason.SIGNATURE_INVALID,
    "wrapped": SamlReason.UNEXPECTED_STRUCTURE,
    "request": SamlReason.WRONG_REQUEST,
}


def profile(xml: bytes) -> AssertedProfile:
    return pick_profile(read_xml(xml), AttributeNames())


# Responses. -----------------------------------------------------------------------------------------------------------


def test_an_honest_response_says_who_it_is():
    claims = read_xml(IDP.respond(REQUEST_ID, ADA))
    assert (claims.name_id, claims.issuer) == (ADA.email, PROVIDER.entity_id)
    assert pick_profile(claims, AttributeNames()) == AssertedProfile(ADA.email, ADA.name, ADA.groups)


@pytest.mark.parametrize(
    ("sends", "expected"),
    [
        (Release(name=False), AssertedProfile(ADA.email, "", ADA.groups)),
        (Release(groups=False), AssertedProfile(ADA.email, ADA.name, None)),
        (Release(email=False), AssertedProfile("", ADA.name, ADA.groups)),
        (Release(email=False, name=False, groups=False), AssertedProfile("", "", None)),
    ],
    ids=["name", "groups", "email", "all"],
)
def test_what_is_left_out_is_not_said(sends, expected):
    assert profile(IDP.respond(REQUEST_ID, ADA, sends)) == expected


def test_without_the_address_the_same_person_has_the_same_identifier():
    first, second, other = (
        read_xml(IDP.respond(REQUEST_ID, person, Release(email=False))).name_id
        for person in (ADA, ADA, replace(ADA, email="bo@acme.example"))
    )
    assert first == second != other


def test_an_empty_group_attribute_says_that_somebody_is_in_no_group():
    assert profile(IDP.respond(REQUEST_ID, ADA, fault="no-groups")).groups == ()
    assert (
        profile(IDP.respond(REQUEST_ID, DemoPerson("bo@acme.example", ""), Release(name=False), "no-groups")).groups
        == ()
    )
    assert profile(IDP.respond(REQUEST_ID, replace(ADA, groups=()))).groups is None


@pytest.mark.parametrize(("wrong", "expected"), REFUSALS.items(), ids=REFUSALS)
def test_what_is_wrong_on_purpose_is_refused_for_just_that(wrong, expected):
    with pytest.raises(SamlRefused) as refused:
        read_xml(IDP.respond(REQUEST_ID, ADA, fault=wrong))
    assert refused.value.reason is expected


def test_every_wrong_choice_is_tried_here():
    assert LABELS.keys() == REFUSALS.keys() | {"replay", "no-groups"}


# Requests. ------------------------------------------------------------------------------------------------------------


def test_a_request_of_the_service_is_understood():
    request_id, fields = asked()
    assert IDP.read_authn_request(fields["SAMLRequest"]) == request_id


@pytest.mark.parametrize(
    "changes",
    [
        {"entity_id": "https://foreign.example/metadata"},
        {"acs_url": "https://foreign.example/acs"},
        {"sso_url": f"{IDP_ORIGIN}/idp/other/sso"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_request_of_somebody_else_or_for_another_address_is_not_answered(changes):
    with pytest.raises(BadRequest):
        IDP.read_authn_request(asked(**changes)[1]["SAMLRequest"])


@pytest.mark.parametrize("text", ["", "no request", "bm8gcmVxdWVzdA==", "\N{SNOWMAN}"])
def test_what_is_no_request_is_not_answered(text):
    with pytest.raises(BadRequest):
        IDP.read_authn_request(text)

"""Name, email and groups from what the usual vendors send."""

from datetime import UTC, datetime

import pytest

from authentication.saml.assertions import Claims
from authentication.saml.attributes import AssertedProfile, AttributeNames, pick_profile
from authentication.saml.name_ids import NameId
from tests.idp import EMAIL, PERSISTENT

USUAL = AttributeNames()
NOW = datetime(2026, 1, 15, tzinfo=UTC)
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
SOAP_2005 = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"


def profile(
    attributes: dict[str, tuple[str, ...]],
    names: AttributeNames = USUAL,
    name_id: str = "00u1",
    name_id_format: str = PERSISTENT,
) -> AssertedProfile:
    subject = NameId(name_id, name_id_format)
    claims = Claims("_r", "_a", "_q", "https://idp", name_id, name_id_format, attributes, "", None, NOW, NOW, subject)
    return pick_profile(claims, names)


ADA = AssertedProfile(email="ada@acme.example", name="Ada Lovelace", groups=("Engineering", "Ops"))
GROUPS = ("Engineering", "Ops")


@pytest.mark.parametrize(
    "attributes",
    [
        {
            "email": ("ada@acme.example",),
            "workspace_end_user_name": ("Ada Lovelace",),
            "workspace_end_user_groups": GROUPS,
        },
        {"email": ("ada@acme.example",), "firstName": ("Ada",), "lastName": ("Lovelace",), "groups": GROUPS},
        {
            f"{SOAP_2005}/emailaddress": ("ada@acme.example",),
            f"{SOAP_2005}/name": ("ada_acme.example#EXT#@tenant.onmicrosoft.com",),
            f"{SOAP_2005}/givenname": ("Ada",),
            f"{SOAP_2005}/surname": ("Lovelace",),
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups": GROUPS,
        },
        {
            f"{SOAP_2005}/emailaddress": ("ada@acme.example",),
            f"{SOAP_2005}/name": ("Ada Lovelace",),
            "http://schemas.xmlsoap.org/claims/Group": GROUPS,
        },
        {
            "User.email": ("ada@acme.example",),
            "User.FirstName": ("Ada",),
            "User.LastName": ("Lovelace",),
            "memberOf": GROUPS,
        },
        {"Email": ("ada@acme.example",), "first_name": ("Ada",), "last_name": ("Lovelace",), "Groups": GROUPS},
        {
            "urn:oid:0.9.2342.19200300.100.1.3": ("ada@acme.example",),
            "urn:oid:2.16.840.1.113730.3.1.241": ("Ada Lovelace",),
            "urn:oid:1.3.6.1.4.1.5923.1.5.1.1": GROUPS,
        },
    ],
    ids=["ours", "Okta", "Entra", "ADFS", "OneLogin", "Google", "OIDs"],
)
def test_the_usual_vendors_need_no_mapping(attributes):
    assert profile(attributes) == ADA


def test_a_chosen_attribute_is_the_only_one():
    names = AttributeNames(name="nick", email="work", groups="teams")
    attributes = {"email": ("x@acme.example",), "displayName": ("X",), "groups": ("X",)}
    assert profile(attributes, names, "n@acme.example", EMAIL) == AssertedProfile(email="", name="", groups=None)
    chosen = {"Nick": ("Ada",), "WORK": ("ada@acme.example",), "teams": ("A",)}
    assert profile(attributes | chosen, names) == AssertedProfile(email="ada@acme.example", name="Ada", groups=("A",))


@pytest.mark.parametrize(
    ("name_id", "name_id_format", "email"),
    [
        ("ada@acme.example", EMAIL, "ada@acme.example"),
        ("ada@acme.example", UNSPECIFIED, "ada@acme.example"),
        ("ada@acme.example", PERSISTENT, "bob@acme.example"),
        ("ada", EMAIL, "bob@acme.example"),
        ("a@b@c", EMAIL, "bob@acme.example"),
    ],
)
def test_s11_a_name_id_that_is_an_email_comes_before_an_attribute(name_id, name_id_format, email):
    assert profile({"mail": ("bob@acme.example",)}, USUAL, name_id, name_id_format).email == email


@pytest.mark.parametrize("value", ["", "ada", "@", "a@", "@b", "a@b@c", "a b@c", "a@b,c@d", "Ada <a@b>", "a@b\n"])
def test_what_is_no_email_is_not_taken_for_one(value):
    assert profile({"email": (value,)}).email == ("a@b" if value == "a@b\n" else "")


def test_no_information_is_not_no_groups():
    assert profile({}).groups is None
    assert profile({"http://schemas.microsoft.com/claims/groups.link": ("https://graph",)}).groups is None
    assert profile({"groups": ()}).groups == ()
    assert profile({"groups": (" ",)}).groups == ()


@pytest.mark.parametrize(
    ("values", "groups"),
    [
        (("A",), ("A",)),
        (("A,B, C ,,",), ("A", "B", "C")),
        (("A, Ltd", "B"), ("A, Ltd", "B")),
        (("A", "A", "B"), ("A", "B")),
        (("CN=Sales,OU=Groups,DC=acme",), ("CN=Sales,OU=Groups,DC=acme",)),
        (("cn=Sales,dc=acme", "cn=Ops,dc=acme"), ("cn=Sales,dc=acme", "cn=Ops,dc=acme")),
        ((" A ", ""), ("A",)),
    ],
)
def test_groups_are_several_values_or_one_with_commas(values, groups):
    assert profile({"groups": values}).groups == groups


def test_a_name_is_put_together_from_what_there_is():
    assert profile({"givenName": ("Ada",)}).name == "Ada"
    assert profile({"sn": ("Lovelace",)}).name == "Lovelace"
    assert profile({"displayName": ("",), "cn": (" Ada L ",)}).name == "Ada L"
    assert profile({}).name == ""

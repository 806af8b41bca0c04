"""Name, email and groups from what the usual vendors send."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from authentication.saml.assertions import Claims
from authentication.saml.attributes import OVERAGE, AssertedProfile, AttributeNames, pick_profile
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
    claims = Claims(
        "_r", "_a", "_q", "https://idp", name_id, name_id_format, attributes, "", None, NOW, NOW, subject, NOW
    )
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
    assert profile({"groups": ()}).groups == ()
    assert profile({"groups": (" ",)}).groups == ()


@pytest.mark.parametrize(
    "value",
    ["A", "Sales, EMEA", "Support, Admins", "A,B", "a;b;c", "a|b", '["a","b"]', "L=Paris,O=x", "CN=Sales,OU=x", "a\tb"],
)
@pytest.mark.parametrize("beside", [(), ("Other",)])
def test_a_value_is_a_group_whatever_it_contains(value, beside):
    assert profile({"groups": (value, *beside)}).groups == (value, *beside)


@pytest.mark.parametrize(
    ("separator", "values", "groups"),
    [
        (",", ("A,B, C ,,",), ("A", "B", "C")),
        (";", ("Sales, EMEA;Ops;Ops",), ("Sales, EMEA", "Ops")),
        ("|", ("a|b",), ("a", "b")),
        (" ", ("a  b",), ("a", "b")),
        (",", ("A, Ltd", "B"), ("A, Ltd", "B")),
        (",", (" , ",), ()),
        (",", (), ()),
    ],
)
def test_one_value_is_split_at_the_separator_that_was_chosen(separator, values, groups):
    names = AttributeNames(separator=separator)
    assert profile({"groups": values}, names).groups == groups
    assert profile({"Teams": values}, replace(names, groups="teams")).groups == groups


def test_values_are_trimmed_and_counted_once():
    assert profile({"groups": (" A ", "", "A", "B")}).groups == ("A", "B")


@pytest.mark.parametrize("is_missing_none", [True, False])
def test_an_assertion_without_the_attribute_means_what_was_chosen(is_missing_none):
    names = AttributeNames(is_missing_none=is_missing_none)
    assert profile({"other": ("A",)}, names).groups == (() if is_missing_none else None)
    assert profile({"groups": ()}, names).groups == ()
    assert profile({"groups": ("A",)}, names).groups == ("A",)


@pytest.mark.parametrize("is_missing_none", [True, False])
@pytest.mark.parametrize("chosen", ["", "teams"])
def test_the_overage_link_of_entra_never_means_no_groups(is_missing_none, chosen):
    read = profile({OVERAGE: ("https://graph.example",)}, AttributeNames("", "", chosen, "", is_missing_none))
    assert (read.groups, read.is_overage) == (None, True)


def test_a_name_is_put_together_from_what_there_is():
    assert profile({"givenName": ("Ada",)}).name == "Ada"
    assert profile({"sn": ("Lovelace",)}).name == "Lovelace"
    assert profile({"displayName": ("",), "cn": (" Ada L ",)}).name == "Ada L"
    assert profile({}).name == ""

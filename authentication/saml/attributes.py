"""Pick name, email and groups from claims, by the provider's attribute names or those of the usual vendors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from saml2.saml import NAMEID_FORMAT_EMAILADDRESS, NAMEID_FORMAT_UNSPECIFIED

from authentication.saml.assertions import Claims

CLAIMS_2005 = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
CLAIMS_2008 = "http://schemas.microsoft.com/ws/2008/06/identity/claims"
XMLSOAP = "http://schemas.xmlsoap.org/claims"

NAME = (
    "workspace_end_user_name",
    "http://schemas.microsoft.com/identity/claims/displayname",
    "urn:oid:2.16.840.1.113730.3.1.241",
    "displayName",
    "display_name",
    "User.displayName",
    "name",
    "fullName",
    "full_name",
    "cn",
    "urn:oid:2.5.4.3",
    f"{XMLSOAP}/CommonName",
)
FIRST_NAME = (
    "firstName",
    "first_name",
    "User.FirstName",
    "givenName",
    "given_name",
    f"{CLAIMS_2005}/givenname",
    "urn:oid:2.5.4.42",
)
LAST_NAME = (
    "lastName",
    "last_name",
    "User.LastName",
    "surname",
    "sn",
    "family_name",
    f"{CLAIMS_2005}/surname",
    "urn:oid:2.5.4.4",
)
# Entra puts the user principal name here, so first and last name are better.
LAST_RESORT = (f"{CLAIMS_2005}/name",)
EMAIL = (
    "email",
    "mail",
    "emailAddress",
    "email_address",
    "User.email",
    f"{CLAIMS_2005}/emailaddress",
    f"{XMLSOAP}/EmailAddress",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "urn:oid:1.2.840.113549.1.9.1",
)
GROUPS = (
    "workspace_end_user_groups",
    f"{CLAIMS_2008}/groups",
    "groups",
    "group",
    "memberOf",
    "User.MemberOf",
    f"{XMLSOAP}/Group",
    "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
)

# What Entra sends instead of more groups than fit an assertion: where they could be asked for.
OVERAGE = "http://schemas.microsoft.com/claims/groups.link"

_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")


@dataclass(frozen=True, slots=True)
class AttributeNames:
    """What an administrator chose for a provider. Where the name of an attribute is "", the usual names are tried.

    separator splits a single value of the groups attribute; "" if each group is a value. is_missing_none says that an
    assertion without the attribute means no groups, else it says nothing of groups.
    """

    name: str = ""
    email: str = ""
    groups: str = ""
    separator: str = ""
    is_missing_none: bool = False


@dataclass(frozen=True, slots=True)
class AssertedProfile:
    """What an assertion says of a person.

    email and name are "" if it does not say them. groups is None if it says nothing of groups, () if there are none.
    is_overage says that Entra sent a link instead of too many groups.
    """

    email: str
    name: str
    groups: tuple[str, ...] | None
    is_overage: bool = False


def pick_profile(claims: Claims, names: AttributeNames) -> AssertedProfile:
    """Return email, name and groups. The caller decides whether the email may be believed."""
    attributes = {name.casefold(): values for name, values in claims.attributes.items()}
    return AssertedProfile(
        email=_email(claims, attributes, names.email),
        name=_name(attributes, names.name),
        groups=None if OVERAGE in attributes else _groups(attributes, names),
        is_overage=OVERAGE in attributes,
    )


def is_email(text: str) -> bool:
    """Say whether a value is read as an email address."""
    return bool(_EMAIL.fullmatch(text))


def _email(claims: Claims, attributes: Mapping[str, tuple[str, ...]], chosen: str) -> str:
    """Return the chosen attribute. If none is chosen, return the NameID if it is an email, or a usual attribute."""
    named = _first(attributes, (chosen,) if chosen else EMAIL)
    may_be_email = claims.name_id_format in (NAMEID_FORMAT_EMAILADDRESS, NAMEID_FORMAT_UNSPECIFIED)
    candidates = [claims.name_id, named] if may_be_email and not chosen else [named]
    return next((text for text in candidates if is_email(text)), "")


def _name(attributes: Mapping[str, tuple[str, ...]], chosen: str) -> str:
    """Return the chosen attribute. If none is chosen, return a usual name, or first and last name together."""
    if chosen:
        return _first(attributes, (chosen,))
    parts = (_first(attributes, FIRST_NAME), _first(attributes, LAST_NAME))
    return _first(attributes, NAME) or " ".join(part for part in parts if part) or _first(attributes, LAST_RESORT)


def _first(attributes: Mapping[str, tuple[str, ...]], names: tuple[str, ...]) -> str:
    """Return the first value that is not blank, in the order of names."""
    values = (value.strip() for name in names for value in attributes.get(name.casefold(), ()))
    return next((value for value in values if value), "")


def _groups(attributes: Mapping[str, tuple[str, ...]], names: AttributeNames) -> tuple[str, ...] | None:
    """Return the groups of the chosen attribute, or of the first usual one, each once; None if nothing is said.

    A value is a name whatever it contains, unless the administrator named a separator for a single one.
    """
    tried = (names.groups,) if names.groups else GROUPS
    values = next((attributes[name.casefold()] for name in tried if name.casefold() in attributes), None)
    if values is None:
        return () if names.is_missing_none else None
    if names.separator and len(values) == 1:
        values = tuple(values[0].split(names.separator))
    return tuple(dict.fromkeys(value.strip() for value in values if value.strip()))

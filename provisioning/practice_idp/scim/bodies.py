"""Request bodies as Okta and Microsoft Entra ID send them, for the practice IdP and for the demo.

A SCIM client library would send other bodies: these follow what was recorded of the two.
"""

from provisioning.practice_idp.demo import Json
from provisioning.practice_idp.scim.directory import Group, Person

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
AD_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"


def patch(*operations: Json) -> Json:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def okta_profile(person: Person) -> Json:
    """Return the attributes that Okta keeps in step."""
    given, family = given_and_family(person)
    return {
        "userName": person.email,
        "name": {"givenName": given, "familyName": family},
        "emails": [{"primary": True, "value": person.email, "type": "work"}],
        "displayName": person.name,
        "externalId": f"00u{person.key.replace('-', '')[:17]}",
    }


def okta_user(person: Person) -> Json:
    """Return a new User."""
    return {"schemas": [USER], **okta_profile(person), "locale": "en-US", "groups": [], "active": True}


def okta_group(name: str) -> Json:
    """Return a new Group; Okta adds members by PATCH."""
    return {"schemas": [GROUP], "displayName": name, "members": []}


def entra_user(person: Person) -> Json:
    """Return a new User, with `active` as text."""
    given, family = given_and_family(person)
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": person.key,
        "userName": person.email,
        "active": "True",
        "displayName": person.name,
        "emails": [{"primary": True, "type": "work", "value": person.email}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": person.name, "familyName": family, "givenName": given},
        "roles": [],
    }


def entra_group(group: Group) -> Json:
    """Return a new Group without `members`, which Entra adds by PATCH."""
    return {
        "schemas": [GROUP, AD_GROUP],
        "externalId": group.key,
        "displayName": group.name,
        "meta": {"resourceType": "Group"},
    }


def given_and_family(person: Person) -> tuple[str, str]:
    given, _, family = person.name.partition(" ")
    return given, family

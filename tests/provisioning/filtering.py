"""Users and groups for filters to find."""

from typing import Any
from uuid import uuid4

import pytest

from provisioning.models import (
    ProvisionedEmail,
    ProvisionedGroup,
    ProvisionedMembership,
    ProvisionedUser,
    ProvisioningConnection,
)
from provisioning.payload.documents import folded
from provisioning.payload.errors import ScimError
from provisioning.payload.resources import ENTERPRISE, Group, User
from provisioning.search.filters import compile_filter
from workspace.db.keys import canonical
from workspace.models import EndUser

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ADA = {
    "userName": "Ada@Example.com",
    "externalId": "00uADA",
    "displayName": "Ada Lovelace",
    "active": True,
    "title": "100% _pure\\",
    "name": {"givenName": "Ada", "familyName": "Straße"},
    "emails": [
        {"value": "Ada@Example.com", "type": "work", "primary": True},
        {"value": "ada@home.org", "type": "home"},
    ],
    ENTERPRISE: {"department": "Engines", "manager": {"value": "26118915-6090-4610-87e4-49d8ca9f808d"}},
}
BOB = {
    "userName": "bob@example.com",
    "active": False,
    "title": "1000 xpure",
    "emails": [{"value": "bob@example.com", "type": "home", "primary": False}],
    "addresses": [{"type": "work", "locality": "Bern"}, {"type": "home", "locality": "Basel"}],
}
CY = {"userName": "cy", "displayName": "ÉCOLE"}


def add_user(connection: ProvisioningConnection, document: dict[str, Any]) -> ProvisionedUser:
    name = document["userName"]
    person = EndUser.objects.create(workspace=connection.environment.workspace, full_name=name, email=str(uuid4()))
    user = connection.users.create(
        end_user=person,
        user_name=name,
        external_id=document.get("externalId", ""),
        is_active=document.get("active", True),
        display_name_key=canonical(document.get("displayName", "")),
        document=document,
        folded=folded(document, User),
    )
    ProvisionedEmail.objects.bulk_create(
        ProvisionedEmail(
            user=user,
            connection=connection,
            value_key=canonical(email["value"]),
        )
        for email in document.get("emails", [])
        if "value" in email
    )
    return user


def add_group(connection: ProvisioningConnection, name: str, *members: ProvisionedUser) -> ProvisionedGroup:
    document = {"displayName": name}
    group = connection.groups.create(display_name=name, document=document, folded=folded(document, Group))
    ProvisionedMembership.objects.bulk_create(ProvisionedMembership(group=group, user=user) for user in members)
    return group


def found(connection: ProvisioningConnection, text: str) -> str:
    """The first letters of the users that the filter finds, in order, each as often as it is found."""
    users = connection.users.filter(compile_filter(text, kind="User"))
    return "".join(sorted(user.user_name[0].lower() for user in users))


def refusal(text: str, resource: Any = "User") -> str:
    with pytest.raises(ScimError) as refused:
        compile_filter(text, kind=resource)
    assert (refused.value.status, refused.value.scim_type) == (400, "invalidFilter")
    return refused.value.detail


def find_cases(*cases: tuple[str, str]) -> Any:
    return pytest.mark.parametrize(("text", "users"), cases, ids=[text for text, _ in cases])

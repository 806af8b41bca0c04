"""SCIM Users that say little, and the people they stand for."""

from tests.scim import USER
from workspace.models import EndUser


def body(user_name, *emails, **fields):
    """A User with these addresses, the first one primary."""
    values = [{"value": value, "primary": not place} for place, value in enumerate(emails)]
    return {"schemas": [USER], "userName": user_name} | ({"emails": values} if emails else {}) | fields


def create(scim, user_name, *emails, **fields):
    """The id of a new User."""
    answer = scim.post("/Users", body(user_name, *emails, **fields))
    assert answer.status == 201, answer.body
    return answer.body["id"]


def person(scim, pk):
    """Whom a SCIM User stands for."""
    return EndUser.objects.get(provisioned=pk)

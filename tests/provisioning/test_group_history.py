"""The history of a group that an identity provider takes over, and lets go."""

import pytest
from django.test import Client

from provisioning.models import ScimRequest
from tests import factories
from workspace.models import ChangeEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(scim) -> Client:
    return factories.sign_in(Client(), factories.administrator(scim.connection.environment.workspace))


def test_members_set_aside_by_a_push_come_back_after_the_group_is_unlinked(scim, owner):
    dev = scim.connection.environment
    ada = factories.end_user(dev)
    support = factories.group(dev, ada, name="Support")
    pk = scim.group("support", [scim.user("bo")])
    assert [person.full_name for person in support.end_users] == ["Bo Example"]

    where = f"/workspaces/acme/dev/groups/{support.pk}/history/"
    page = owner.get(where)
    taken_over = ChangeEvent.objects.get(action="group.taken_over")
    request = ScimRequest.objects.get(method="POST", path__endswith="/Groups")
    content = page.content.decode()
    assert f"/requests/{request.pk}/" in content and f"/groups/restore/{taken_over.pk}/" in content

    restore = f"/workspaces/acme/dev/groups/restore/{taken_over.pk}/"
    assert owner.post(restore, {"name": "Support by hand"}).status_code == 302
    assert [person.full_name for person in dev.groups.get(name="Support by hand").end_users] == ["Ada Winter"]

    assert scim.delete(f"/Groups/{pk}").status == 204
    assert owner.post(restore, {"into": "group"}).status_code == 302
    assert {person.full_name for person in support.end_users} == {"Ada Winter", "Bo Example"}

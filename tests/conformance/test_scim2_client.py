"""scim2-client, which checks every answer, reads sorted lists, cursors and bulk answers of ours."""

import pytest
from django.core.handlers.wsgi import WSGIHandler
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_models import BulkOperation, BulkRequest, EnterpriseUser, Group, SearchRequest, User

from tests.scim import Scim, make_connection

Person = User[EnterpriseUser]


@pytest.fixture
def client(transactional_db):
    scim = Scim(make_connection())
    client = WSGISCIMClient(
        WSGIHandler(), base_url=scim.connection.base_url, headers={"Authorization": f"Bearer {scim.token}"}
    )
    client.discover()
    return client


def person(name):
    address = f"{name}@example.com"
    return Person(user_name=address, display_name=name, emails=[Person.Emails(value=address)])


def test_sorted_pages_by_cursor(client):
    for name in ("cleo", "ada", "dora", "bob"):
        client.create(person(name))
    model, names, cursor = client.get_resource_model("User"), [], ""
    while cursor is not None:
        asked = SearchRequest(sort_by="displayName", sort_order="descending", cursor=cursor, count=3)
        page = client.query(model, query_parameters=asked)
        assert page.total_results == 4
        names += [found.display_name for found in page.resources]
        cursor = page.next_cursor
    assert names == ["dora", "cleo", "bob", "ada"]


def test_bulk(client):
    user = client.get_resource_model("User")
    group = client.get_resource_model("Group")
    members = [{"value": "bulkId:ada", "type": "User"}]
    asked = BulkRequest[User | Group](
        operations=[
            BulkOperation[Group](
                method="POST", path="/Groups", bulk_id="g", data=Group(display_name="Builders", members=members)
            ),
            BulkOperation[User](
                method="POST",
                path="/Users",
                bulk_id="ada",
                data=User(user_name="ada@example.com", emails=[{"value": "ada@example.com"}]),
            ),
        ]
    )
    answer = client.bulk(asked)
    assert [operation.status for operation in answer.operations] == [201, 201]
    [ada] = client.query(user).resources
    [builders] = client.query(group).resources
    assert [member.value for member in builders.members] == [ada.id]

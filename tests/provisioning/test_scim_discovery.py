"""What the server says of itself."""

import pytest

from provisioning.payload.resources import ACCESS
from tests.scim import ENTERPRISE, GROUP, USER

pytestmark = pytest.mark.django_db


def test_service_provider_config(scim):
    body = scim.get("/ServiceProviderConfig").body
    supported = {
        name: value["supported"] for name, value in body.items() if isinstance(value, dict) and "supported" in value
    }
    assert supported == {
        "patch": True,
        "bulk": True,
        "filter": True,
        "changePassword": False,
        "sort": True,
        "etag": True,
    }
    assert body["pagination"] == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 100,
        "maxPageSize": 200,
        "cursorTimeout": 3600,
    }
    assert (body["bulk"]["maxOperations"], body["bulk"]["maxPayloadSize"]) == (1000, 1024 * 1024)
    assert body["authenticationSchemes"][0]["type"] == "oauthbearertoken"
    assert body["meta"]["location"] == f"{scim.connection.base_url}/ServiceProviderConfig"


def test_resource_types(scim):
    body = scim.get("/ResourceTypes").body
    assert [(kind["id"], kind["endpoint"]) for kind in body["Resources"]] == [("User", "/Users"), ("Group", "/Groups")]
    assert scim.get("/ResourceTypes/User").body == body["Resources"][0]
    extensions = [{"schema": urn, "required": False} for urn in (ENTERPRISE, ACCESS)]
    assert body["Resources"][0]["schemaExtensions"] == extensions


def test_schemas(scim):
    body = scim.get("/Schemas").body
    schemas = {schema["id"]: {item["name"] for item in schema["attributes"]} for schema in body["Resources"]}
    assert set(schemas) == {USER, ENTERPRISE, ACCESS, GROUP}
    assert {"userName", "password", "emails", "groups", "x509Certificates"} <= schemas[USER]
    assert scim.get(f"/Schemas/{USER}").body == body["Resources"][0]


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"])
def test_what_is_said_cannot_be_filtered(scim, path):
    assert scim.get(f'{path}?filter=id eq "x"').body["status"] == "403"


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes"])
def test_unknown_ids(scim, path):
    assert scim.get(f"{path}/nope").body["status"] == "404"

"""Documents that say what this server offers. They are made of the models that also read and check bodies."""

from functools import cache

import scim2_models as scim
from django.http import HttpResponse
from django_scim import views
from django_scim.settings import scim_settings
from scim2_models import BaseModel, Context

from provisioning.payload import body, errors, queries
from provisioning.payload.limits import MAX_OPERATIONS
from provisioning.payload.resources import Access, Document, EnterpriseUser, Group, User
from provisioning.scim import responses
from provisioning.scim.auth import CallRequest
from provisioning.scim.base import ScimView
from provisioning.search import cursors

_LIST = str(scim.ListResponse.__schema__)


class Discovery(ScimView):
    """A fixed list of documents. Each can also be read by its id."""

    kind: str

    def documents(self) -> list[Document]:
        """Return all documents of the list."""
        raise NotImplementedError

    def get(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        _refuse_filter(request)
        base = f"{request.scim.connection.base_url}/{self.kind}s"
        found = [
            document | {"meta": {"resourceType": self.kind, "location": f"{base}/{document['id']}"}}
            for document in self.documents()
            if uuid in (None, document["id"])
        ]
        if uuid is not None:
            if not found:
                raise errors.not_found()
            return responses.document(found[0])
        return responses.document(
            {
                "schemas": [_LIST],
                "totalResults": len(found),
                "startIndex": 1,
                "itemsPerPage": len(found),
                "Resources": found,
            }
        )


class ResourceTypesView(Discovery, views.ResourceTypesView):
    """/ResourceTypes"""

    kind = "ResourceType"

    def documents(self) -> list[Document]:
        return _resource_types()


class SchemasView(Discovery, views.SchemasView):
    """/Schemas"""

    kind = "Schema"

    def documents(self) -> list[Document]:
        return _schemas()


class ServiceProviderConfigView(ScimView, views.ServiceProviderConfigView):
    """/ServiceProviderConfig"""

    def get(self, request: CallRequest) -> HttpResponse:
        _refuse_filter(request)
        location = f"{request.scim.connection.base_url}/ServiceProviderConfig"
        meta = {"resourceType": "ServiceProviderConfig", "location": location}
        return responses.document(_service_provider_config() | {"meta": meta})


def _refuse_filter(request: CallRequest) -> None:
    """Refuse a filter on what the server says of itself (RFC 7644 section 4)."""
    if "filter" in request.GET:
        raise errors.ScimError(403, "This cannot be filtered. Read it whole, or one part of it by its id.")


@cache
def _resource_types() -> list[Document]:
    types = [scim.ResourceType.from_resource(User), scim.ResourceType.from_resource(Group)]
    types[0].description, types[1].description = "User Account", "Group"
    return [_dump(resource_type) for resource_type in types]


@cache
def _schemas() -> list[Document]:
    user, enterprise, access, group = [_dump(model.to_schema()) for model in (User, EnterpriseUser, Access, Group)]
    _named(_named(user["attributes"], "groups")["subAttributes"], "type")["canonicalValues"] = ["direct"]
    _named(group["attributes"], "displayName")["uniqueness"] = "server"
    members = _named(group["attributes"], "members")["subAttributes"]
    _named(members, "$ref")["referenceTypes"] = _named(members, "type")["canonicalValues"] = ["User"]
    # Clients may send and filter by it. It is not kept, since the server knows the names of users.
    _named(members, "display").update(mutability="readOnly", returned="never")
    return [user, enterprise, access, group]


def _named(attributes: list[Document], name: str) -> Document:
    return next(attribute for attribute in attributes if attribute["name"] == name)


@cache
def _service_provider_config() -> Document:
    return _dump(
        scim.ServiceProviderConfig(
            patch=scim.Patch(supported=True),
            bulk=scim.Bulk(supported=True, max_operations=MAX_OPERATIONS, max_payload_size=body.MAX_BYTES),
            filter=scim.Filter(supported=True, max_results=queries.MAX_COUNT),
            change_password=scim.ChangePassword(supported=False),
            sort=scim.Sort(supported=True),
            etag=scim.ETag(supported=True),
            pagination=scim.Pagination(
                cursor=True,
                index=True,
                default_pagination_method=scim.Pagination.DefaultPaginationMethod.index,
                default_page_size=queries.DEFAULT_COUNT,
                max_page_size=queries.MAX_COUNT,
                cursor_timeout=cursors.LIFETIME,
            ),
            authentication_schemes=[
                scim.AuthenticationScheme(**scheme) for scheme in scim_settings.AUTHENTICATION_SCHEMES
            ],
        )
    )


def _dump(model: BaseModel) -> Document:
    return model.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)

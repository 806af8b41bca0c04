"""The endpoints: django-scim2's views, with our own reading, paging, concurrency control and answers."""

from contextlib import nullcontext
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.generic import View
from django_scim import views

from provisioning.payload import body as bodies
from provisioning.payload import errors, queries
from provisioning.payload.resources import Document
from provisioning.scim import listing, responses
from provisioning.scim.adapters import ADAPTERS, Adapter, tolerance
from provisioning.scim.auth import CallRequest
from workspace.db.transactions import whole


class Outcomes(View):
    """Stands behind django-scim2's dispatch: a change is one transaction, a failure a SCIM error."""

    changing_methods = frozenset({"POST", "PUT", "PATCH", "DELETE"})

    def dispatch(self, request: CallRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        changes = request.method in self.changing_methods
        try:
            with responses.scim_errors(), whole() if changes else nullcontext():
                _check_path(request)
                return super().dispatch(request, *args, **kwargs)
        except errors.ScimError as failure:
            return responses.error(failure)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        allowed = [name.upper() for name in self.http_method_names if hasattr(self, name)]
        return responses.error(errors.not_allowed(allowed))


class NotOffered(views.SCIMView, Outcomes):
    """Parts of the protocol that this server leaves out."""

    implemented = False

    def status_501(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return responses.error(errors.ScimError(501, "This server does not offer this; see /ServiceProviderConfig."))


class Unknown(views.SCIMView, Outcomes):
    """Any other path, whatever the method."""

    http_method_names: list[str] = []

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return responses.error(errors.not_found())


class Resources:
    """Users or Groups."""

    scim_adapter: type[Adapter]
    request: Any
    kwargs: dict[str, Any]

    def get_object(self, *, to_change: bool = False) -> Any:
        """The connection's own resource of that id; any other is not found."""
        try:
            pk = UUID(self.kwargs["uuid"])
        except ValueError:
            raise errors.not_found() from None
        found = self.scim_adapter.find(self.request, pk, to_change=to_change)
        if found is None or str(pk) != self.kwargs["uuid"].lower():
            raise errors.not_found()
        return found

    def get_many(self, request: CallRequest) -> HttpResponse:
        return listing.answer([self.scim_adapter], request, request.GET.dict())

    def get_single(self, request: CallRequest) -> HttpResponse:
        resource = self.scim_adapter(self.get_object(), request)
        if _matches(request.headers.get("If-None-Match"), resource.version):
            return HttpResponse(status=304, headers={"ETag": resource.version})
        return self._answer(resource)

    def post(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        if uuid is not None:
            raise errors.not_allowed(["GET", "PUT", "PATCH", "DELETE"])
        resource = self.scim_adapter(None, request)
        resource.create(read_body(request))
        return self._answer(resource, 201)

    def put(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        resource = self._changing(uuid)
        resource.replace(read_body(request))
        return self._answer(resource)

    def patch(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        resource = self._changing(uuid)
        resource.patch(read_body(request))
        if resource.resource_type == "Group" and "attributes" not in request.GET:
            return responses.empty({"ETag": resource.version})
        return self._answer(resource)

    def delete(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        self._changing(uuid).delete()
        return responses.empty()

    def _changing(self, uuid: str | None) -> Adapter:
        """The resource, locked, if it is still the version that the client means."""
        if uuid is None:
            raise errors.not_allowed(["GET", "POST"])
        resource = self.scim_adapter(self.get_object(to_change=True), self.request)
        wanted = self.request.headers.get("If-Match")
        if wanted is not None and not _matches(wanted, resource.version):
            raise errors.ScimError(412, "The resource has changed since. Read it again, then repeat the change.")
        return resource

    def _answer(self, resource: Adapter, status: int = 200) -> HttpResponse:
        selection = queries.selection(self.request.GET.dict(), resource.model)
        document = self.scim_adapter.rendered([resource.obj], self.request, selection)[0]
        return responses.resource(document, status, {"Location": resource.location, "ETag": resource.version})


class Searching:
    """A search by POST; it changes nothing."""

    scim_adapter: type[Adapter]
    changing_methods: frozenset[str] = frozenset()

    def post(self, request: CallRequest) -> HttpResponse:
        return listing.answer([self.scim_adapter], request, read_body(request))


class UsersView(Resources, views.UsersView, Outcomes):
    """/Users"""


class GroupsView(Resources, views.GroupsView, Outcomes):
    """/Groups"""


class UserSearchView(Searching, views.UserSearchView, Outcomes):
    """/Users/.search"""


class GroupSearchView(Searching, views.GroupSearchView, Outcomes):
    """/Groups/.search"""


class SearchView(views.SearchView, Outcomes):
    """/.search: users, then groups."""

    changing_methods: frozenset[str] = frozenset()

    def post(self, request: CallRequest) -> HttpResponse:
        return listing.answer(ADAPTERS, request, read_body(request))


def _check_path(request: CallRequest) -> None:
    if request.path.endswith("/"):
        tolerance(request.scim).note("a slash at the end of the path", "invalidPath")


def read_body(request: HttpRequest) -> Document:
    """The JSON object that was sent."""
    bodies.check_headers(request.headers.get("Content-Type", ""), request.headers.get("Content-Encoding", ""))
    return bodies.parse(request.body)


def _matches(tags: str | None, version: str) -> bool:
    """Whether a list of entity tags names this version; ours are weak, so W/ says nothing."""
    if tags is None:
        return False
    wanted = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    return "*" in wanted or version.removeprefix("W/") in wanted

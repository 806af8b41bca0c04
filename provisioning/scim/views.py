"""The endpoints: django-scim2's views with our own base, paging, concurrency control and answers."""

from codecs import BOM_UTF8
from contextlib import suppress
from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from django_scim import views

from provisioning.actions.locks import lock_group_alone, lock_shared
from provisioning.actions.records.members import add_one_member, add_record_members
from provisioning.actions.records.users import LogRow
from provisioning.models import ProvisionedGroup, ProvisionedUser
from provisioning.payload import body as bodies
from provisioning.payload import errors, queries
from provisioning.payload.member_changes import MemberChange
from provisioning.payload.resources import Document
from provisioning.scim import lists, rendering, responses
from provisioning.scim.adapters import Adapter, GroupAdapter, UserAdapter
from provisioning.scim.auth import CallRequest
from provisioning.scim.base import ScimView
from provisioning.search.kinds import GROUPS, USERS, AnyKind
from provisioning.search.rows import Shown, shown
from workspace.db.together import Write


class NotOffered(ScimView, views.SCIMView):
    """Parts of the protocol that this server does not offer."""

    def answer(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        return responses.error(errors.ScimError(501, "This server does not offer this; see /ServiceProviderConfig."))


class Unknown(ScimView, views.SCIMView):
    """Any other path, whatever the method."""

    http_method_names: list[str] = []

    def http_method_not_allowed(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        return responses.error(errors.no_such_path(request.path))


class ResourceView(ScimView):
    """Users or Groups, whose adapter django-scim2 reads from its settings."""

    request: CallRequest
    scim_adapter: type[Adapter]

    def get(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        if uuid is None:
            return lists.answer([self.scim_adapter.kind], request, parameters(request))
        row = self.scim_adapter.kind.by_id.first(request.scim.connection.pk, _id(uuid))
        if row is None:
            raise errors.not_found()
        version = rendering.entity_tag(row[2])
        if _names_version(request.META.get("HTTP_IF_NONE_MATCH"), version):
            return HttpResponse(status=304, headers={"ETag": version})
        return self._shown(row)

    def post(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        if uuid is not None:
            raise errors.not_allowed(["GET", "PUT", "PATCH", "DELETE"])
        adapter = self.scim_adapter(None, request)
        adapter.create(read_body(request))
        return self._shown(shown(adapter.obj, is_new=True), 201)

    def put(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        adapter = self._to_change(uuid)
        adapter.replace(read_body(request))
        return self._shown(shown(adapter.obj))

    def delete(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        self._to_change(uuid).delete()
        return responses.empty()

    def _to_change(self, uuid: str | None) -> Adapter:
        """The resource, locked, if it is still the version that the client means."""
        if uuid is None:
            raise errors.not_allowed(["GET", "POST"])
        pk, connection = _id(uuid), self.request.scim.connection
        if self.scim_adapter.kind is GROUPS:
            lock_group_alone(connection, pk)
        else:
            lock_shared(connection)
        row = self.scim_adapter.kind.find_to_change(connection, pk)
        if row is None:
            raise errors.not_found()
        adapter = self.scim_adapter(row, self.request)
        wanted = self.request.META.get("HTTP_IF_MATCH")
        if wanted is not None and not _names_version(wanted, adapter.version):
            raise errors.ScimError(412, "The resource has changed since. Read it again, then repeat the change.")
        return adapter

    def _shown(self, row: Shown, status: int = 200) -> HttpResponse:
        kind, connection = self.scim_adapter.kind, self.request.scim.connection
        selection = queries.selection(parameters(self.request), kind.schema, self.request.scim.tolerance)
        content = rendering.texts(kind, [row], connection, selection)[0]
        headers = {"Location": rendering.location(kind, row, connection), "ETag": rendering.entity_tag(row[2])}
        return responses.text(content, status, headers)


class UsersView(ResourceView, views.UsersView):
    """/Users"""

    def change(self, request: CallRequest, uuid: str | None) -> HttpResponse:
        """Store a new user, and a change of `active` alone, by one statement with the row in the log.

        So the answer is made before anything is stored. What a query asks for may stand in rows that must be stored
        first.
        """
        answers: list[HttpResponse] = []

        def log(user: ProvisionedUser, notes: list[str]) -> list[Write]:
            is_new = uuid is None
            answers.append(self._shown(shown(user, is_new=is_new), 201 if is_new else 200))
            return [request.log.row(answers[-1], notes)] if request.log else []

        if parameters(request):
            return super().change(request, uuid)
        if request.method == "PATCH" and uuid and self._is_switched(request, uuid, log):
            return answers[-1]
        if request.method != "POST" or uuid is not None:
            return super().change(request, uuid)
        UserAdapter(None, request).create(read_body(request), log)
        return answers[-1]

    def _is_switched(self, request: CallRequest, uuid: str, log: LogRow) -> bool:
        """Do a PATCH of `active` alone, and say whether it was done. What is refused is left to the whole way."""
        if "HTTP_IF_MATCH" in request.META:
            return False
        notes = request.scim.tolerance.notes
        before, is_done = [*notes], False
        with suppress(errors.ScimError):
            is_done = UserAdapter.switch(read_body(request), _id(uuid), request.scim, log)
        if not is_done:
            notes[:] = before  # The whole way may refuse the request before it reads the body.
        return is_done

    def patch(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        adapter = cast(UserAdapter, self._to_change(uuid))
        adapter.patch(read_body(request))
        return self._shown(shown(adapter.obj))


class GroupsView(ResourceView, views.GroupsView):
    """/Groups"""

    # The group whose version is counted last.
    filled: ProvisionedGroup | None = None
    # What a PATCH does, or why it is refused, once its body is read.
    asked: tuple[MemberChange, list[Document]] | errors.ScimError | None = None

    def change(self, request: CallRequest, uuid: str | None) -> HttpResponse:
        """Say the version of a group that only got members when its transaction has ended."""
        if request.method == "PATCH" and uuid and (added := self._added(request, uuid)):
            return responses.empty({"ETag": rendering.entity_tag(added.version)})
        response = super().change(request, uuid)
        if self.filled is not None:
            response.headers["ETag"] = rendering.entity_tag(self.filled.version)
        return response

    def patch(self, request: CallRequest, uuid: str | None = None) -> HttpResponse:
        """Read the body before the group is locked: where members only come, requests go on side by side."""
        try:
            members, others = self._read(request, uuid)
        except errors.ScimError:
            self._to_change(uuid)  # An unknown group is 404, whatever the body.
            raise
        is_shown = "attributes" in parameters(request)
        if uuid and members.only_adds and not others and not is_shown and "HTTP_IF_MATCH" not in request.META:
            call = request.scim
            added = add_record_members(connection=call.connection, pk=_id(uuid), members=members.add, by=call.by)
            if added is None:
                raise errors.not_found()
            self.filled = added
            return responses.empty()
        adapter = cast(GroupAdapter, self._to_change(uuid))
        adapter.change(members, others)
        return self._shown(shown(adapter.obj)) if is_shown else responses.empty({"ETag": adapter.version})

    def _read(self, request: CallRequest, uuid: str | None) -> tuple[MemberChange, list[Document]]:
        if self.asked is None:
            try:
                self.asked = GroupAdapter.read_patch(read_body(request), (uuid or "").lower(), request.scim)
            except errors.ScimError as refusal:
                self.asked = refusal
        if isinstance(self.asked, errors.ScimError):
            raise self.asked
        return self.asked

    def _added(self, request: CallRequest, uuid: str) -> ProvisionedGroup | None:
        """Add one member by one statement, and return the group. What is refused is left to the whole way."""
        try:
            (members, others), pk = self._read(request, uuid), _id(uuid)
        except errors.ScimError:
            return None
        is_plain = not (others or parameters(request) or "HTTP_IF_MATCH" in request.META)
        if not is_plain or len(members.add) > 1 or not members.only_adds:
            return None
        call = request.scim
        log = [request.log.row(responses.empty(), call.tolerance.notes)] if request.log else []
        return add_one_member(connection=call.connection, pk=pk, member=members.add[0], by=call.by, log=log)


class SearchView(ScimView, views.SearchView):
    """/.search: users, then groups. A search by POST changes nothing."""

    changing_methods = frozenset()
    kinds: tuple[AnyKind, ...] = (USERS, GROUPS)

    def post(self, request: CallRequest) -> HttpResponse:
        return lists.answer(self.kinds, request, read_body(request))


class RootView(ScimView, views.SCIMView):
    """The Base URL itself: a list of users, then groups, as /.search (RFC 7644 section 3.4.2.1)."""

    def get(self, request: CallRequest) -> HttpResponse:
        return lists.answer((USERS, GROUPS), request, parameters(request))


class UserSearchView(SearchView):
    """/Users/.search"""

    kinds = (USERS,)


class GroupSearchView(SearchView):
    """/Groups/.search"""

    kinds = (GROUPS,)


def parameters(request: CallRequest) -> dict[str, str]:
    """Return the parameters of the URL. An operation of a bulk request has its own."""
    query_string = request.META.get("QUERY_STRING")
    if query_string is None or not query_string.isascii():
        return request.GET.dict()
    return queries.parameters(query_string) if query_string else {}


def read_body(request: CallRequest) -> Document:
    """Return the JSON object that was sent. A short form may have read it, and left it as it was."""
    bodies.check_headers(request.META.get("CONTENT_TYPE", ""), request.META.get("HTTP_CONTENT_ENCODING", ""))
    if request.body.startswith(BOM_UTF8):
        request.scim.tolerance.note("a byte order mark before the JSON")
    if request.sent is None:
        try:
            request.sent = bodies.parse(request.body)
        except errors.ScimError as refusal:
            request.sent = refusal
    if isinstance(request.sent, errors.ScimError):
        raise request.sent
    return request.sent


def _id(text: str) -> UUID:
    """Return the id in a path. An id that is spelled in another way is unknown."""
    try:
        pk = UUID(text)
    except ValueError:
        raise errors.not_found() from None
    if str(pk) != text.lower():
        raise errors.not_found()
    return pk


def _names_version(header: str | None, version: str) -> bool:
    """Say whether a list of entity tags names this version. Ours are weak, so that W/ tells nothing."""
    tags = {tag.removeprefix("W/") for tag in parse_etags(header or "")}
    return "*" in tags or version.removeprefix("W/") in tags

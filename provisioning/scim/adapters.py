"""django-scim2's adapters: they only translate between SCIM bodies, our rows and the actions."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django_scim.adapters import SCIMMixin

from provisioning.actions.effects.groups import read_group
from provisioning.actions.locks import lock_shared
from provisioning.actions.records.groups import create_group_record, delete_group_record, update_group_record
from provisioning.actions.records.users import create_user_record, delete_user_record, update_user_record
from provisioning.models import (
    ProvisionedGroup,
    ProvisionedMembership,
    ProvisionedUser,
    ProvisioningConnection,
    ResourceCount,
)
from provisioning.payload import members as group_members
from provisioning.payload import patch
from provisioning.payload.dialects.operations import tidy_operations
from provisioning.payload.dialects.resources import tidy_resource
from provisioning.payload.documents import parse, render
from provisioning.payload.members import MemberChange
from provisioning.payload.resources import ACCESS, ENTERPRISE, Document, Group, Model, User
from provisioning.payload.selection import Selection
from provisioning.payload.tolerance import Tolerance
from provisioning.scim.auth import Call, CallRequest
from provisioning.search import granted, managers
from provisioning.search.json_lookups import UuidText
from workspace.db.keys import canonical
from workspace.db.prepared import Among, Ids, Prepared

# By the id of the resource, as it is written.
Entries = dict[str, list[Document]]
Said = dict[str, Document]
# What an answer is made of; the rest is for filters and changes.
_SHOWN = ("id", "document", "version", "created_at", "updated_at")


def user_model() -> type[ProvisionedUser]:
    """What django-scim2 takes for its users."""
    return ProvisionedUser


def _by(model: type[ProvisionedUser | ProvisionedGroup], column: str) -> Prepared:
    """The look-up of a resource of a connection by a column."""

    def build(connection: Any, value: Any) -> QuerySet:
        # Said twice: of a partial index, SQLite wants to read that it holds every row that is looked for.
        rows = model.objects.filter(Q(connection=connection, **{column: value})).exclude(**{column: ""})
        return rows.only(*_SHOWN).order_by()

    return Prepared(build, (ProvisioningConnection, "id"), (model, column))


def _prepared(model: type[ProvisionedUser | ProvisionedGroup], locked_with: str = "") -> Prepared:
    """The look-up of one resource; locked, others wait, except those who only refer to the row."""

    def build(connection: Any, pk: Any) -> QuerySet:
        rows: QuerySet = model.objects.filter(connection=connection, pk=pk)
        if not locked_with:
            return rows.only(*_SHOWN)
        return rows.defer("folded").select_related(locked_with).select_for_update(of=("self",), no_key=True)

    return Prepared(build, (ProvisioningConnection, "id"), (model, "id"))


def tolerance(call: Call) -> Tolerance:
    """Where the deviations of a request go: to its row in the log, or back as refusals."""
    return Tolerance(call.notes, call.connection.is_strict)


class Adapter(SCIMMixin):
    """One resource of the calling connection."""

    id_field = "pk"
    resource_type: ClassVar[Literal["User", "Group"]]
    model: ClassVar[Model]
    # The attribute that stands in a table of its own, and is read only where an answer shows it.
    related: ClassVar[str]
    # A resource by its connection's id and its own.
    one: ClassVar[Prepared]
    one_to_change: ClassVar[Prepared]
    # The same by what identity providers look it up with, which is unique, and how that is spelled in its column.
    unique: ClassVar[dict[str, tuple[Prepared, Callable[[str], str]]]]

    @property
    def call(self) -> Call:
        return self.request.scim

    @property
    def location(self) -> str:
        return f"{self.call.connection.base_url}/{self.resource_type}s/{self.id}"

    @property
    def version(self) -> str:
        return f'W/"{self.obj.version}"'

    @classmethod
    def rows(cls, request: CallRequest) -> QuerySet:
        """The resources of the calling connection, with what answers show: where every query starts."""
        raise NotImplementedError

    @classmethod
    def count(cls, request: CallRequest) -> int:
        """How many those are; to count their rows would take as long as they are many."""
        return sum(total for (total,) in _counts(request.scim.connection.pk, cls.resource_type))

    @classmethod
    def find(cls, request: CallRequest, pk: UUID, *, to_change: bool = False) -> Any:
        """The resource of that id, if it is the connection's; for a change, others wait for it."""
        connection = request.scim.connection
        if to_change:
            lock_shared(connection)
        found = (cls.one_to_change if to_change else cls.one).first(connection.pk, pk)
        if found:
            found.connection = connection
        return found

    @classmethod
    def look_up(cls, request: CallRequest, name: str, value: str) -> list[Any] | None:
        """The resources with that value, if the attribute of that name is unique."""
        if name.lower() not in cls.unique:
            return None
        prepared, spelled = cls.unique[name.lower()]
        return prepared(request.scim.connection.pk, spelled(value))

    @classmethod
    def entries(cls, rows: Sequence[Any], base_url: str) -> Entries:
        """The related attribute of these rows, by one query."""
        raise NotImplementedError

    @classmethod
    def rendered(cls, rows: Sequence[Any], request: CallRequest, selection: Selection) -> list[Document]:
        """The rows as an answer shows them."""
        said = cls.said(rows, request.scim.connection, selection) if rows else {}
        return [cls(row, request).to_dict(selection, said.get(str(row.pk))) for row in rows]

    @classmethod
    def said(cls, rows: Sequence[Any], connection: ProvisioningConnection, selection: Selection) -> Said:
        """What the server says of these rows out of other tables, as far as the answer shows it."""
        entries = cls.entries(rows, connection.base_url) if selection.wants(cls.related) else {}
        return {pk: {cls.related: found} for pk, found in entries.items()}

    def to_dict(self, selection: Selection | None = None, said: Document | None = None) -> Document:
        """The resource with what the server says of it."""
        server = {"id": self.id, "meta": self._meta(), **(said or {})}
        return render(self.obj.document, self.model, server=server, selection=selection)

    def _meta(self) -> Document:
        return {
            "resourceType": self.resource_type,
            "created": _time(self.obj.created_at),
            "lastModified": _time(self.obj.updated_at),
            "location": self.location,
            "version": self.version,
        }

    def _document(self, body: Document) -> Document:
        return parse(tidy_resource(body, self.model, tolerance(self.call)), self.model)

    def _patched(self, body: Document) -> tuple[Document, MemberChange]:
        operations = tidy_operations(body, self.model, self.id, tolerance(self.call))
        change, others = patch.split(operations)
        return patch.apply(self.obj.document, others, self.model, tolerance(self.call)), change


class UserAdapter(Adapter):
    """A User: what the identity provider says of a person."""

    resource_type, model, related = "User", User, "groups"
    one = _prepared(ProvisionedUser)
    one_to_change = _prepared(ProvisionedUser, locked_with="end_user")
    unique = {
        "username": (_by(ProvisionedUser, "user_name_key"), canonical),
        "externalid": (_by(ProvisionedUser, "external_id"), str),
    }

    @classmethod
    def rows(cls, request: CallRequest) -> QuerySet:
        return ProvisionedUser.objects.filter(connection=request.scim.connection).only(*_SHOWN)

    @classmethod
    def said(cls, rows: Sequence[Any], connection: ProvisioningConnection, selection: Selection) -> Said:
        said = super().said(rows, connection, selection)
        extensions = {
            ENTERPRISE: managers.resolved(rows, connection, selection),
            ACCESS: granted.shown(rows, selection),
        }
        for urn, found in extensions.items():
            for pk, extension in found.items():
                said.setdefault(pk, {})[urn] = extension
        return said

    @classmethod
    def entries(cls, rows: Sequence[Any], base_url: str) -> Entries:
        entries: Entries = defaultdict(list)
        for user, group, name in _groups_of([row.pk for row in rows]):
            entries[user].append(
                {"value": group, "$ref": f"{base_url}/Groups/{group}", "display": name, "type": "direct"}
            )
        return entries

    def _document(self, body: Document) -> Document:
        document = super()._document(body)
        if not any(email.get("value") for email in document.get("emails", [])):
            tolerance(self.call).note("emails left out: userName is taken for the address", "invalidValue")
        return document

    def create(self, body: Document) -> None:
        document = self._document(body)
        self.obj = create_user_record(connection=self.call.connection, document=document, by=self.call.by)

    def replace(self, body: Document) -> None:
        """A body that does not speak of `active` leaves it as it is: to switch a person on or off must be said."""
        self._update({"active": self.obj.is_active, **self._document(body)})

    def patch(self, body: Document) -> None:
        self._update(self._patched(body)[0])

    def delete(self) -> None:
        delete_user_record(user=self._person(), by=self.call.by)

    def _update(self, document: Document) -> None:
        update_user_record(user=self._person(), document=document, by=self.call.by)

    def _person(self) -> ProvisionedUser:
        """The row, its person with the workspace that the token's query has read already."""
        self.obj.end_user.workspace = self.call.connection.environment.workspace
        return self.obj


class GroupAdapter(Adapter):
    """A Group: what the identity provider pushes."""

    resource_type, model, related = "Group", Group, "members"
    one = _prepared(ProvisionedGroup)
    one_to_change = _prepared(ProvisionedGroup, locked_with="group")
    unique = {
        "displayname": (_by(ProvisionedGroup, "display_name_key"), canonical),
        "externalid": (_by(ProvisionedGroup, "external_id"), str),
    }

    @classmethod
    def rows(cls, request: CallRequest) -> QuerySet:
        return ProvisionedGroup.objects.filter(connection=request.scim.connection).only(*_SHOWN)

    @classmethod
    def entries(cls, rows: Sequence[Any], base_url: str) -> Entries:
        entries: Entries = defaultdict(list)
        for group, user in _members_of([row.pk for row in rows]):
            entries[group].append({"value": user, "$ref": f"{base_url}/Users/{user}", "type": "User"})
        return entries

    def create(self, body: Document) -> None:
        members = self._taken(body) or []
        document = self._document(body)
        self.obj = create_group_record(
            connection=self.call.connection, document=document, members=members, by=self.call.by
        )
        if self.obj.group is None:
            self.call.notes.append("Everyone follows from access here; what was pushed is only recorded")

    def replace(self, body: Document) -> None:
        """A body that does not speak of `members` leaves them as they are; an empty list clears them."""
        members = self._taken(body)
        change = None if members is None else MemberChange(replace=members, named=members)
        self._update(self._document(body), change)

    def patch(self, body: Document) -> None:
        self._update(*self._patched(body))

    def delete(self) -> None:
        delete_group_record(group=self._row(), by=self.call.by)

    def _taken(self, body: Document) -> list[str] | None:
        """The members out of a body; None when it does not speak of them."""
        key = next((key for key in body if key.lower() == "members"), None)
        if key is None:
            return None
        members = body.pop(key)
        group_members.check_members(members, tolerance(self.call))
        return group_members.member_ids(members)

    def _update(self, document: Document, change: MemberChange | None) -> None:
        update_group_record(group=self._row(), document=document, change=change, by=self.call.by)

    def _row(self) -> ProvisionedGroup:
        """The row, its end-user group with the environment that the token's query has read already."""
        read_group(self.obj)
        if self.obj.group is not None:
            self.obj.group.environment = self.call.connection.environment
        return self.obj


ADAPTERS: list[type[Adapter]] = [UserAdapter, GroupAdapter]


def _memberships(column: str, ids: Any, *shown: Any) -> QuerySet[ProvisionedMembership, Any]:
    rows = ProvisionedMembership.objects.filter(Among(column, ids)).order_by("pk")
    return rows.values_list(UuidText(F(column)), *shown)


_groups_of = Prepared(
    lambda users: _memberships("user", users, UuidText(F("group")), "group__display_name"),
    Ids(),
)
_members_of = Prepared(lambda groups: _memberships("group", groups, UuidText(F("user"))), Ids())
_counts = Prepared(
    lambda connection, kind: ResourceCount.objects.filter(connection=connection, kind=kind).values_list("total"),
    (ProvisioningConnection, "id"),
    (ResourceCount, "kind"),
)


def _time(moment: datetime) -> str:
    """As xsd:dateTime in UTC (RFC 7643 section 2.3.5)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""django-scim2's adapters: they only translate between SCIM bodies, our rows and the actions."""

from typing import Any, ClassVar
from uuid import UUID

from django_scim.adapters import SCIMMixin

from provisioning.actions.effects.groups import read_group
from provisioning.actions.records.groups import create_group_record, delete_group_record, update_group_record
from provisioning.actions.records.switching import switch_alone
from provisioning.actions.records.users import LogRow, create_user_record, delete_user_record, update_user_record
from provisioning.models import ProvisionedGroup, ProvisionedUser
from provisioning.payload import members, names, patch
from provisioning.payload.dialects.active import active_alone
from provisioning.payload.dialects.operations import tidy_operations
from provisioning.payload.dialects.resources import read_resource
from provisioning.payload.member_changes import MemberChange
from provisioning.payload.resources import Document, Group, User
from provisioning.scim import rendering
from provisioning.scim.auth import Call
from provisioning.search.kinds import GROUPS, USERS, AnyKind, user_to_switch


def user_model() -> type[ProvisionedUser]:
    """Return the model that django-scim2 takes for users."""
    return ProvisionedUser


class Adapter(SCIMMixin):
    """One resource of the calling connection: `obj` is its row, None before it is created."""

    id_field = "pk"
    kind: ClassVar[AnyKind]
    obj: Any

    @property
    def call(self) -> Call:
        return self.request.scim

    @property
    def version(self) -> str:
        return rendering.entity_tag(self.obj.version)

    def create(self, body: Document) -> None:
        raise NotImplementedError

    def replace(self, body: Document) -> None:
        raise NotImplementedError


class UserAdapter(Adapter):
    """A User: what the identity provider says of a person."""

    kind = USERS
    obj: ProvisionedUser

    def create(self, body: Document, log: LogRow = lambda user, notes: []) -> None:
        call = self.call
        document = read_resource(body, User, call.tolerance)
        names.check(document, {})
        self.obj = create_user_record(
            connection=call.connection, document=document, by=call.by, notes=call.tolerance.notes, log=log
        )

    def replace(self, body: Document) -> None:
        """Replace the document. A body without `active` leaves access as it is: a change of it must be said."""
        self._update({"active": self.obj.is_active, **read_resource(body, User, self.call.tolerance)})

    @staticmethod
    def switch(body: Document, pk: UUID, call: Call, log: LogRow) -> bool:
        """Do a PATCH of `active` alone by one statement; say whether it was one, and could be done so."""
        is_active = active_alone(body, call.tolerance)
        user = None if is_active is None else user_to_switch.first(call.connection.pk, pk)
        if user is None or is_active is None or "active" not in user.document:
            return False
        user.connection = call.connection
        user.end_user.workspace = call.connection.environment.workspace
        return switch_alone(user=user, is_active=is_active, by=call.by, notes=call.tolerance.notes, log=log)

    def patch(self, body: Document) -> None:
        before = self.obj.document
        is_active = active_alone(body, self.call.tolerance) if "active" in before else None
        self._update(self._patched(body) if is_active is None else before | {"active": is_active})

    def delete(self) -> None:
        delete_user_record(user=self._user(), by=self.call.by)

    def _update(self, document: Document) -> None:
        document = names.settled(document, self.obj.document, self.call.tolerance)
        update_user_record(user=self._user(), document=document, by=self.call.by, notes=self.call.tolerance.notes)

    def _patched(self, body: Document) -> Document:
        operations = tidy_operations(body, User, self.id, self.call.tolerance)
        return patch.apply(self.obj.document, operations, User, self.call.tolerance)

    def _user(self) -> ProvisionedUser:
        """The row, with the workspace that was read with the token."""
        self.obj.end_user.workspace = self.call.connection.environment.workspace
        return self.obj


class GroupAdapter(Adapter):
    """A Group: what the identity provider pushes."""

    kind = GROUPS
    obj: ProvisionedGroup

    def create(self, body: Document) -> None:
        taken = self._taken_members(body) or []
        document = read_resource(body, Group, self.call.tolerance)
        names.check(document, {})
        self.obj = create_group_record(
            connection=self.call.connection, document=document, members=taken, by=self.call.by
        )
        if self.obj.group is None:
            self.call.tolerance.notes.append("Everyone follows from access here; what was pushed is only recorded")

    def replace(self, body: Document) -> None:
        """Replace document and members. Many clients leave out members that they did not change."""
        taken = self._taken_members(body)
        if taken is None and self.call.tolerance.is_strict:
            taken = []  # RFC 7644 section 3.5.1: what is left out is cleared.
        elif taken is None:
            self.call.tolerance.note("members left out: they stay as they are")
        change = None if taken is None else MemberChange(replace=taken, named=taken)
        self._update(read_resource(body, Group, self.call.tolerance), change)

    @staticmethod
    def read_patch(body: Document, own_id: str, call: Call) -> tuple[MemberChange, list[Document]]:
        """Return what a PATCH body does to the members, and its other operations. It needs no row, so no lock."""
        return patch.split(tidy_operations(body, Group, own_id, call.tolerance))

    def change(self, members: MemberChange, operations: list[Document]) -> None:
        """Change members, and apply the other operations of a PATCH."""
        self._update(patch.apply(self.obj.document, operations, Group, self.call.tolerance), members)

    def delete(self) -> None:
        delete_group_record(group=self._group(), by=self.call.by)

    def _taken_members(self, body: Document) -> list[str] | None:
        """Take the members out of a body; None where it has none."""
        key = next((key for key in body if key.lower() == "members"), None)
        if key is None:
            return None
        value = body.pop(key)
        members.note_shapes(value, self.call.tolerance)
        return members.member_ids(value)

    def _update(self, document: Document, change: MemberChange | None) -> None:
        names.check(document, self.obj.document)
        update_group_record(group=self._group(), document=document, change=change, by=self.call.by)

    def _group(self) -> ProvisionedGroup:
        """The row, with the environment that was read with the token."""
        read_group(self.obj)
        if self.obj.group is not None:
            self.obj.group.environment = self.call.connection.environment
        return self.obj

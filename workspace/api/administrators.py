"""Administrators of the workspace, and invitations. A token acts as an Admin: it never touches Owners."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from workspace.actions.administrators import change_role, remove_administrator
from workspace.actions.invitations import invite_administrator, withdraw_invitation
from workspace.api.core.calls import Call
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.fields import Answer, Choice, Input, Text
from workspace.api.core.operations import operation
from workspace.api.core.paging import Page, PageQuery, page
from workspace.api.shown_people import ID, TIME
from workspace.models import Administrator, AdministratorInvitation

_NOT_OWNERS = "Tokens act as an Admin: only an owner may add, change or remove an owner, in the console."


class AdministratorAnswer(Answer):
    """A console account with a role in the workspace."""

    id = serializers.UUIDField()
    email = serializers.CharField(source="user.email")
    full_name = serializers.CharField(source="user.full_name")
    role = serializers.ChoiceField(Administrator.Role.choices)
    created_at = serializers.DateTimeField()

    example = {"id": ID, "email": "ada@example.com", "full_name": "Ada Winter", "role": "viewer", "created_at": TIME}


class InvitationAnswer(Answer):
    """An address that is offered a role. The mailed link works for seven days."""

    id = serializers.UUIDField()
    email = serializers.CharField()
    role = serializers.ChoiceField(Administrator.Role.choices)
    invited_by = serializers.CharField(source="invited_by_name")
    sent_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()

    example = {
        "id": ID,
        "email": "bo@example.com",
        "role": "viewer",
        "invited_by": "Nightly import",
        "sent_at": TIME,
        "expires_at": TIME,
    }


class NewInvitation(Input):
    """Whom to invite."""

    email = Text(max_length=254)
    role = Choice(Administrator.Role.choices)

    example = {"email": "bo@example.com", "role": "viewer"}


class RoleChange(Input):
    """The other role."""

    role = Choice(Administrator.Role.choices)

    example = {"role": "admin"}


class Administrators(Endpoint):
    """The administrators of the workspace."""

    noun = "administrators"

    @operation("List administrators", asks=PageQuery, lists=AdministratorAnswer)
    def get(self, call: Call, asked: dict[str, Any]) -> Page:
        return page(call.workspace.administrators.select_related("user"), asked)


class OneAdministrator(Endpoint):
    """One administrator."""

    noun, thing, key = "administrators", AdministratorAnswer, "administrator"

    def find(self, call: Call) -> "QuerySet[Administrator]":
        return call.workspace.administrators.select_related("user", "workspace")

    @operation("Read an administrator", gives=AdministratorAnswer)
    def get(self, call: Call, administrator: Administrator) -> Administrator:
        return administrator

    @operation(
        "Change the role of an administrator",
        f"Their sessions end. {_NOT_OWNERS}",
        takes=RoleChange,
        gives=AdministratorAnswer,
        is_everywhere=True,
    )
    def patch(self, call: Call, administrator: Administrator, given: dict[str, Any]) -> Administrator:
        role = Administrator.Role(given["role"])
        change_role(administrator=administrator, role=role, by=call.by, now=call.now)
        return self.find(call).get(pk=administrator.pk)

    @operation("Remove an administrator", f"The account stays. {_NOT_OWNERS}", is_everywhere=True)
    def delete(self, call: Call, administrator: Administrator) -> None:
        remove_administrator(administrator=administrator, by=call.by, now=call.now)


class Invitations(Endpoint):
    """Invitations that were neither accepted nor withdrawn."""

    noun = "administrators"

    @operation("List invitations", asks=PageQuery, lists=InvitationAnswer)
    def get(self, call: Call, asked: dict[str, Any]) -> Page:
        return page(call.workspace.administrator_invitations.open(), asked)

    @operation(
        "Invite an administrator",
        f"Mails a link that gives the role. {_NOT_OWNERS}",
        takes=NewInvitation,
        gives=InvitationAnswer,
        status=201,
        is_everywhere=True,
    )
    def post(self, call: Call, given: dict[str, Any]) -> AdministratorInvitation:
        role = Administrator.Role(given["role"])
        return invite_administrator(workspace=call.workspace, email=given["email"], role=role, by=call.by, now=call.now)


class OneInvitation(Endpoint):
    """One invitation."""

    noun, thing, key = "administrators", InvitationAnswer, "invitation"

    def find(self, call: Call) -> "QuerySet[AdministratorInvitation]":
        return call.workspace.administrator_invitations.open().select_related("workspace")

    @operation("Read an invitation", gives=InvitationAnswer)
    def get(self, call: Call, invitation: AdministratorInvitation) -> AdministratorInvitation:
        return invitation

    @operation("Withdraw an invitation", _NOT_OWNERS, is_everywhere=True)
    def delete(self, call: Call, invitation: AdministratorInvitation) -> None:
        withdraw_invitation(invitation=invitation, by=call.by, now=call.now)

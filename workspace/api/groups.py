"""End-user groups and their members."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from rest_framework import serializers

from workspace.actions.groups import create_group, delete_group, rename_group
from workspace.actions.members import change_members
from workspace.api.core.calls import Call
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.fields import Answer, Choice, Id, Input, Text
from workspace.api.core.operations import operation
from workspace.api.core.paging import Page, PageQuery, page
from workspace.api.core.problems import wrong
from workspace.api.end_users import OfEndUser
from workspace.api.shown_people import ID, SOURCE, TIME, SourceAnswer, source_of
from workspace.models import EndUser, EndUserGroup, GroupMembership, SourceKind
from workspace.models.groups import EndUserGroupQuerySet, member_counts
from workspace.models.people import EndUserQuerySet
from workspace.refusals import ActionError

MOST_AT_ONCE = 1000


class GroupQuery(PageQuery):
    """Which groups."""

    query = Text(max_length=250, required=False, help_text="A part of the name.")
    environment = Id(required=False)
    method = Choice(SourceKind.choices, required=False, help_text="What manages it: manual, or an identity provider.")


class NewGroup(Input):
    """A group to add by hand."""

    environment = Id()
    name = Text(max_length=250)
    members = serializers.ListField(
        child=Id(), max_length=MOST_AT_ONCE, default=list, help_text="The ids of people with access to the environment."
    )

    example = {"environment": ID, "name": "Support", "members": []}


class GroupChange(Input):
    """What is to be different."""

    name = Text(max_length=250)

    example = {"name": "Support team"}


class Members(Input):
    """People by their ids."""

    end_users = serializers.ListField(child=Id(), min_length=1, max_length=MOST_AT_ONCE)

    example = {"end_users": [ID]}


class GroupOfOne(Input):
    """A group by its id."""

    group = Id()

    example = {"group": ID}


class GroupAnswer(Answer):
    """A named set of end users in one environment."""

    id = serializers.UUIDField()
    environment = serializers.UUIDField()
    name = serializers.CharField()
    is_everyone = serializers.BooleanField(help_text="Everyone follows from access by itself.")
    source = SourceAnswer(help_text="What manages the group. Only manual ones are changed here.")
    member_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    example = {
        "id": ID,
        "environment": ID,
        "name": "Support",
        "is_everyone": False,
        "source": SOURCE,
        "member_count": 3,
        "created_at": TIME,
        "updated_at": TIME,
    }

    @classmethod
    def shown(cls, rows: list[Any], call: Call) -> list[dict[str, Any]]:
        """Add the number of members."""
        counts = member_counts(rows)
        return [
            vars(group)
            | {"environment": group.environment_id, "source": source_of(group), "member_count": counts[group.pk]}
            for group in rows
        ]


class MemberAnswer(Answer):
    """A member of a group. What granted it is empty for Everyone."""

    id = serializers.UUIDField()
    full_name = serializers.CharField()
    email = serializers.CharField()
    user_name = serializers.CharField()
    status = serializers.ChoiceField(EndUser.Status.choices)

    example = {"id": ID, "full_name": "Ada Winter", "email": "ada@example.com", "user_name": "", "status": "active"}


class ChangedAnswer(Answer):
    """How many people were added or removed. Who was in it already, or not in it, is not counted."""

    changed = serializers.IntegerField()

    example = {"changed": 1}


class Groups(Endpoint):
    """The groups of the token's environments."""

    noun = "groups"

    @operation("List groups", asks=GroupQuery, lists=GroupAnswer)
    def get(self, call: Call, asked: dict[str, Any]) -> Page:
        groups = call.groups().select_related("environment")
        if query := asked.get("query"):
            groups = groups.matching(query)
        if environment := asked.get("environment"):
            groups = groups.filter(environment=environment)
        if method := asked.get("method"):
            groups = groups.filter(source_kind=method)
        return page(groups, asked)

    @operation("Create a group", takes=NewGroup, gives=GroupAnswer, status=201)
    def post(self, call: Call, given: dict[str, Any]) -> EndUserGroup:
        environment = call.environment(given["environment"], "environment")
        candidates = call.end_users().with_access_to(environment)
        members = _known(candidates, given["members"], "members")
        return create_group(environment=environment, name=given["name"], members=members, by=call.by)


class _OfGroup(Endpoint):
    """What is below one group."""

    noun, thing, key = "groups", GroupAnswer, "group"

    def find(self, call: Call) -> EndUserGroupQuerySet:
        return call.groups().select_related("environment__workspace")


class OneGroup(_OfGroup):
    """One group."""

    @operation("Read a group", gives=GroupAnswer)
    def get(self, call: Call, group: EndUserGroup) -> EndUserGroup:
        return group

    @operation("Rename a group", takes=GroupChange, gives=GroupAnswer)
    def patch(self, call: Call, group: EndUserGroup, given: dict[str, Any]) -> EndUserGroup:
        rename_group(group=group, name=given["name"], by=call.by)
        return group

    @operation("Delete a group", "Its members stay end users and keep their access.")
    def delete(self, call: Call, group: EndUserGroup) -> None:
        delete_group(group=group, by=call.by)


class GroupMembers(_OfGroup):
    """The members of one group."""

    @operation("List members of a group", asks=PageQuery, lists=MemberAnswer)
    def get(self, call: Call, group: EndUserGroup, asked: dict[str, Any]) -> Page:
        return page(group.end_users, asked, links=lambda: None if group.is_everyone else group.memberships.all())

    @operation(
        "Add members to a group",
        f"Up to {MOST_AT_ONCE:,} active people with access to the environment of the group, all or none.",
        takes=Members,
        gives=ChangedAnswer,
    )
    def post(self, call: Call, group: EndUserGroup, given: dict[str, Any]) -> dict[str, int]:
        candidates = call.end_users().with_access_to(group.environment)
        return {"changed": _changed(group, call, add=_known(candidates, given["end_users"], "end_users"))}


class RemovedMembers(_OfGroup):
    """Members who are to leave a group."""

    @operation(
        "Remove members from a group",
        "Members whom an identity provider added are removed there.",
        takes=Members,
        gives=ChangedAnswer,
    )
    def post(self, call: Call, group: EndUserGroup, given: dict[str, Any]) -> dict[str, int]:
        ids = _known(call.end_users(), given["end_users"], "end_users")
        _refuse_idps(group, ids)
        return {"changed": _changed(group, call, remove=ids)}


class AddToGroup(OfEndUser):
    """The way of one person into a group."""

    noun = "groups"

    @operation("Add an end user to a group", "The person needs access to its environment.", takes=GroupOfOne)
    def post(self, call: Call, person: EndUser, given: dict[str, Any]) -> None:
        group = call.group(given["group"], "group")
        if not call.end_users().with_access_to(group.environment).filter(pk=person.pk).exists():
            message = f"{person} cannot sign in to {group.environment}. Give access or reactivate first."
            raise ActionError("no_access", message, field="group")
        _changed(group, call, add=[person.pk])


class RemoveFromGroup(OfEndUser):
    """The way of one person out of a group."""

    noun = "groups"

    @operation("Remove an end user from a group", takes=GroupOfOne)
    def post(self, call: Call, person: EndUser, given: dict[str, Any]) -> None:
        group = call.group(given["group"], "group")
        _refuse_idps(group, [person.pk])
        _changed(group, call, remove=[person.pk])


def _changed(group: EndUserGroup, call: Call, *, add: Collection[UUID] = (), remove: Collection[UUID] = ()) -> int:
    event = change_members(group=group, add=add, remove=remove, by=call.by)
    return len(event.before["removed"]) + len(event.after["added"]) if event else 0


def _known(people: EndUserQuerySet, ids: list[UUID], field: str) -> list[UUID]:
    """Return the ids, each once. Raises Problem for the first of which there is nobody among the people."""
    known = set(people.filter(pk__in=ids).values_list("pk", flat=True))
    for index, pk in enumerate(ids):
        if pk not in known:
            raise wrong(f"{field}/{index}", "unknown", "There is no such person, or none who may be in this group.")
    return list(dict.fromkeys(ids))


def _refuse_idps(group: EndUserGroup, ids: list[UUID]) -> None:
    memberships = GroupMembership.objects.filter(group=group, end_user__in=ids)
    if found := memberships.exclude(source_kind=SourceKind.MANUAL).select_related("end_user").first():
        message = f"{found.end_user} is in {group} through an identity provider. Remove them there."
        raise ActionError("read_only", message)

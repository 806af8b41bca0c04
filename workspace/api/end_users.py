"""End users: list, create one or many, read, change, deactivate, reactivate, delete personal data."""

from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from rest_framework import serializers

from workspace.actions.end_users import (
    create_end_user,
    deactivate_end_user,
    reactivate_end_user,
    save_end_user,
    update_profile,
)
from workspace.actions.erasing import delete_personal_data
from workspace.actions.many_new import ManyRefusedError, NewPerson, create_end_users
from workspace.actions.read_only import refuse_read_only
from workspace.api.core.calls import Call
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.fields import Answer, Choice, Id, Input, Text
from workspace.api.core.operations import operation
from workspace.api.core.paging import Page, PageQuery, page
from workspace.api.core.problems import Problem, fault_of, wrong
from workspace.api.shown_people import ID, EndUserAnswer
from workspace.db.keys import canonical
from workspace.models import EndUser, EndUserGroup, EnvironmentAccess, GroupMembership, SourceKind
from workspace.models.people import EndUserQuerySet
from workspace.profile import Profile

MOST_AT_ONCE = 1000
_MOST_FILTERED = 100
# So few people are found by their ids, more while all are looked at in their order.
_FEW = 1000


class EndUserQuery(PageQuery):
    """Which end users. Several parameters narrow the list together."""

    query = Text(max_length=254, required=False, help_text="Words of name, address or userName, without accents.")
    emails = serializers.ListField(
        child=Text(max_length=254), max_length=_MOST_FILTERED, required=False, help_text="Whole addresses."
    )
    ids = serializers.ListField(child=Id(), max_length=_MOST_FILTERED, required=False)
    environment = Id(required=False, help_text="Who has access to it.")
    group = Id(required=False, help_text="Who is in it.")
    provider = Text(max_length=100, required=False, help_text="The name of the identity provider that gives access.")
    status = Choice(EndUser.Status.choices, required=False)


class NewEndUser(Input):
    """A person to add by hand."""

    full_name = Text(max_length=250)
    email = Text(max_length=254)
    environments = serializers.ListField(
        child=Id(), max_length=20, default=list, help_text="The ids of the environments to give access to."
    )
    groups = serializers.ListField(
        child=Id(), max_length=100, default=list, help_text="The ids of groups in these environments."
    )

    example = {"full_name": "Ada Winter", "email": "ada@example.com", "environments": [ID], "groups": []}


class NewEndUsers(Input):
    """People to add by hand, all or none."""

    end_users = NewEndUser(many=True, min_length=1, max_length=MOST_AT_ONCE)

    example = {"end_users": [NewEndUser.example]}


class EndUserChange(Input):
    """What is to be different. What is left out stays."""

    full_name = Text(max_length=250, required=False)
    email = Text(max_length=254, required=False)
    environments = serializers.ListField(
        child=Id(), max_length=20, required=False, help_text="Access by hand: exactly these. Access from IdPs stays."
    )

    example = {"full_name": "Ada Summer"}


class CreatedAnswer(Answer):
    """The people who were added, in the order in which they were sent."""

    items = EndUserAnswer(many=True)

    example = {"items": [EndUserAnswer.example]}

    @classmethod
    def shown(cls, rows: list[Any], call: Call) -> list[Any]:
        return [{"items": EndUserAnswer.shown(people, call)} for people in rows]


class EndUsers(Endpoint):
    """The end users that the token can see."""

    noun = "end-users"

    @operation("List end users", "In the order in which they were added.", asks=EndUserQuery, lists=EndUserAnswer)
    def get(self, call: Call, asked: dict[str, Any]) -> Page:
        return page(_filtered(call, asked), asked, links=partial(_links, call, asked))

    @operation("Create an end user", takes=NewEndUser, gives=EndUserAnswer, status=201)
    def post(self, call: Call, given: dict[str, Any]) -> EndUser:
        new = _Places(call).new_person(given, "")
        return create_end_user(
            workspace=call.workspace,
            profile=new.profile,
            environments=new.environments,
            groups=new.groups,
            by=call.by,
        )


class ManyEndUsers(Endpoint):
    """Many people at once."""

    noun = "end-users"

    @operation(
        "Create end users",
        f"Adds up to {MOST_AT_ONCE:,} people, all or none. `errors` names each that is refused by its index.",
        takes=NewEndUsers,
        gives=CreatedAnswer,
    )
    def post(self, call: Call, given: dict[str, Any]) -> list[EndUser]:
        places = _Places(call)
        people = [places.new_person(each, f"end_users/{index}/") for index, each in enumerate(given["end_users"])]
        try:
            return create_end_users(workspace=call.workspace, people=people, by=call.by, now=call.now)
        except ManyRefusedError as refused:
            errors = [fault_of(each, f"/end_users/{index}") for index, each in refused.refusals]
            detail = f"{len(errors):,} of {len(people):,} people cannot be added, so none was."
            raise Problem(422, "some_refused", detail, errors=errors) from None


class OfEndUser(Endpoint):
    """What is below one end user."""

    noun, thing, key = "end-users", EndUserAnswer, "end_user"

    def find(self, call: Call) -> EndUserQuerySet:
        return call.end_users().select_related("workspace")


class OneEndUser(OfEndUser):
    """One end user."""

    @operation("Read an end user", gives=EndUserAnswer)
    def get(self, call: Call, person: EndUser) -> EndUser:
        return person

    @operation(
        "Change an end user",
        "Name and address that a SCIM connection manages are changed at the identity provider.",
        takes=EndUserChange,
        gives=EndUserAnswer,
    )
    def patch(self, call: Call, person: EndUser, given: dict[str, Any]) -> EndUser:
        if given.keys() - {"environments"}:
            call.refuse_elsewhere(person)
        email = given.get("email", person.email)
        name = given.get("full_name", person.full_name)
        profile = Profile(name, email, call.by.source, "" if email else person.user_name)
        if "environments" not in given:
            update_profile(end_user=person, profile=profile, by=call.by)
            return person
        wanted = call.all_environments(given["environments"], "environments")
        by_hand = person.accesses.filter(source_kind=SourceKind.MANUAL).select_related("environment")
        others = [each.environment for each in by_hand if call.places and each.environment_id not in call.places]
        save_end_user(end_user=person, profile=profile, environments=[*wanted, *others], by=call.by)
        return person


class Deactivation(OfEndUser):
    """The end of all access of a person, until they are reactivated."""

    @operation(
        "Deactivate an end user", "Access and groups are kept, and reactivation restores them.", gives=EndUserAnswer
    )
    def post(self, call: Call, person: EndUser) -> EndUser:
        call.refuse_elsewhere(person)
        deactivate_end_user(end_user=person, by=call.by)
        return person


class Reactivation(OfEndUser):
    """The return of a deactivated person."""

    @operation("Reactivate an end user", gives=EndUserAnswer)
    def post(self, call: Call, person: EndUser) -> EndUser:
        call.refuse_elsewhere(person)
        reactivate_end_user(end_user=person, by=call.by)
        return person


class PersonalData(OfEndUser):
    """What is known of a person."""

    @operation(
        "Delete the personal data of an end user",
        "For a deactivated person only. Name and address go everywhere, also in the audit log. Nothing undoes it.",
    )
    def delete(self, call: Call, person: EndUser) -> None:
        call.refuse_elsewhere(person)
        delete_personal_data(end_user=person, by=call.by, now=call.now)


class _Places:
    """The environments and groups of the token, read once for many people."""

    def __init__(self, call: Call) -> None:
        self._call, self._groups = call, dict[UUID, EndUserGroup]()
        self._environments = {each.pk: each for each in call.environments()}

    def new_person(self, given: dict[str, Any], above: str) -> NewPerson:
        """Return a person with places by their ids. Raises Problem for a place that the token cannot see."""
        environments = []
        for index, pk in enumerate(dict.fromkeys(given["environments"])):
            if pk not in self._environments:
                detail = "There is no environment with this id that this token can see."
                raise wrong(f"{above}environments/{index}", "unknown", detail)
            environments.append(self._environments[pk])
        if self._call.places is not None and not environments:
            raise wrong(f"{above}environments", "required", "A token of some environments adds people to one of them.")
        groups = [self._group(pk, f"{above}groups/{index}") for index, pk in enumerate(dict.fromkeys(given["groups"]))]
        for index, group in enumerate(groups):
            if group.environment not in environments:
                detail = "Name the environment of this group too: only people with access to it can be members."
                raise wrong(f"{above}groups/{index}", "no_access", detail)
        return NewPerson(Profile(given["full_name"], given["email"], self._call.by.source), environments, groups)

    def _group(self, pk: UUID, field: str) -> EndUserGroup:
        if pk not in self._groups:
            self._groups[pk] = self._call.group(pk, field)
            refuse_read_only(self._groups[pk], self._call.by)
        return self._groups[pk]


def _filtered(call: Call, asked: dict[str, Any]) -> EndUserQuerySet:
    people = call.end_users().matching(asked.get("query", ""))
    if emails := asked.get("emails"):
        people = people.filter(email_key__in=[canonical(each) for each in emails])
    if ids := asked.get("ids"):
        people = people.filter(pk__in=ids)
    if status := asked.get("status"):
        people = people.filter(status=status)
    if group := asked.get("group"):
        people = people.filter(_in_group(call, group))
    accesses = EnvironmentAccess.objects.filter(end_user=OuterRef("pk")).order_by()
    if environment := asked.get("environment"):
        accesses = accesses.filter(environment__in=call.environments().filter(pk=environment))
    if provider := asked.get("provider"):
        accesses = accesses.filter(source_name=provider).idps()
        people = _of_provider(people, call, provider)
    return people.filter(Exists(accesses)) if environment or provider else people


def _links(call: Call, asked: dict[str, Any]) -> "QuerySet[Any] | None":
    """Return the accesses to an environment, or the memberships of a group, if the list is of all who have them."""
    names = {name for name, value in asked.items() if value} - set(PageQuery().fields)
    if names == {"environment"} and call.environments().filter(pk=asked["environment"]).exists():
        return EnvironmentAccess.objects.filter(environment=asked["environment"])
    if names == {"group"} and call.groups().filter(pk=asked["group"], is_everyone=False).exists():
        return GroupMembership.objects.filter(group=asked["group"])
    return None


def _of_provider(people: EndUserQuerySet, call: Call, provider: str) -> EndUserQuerySet:
    """Return those of the people whom a provider gives access, if they are few; else all, who are then looked at."""
    environments = list(call.workspace.environments.values_list("pk", flat=True))
    kinds = [kind for kind in SourceKind if kind != SourceKind.MANUAL]
    given = EnvironmentAccess.objects.filter(environment__in=environments, source_kind__in=kinds, source_name=provider)
    ids = list(given.order_by().values_list("end_user", flat=True)[: _FEW + 1])
    return people.filter(pk__in=ids) if len(ids) <= _FEW else people


def _in_group(call: Call, pk: UUID) -> Q:
    group = call.groups().select_related("environment").filter(pk=pk).first()
    if group is None:
        return Q(pk__in=[])
    if group.is_everyone:
        return Q(pk__in=group.end_users.values("pk"))
    return Q(Exists(GroupMembership.objects.filter(group=group, end_user=OuterRef("pk"))))

"""Each change can be taken back exactly from its event alone: a random history is walked backwards, row by row."""

import os
from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from authentication.actions.group_sync import sync_groups
from authentication.actions.jit import welcome
from authentication.actions.provider_use import remove_provider
from authentication.models import EnvironmentProvider
from authentication.reasons import Refused
from authentication.saml.attributes import AssertedProfile
from provisioning.actions.connection_settings import choose_attributes, set_only_mapped, set_strict
from provisioning.actions.connections import choose_method
from provisioning.actions.leaving import People
from provisioning.actions.mappings import add_mapping, remove_mapping
from provisioning.actions.records.groups import create_group_record, delete_group_record, update_group_record
from provisioning.actions.records.users import create_user_record, delete_user_record, update_user_record
from provisioning.models import EmailFrom, GroupMapping, NameFrom, ProvisionedGroup, ProvisionedUser
from provisioning.models import ProvisioningConnection as Connection
from provisioning.payload.errors import ScimError
from provisioning.payload.member_changes import MemberChange
from tests import factories
from tests.provisioning.histories import State, state_of, take_back
from workspace.actions.access import set_manual_access
from workspace.actions.end_users import (
    create_end_user,
    deactivate_end_user,
    reactivate_end_user,
    save_end_user,
    set_password,
)
from workspace.actions.groups import create_group, delete_group, rename_group
from workspace.actions.members import change_members
from workspace.actions.merging import merge_end_users
from workspace.events import Actor, Kind
from workspace.models import ChangeEvent, EndUser, EndUserGroup, Environment, Workspace
from workspace.profile import Profile
from workspace.refusals import ActionError
from workspace.visits import Visit

pytestmark = pytest.mark.django_db

# More of them by hand: WALKS=300
WALKS = int(os.environ.get("WALKS", "4"))
STEPS = 120
NAMES = ["ada", "bo", "cy", "dee"]
GROUPS = ["Ops", "Engineers", "Sales", "Everyone"]
OWNER = Actor(Kind.ADMINISTRATOR, "01a2099e-8adc-7840-80c7-920880ceb065", "owner@acme.example")


class Walk:
    """Random steps of administrators, identity providers and sign-ins in one workspace."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 -- no secret
        self.workspace = factories.workspace()
        self.environments = list(self.workspace.environments.all())
        self.uses = [
            factories.identity_provider(self.environments[0], "Okta Dev"),
            factories.identity_provider(self.environments[0], "Entra Dev"),
            factories.identity_provider(self.environments[1], "Okta Test"),
        ]
        for use in self.uses:
            factories.scim_token(use)
        choose_method(environment_provider=self.uses[1], method="jit", syncs_groups=True, by=OWNER)

    # What is there. ---------------------------------------------------------------------------------------------------

    def person(self) -> EndUser:
        return self.random.choice(EndUser.objects.filter(workspace=self.workspace).select_related("workspace"))

    def group(self) -> EndUserGroup:
        """A group, mostly one that may be changed by hand."""
        groups = EndUserGroup.objects.filter(environment__workspace=self.workspace)
        if self.random.random() < 0.8:
            groups = groups.filter(source_kind="manual", is_everyone=False)
        return self.random.choice(groups.select_related("environment__workspace"))

    def environment(self) -> Environment:
        return self.random.choice(self.environments)

    def some(self, them: list[Any]) -> list[Any]:
        return self.random.sample(them, self.random.randint(0, len(them)))

    def flag(self) -> bool:
        return self.random.random() < 0.5

    def use(self) -> EnvironmentProvider:
        uses = EnvironmentProvider.objects.select_related("environment__workspace", "identity_provider")
        return uses.get(pk=self.random.choice(self.uses).pk)

    def connection(self, **having: bool) -> Connection:
        """A connection that is switched on, and has users, groups or mappings."""
        wanted = Connection.objects.select_related(
            "environment_provider__environment__workspace", "environment_provider__identity_provider"
        )
        return self.random.choice(wanted.filter(is_enabled=True, **having).distinct())

    def user(self, connection: Connection) -> ProvisionedUser:
        user = self.random.choice(connection.users.select_related("end_user__workspace"))
        user.connection = connection
        return user

    def pushed(self, connection: Connection) -> ProvisionedGroup:
        group = self.random.choice(connection.groups.select_related("group__environment__workspace"))
        group.connection = connection
        return group

    def by(self, connection: Connection) -> Actor:
        return Actor(Kind.CONNECTION, str(connection.pk), connection.name)

    def ids(self, connection: Connection) -> list[str]:
        return [str(pk) for pk in self.some(list(connection.users.values_list("pk", flat=True)))]

    def document(self) -> dict[str, Any]:
        name, home = self.random.choice(NAMES), self.random.choice(NAMES)
        return {
            "userName": f"{name}@example.com",
            "externalId": name,
            "displayName": self.random.choice(["", "Dr "]) + name.title(),
            "nickName": self.random.choice(["Addy", name]),
            "emails": [
                {"value": f"{name}@example.com", "type": "work", "primary": True},
                {"value": f"{home}@home.example", "type": "home"},
            ],
            "active": self.random.random() < 0.7,
        }

    # By hand. ---------------------------------------------------------------------------------------------------------

    def profile(self) -> Profile:
        name = self.random.choice(NAMES)
        return Profile(name.title(), f"{name}@example.com", OWNER.source)

    def create_end_user(self) -> None:
        places = self.some(self.environments)
        groups = EndUserGroup.objects.filter(environment__in=places, source_kind="manual", is_everyone=False)
        create_end_user(
            workspace=self.workspace,
            profile=self.profile(),
            environments=places,
            groups=self.some(list(groups)),
            by=OWNER,
        )

    def save_end_user(self) -> None:
        save_end_user(
            end_user=self.person(), profile=self.profile(), environments=self.some(self.environments), by=OWNER
        )

    def set_access(self) -> None:
        set_manual_access(end_user=self.person(), environments=self.some(self.environments), by=OWNER)

    def switch_person(self) -> None:
        self.random.choice([deactivate_end_user, reactivate_end_user])(end_user=self.person(), by=OWNER)

    def merge_people(self) -> None:
        merge_end_users(stays=self.person(), goes=self.person(), by=OWNER, now=timezone.now())

    def set_password(self) -> None:
        set_password(end_user=self.person(), password=factories.PASSWORD, by=OWNER)

    def create_group(self) -> None:
        members = self.some(list(EndUser.objects.values_list("pk", flat=True)))
        create_group(environment=self.environment(), name=self.random.choice(GROUPS), members=members, by=OWNER)

    def rename_group(self) -> None:
        rename_group(group=self.group(), name=self.random.choice(GROUPS), by=OWNER)

    def delete_group(self) -> None:
        delete_group(group=self.group(), by=OWNER)

    def change_members(self) -> None:
        ids = list(EndUser.objects.values_list("pk", flat=True))
        change_members(group=self.group(), add=self.some(ids), remove=self.some(ids), by=OWNER)

    # By an identity provider. -----------------------------------------------------------------------------------------

    def create_user(self) -> None:
        connection = self.connection()
        create_user_record(connection=connection, document=self.document(), by=self.by(connection), notes=[])

    def update_user(self) -> None:
        connection = self.connection(users__isnull=False)
        user = self.user(connection)
        names = self.some(list(self.document()))
        document = user.document | {name: value for name, value in self.document().items() if name in names}
        update_user_record(user=user, document=document, by=self.by(connection), notes=[])

    def switch_user(self) -> None:
        connection = self.connection(users__isnull=False)
        user = self.user(connection)
        update_user_record(
            user=user, document=user.document | {"active": self.flag()}, by=self.by(connection), notes=[]
        )

    def delete_user(self) -> None:
        connection = self.connection(users__isnull=False)
        delete_user_record(user=self.user(connection), by=self.by(connection))

    def push_group(self) -> None:
        connection = self.connection()
        document = {"displayName": self.random.choice(GROUPS)}
        members = self.ids(connection)
        create_group_record(connection=connection, document=document, members=members, by=self.by(connection))

    def update_pushed(self) -> None:
        connection = self.connection(groups__isnull=False)
        group, ids, more = self.pushed(connection), self.ids(connection), self.ids(connection)
        change = self.random.choice(
            [None, MemberChange(replace=ids, named=ids), MemberChange(add=ids, remove=more, named=ids)]
        )
        name = self.random.choice([group.display_name] * 4 + GROUPS)
        document = group.document | {"displayName": name}
        update_group_record(group=group, document=document, change=change, by=self.by(connection))

    def delete_pushed(self) -> None:
        connection = self.connection(groups__isnull=False)
        delete_group_record(group=self.pushed(connection), by=self.by(connection))

    def sign_in(self) -> None:
        use, name = self.use(), self.random.choice(NAMES)
        known = EndUser.with_email(self.workspace, f"{name}@example.com")
        groups = tuple(self.some(GROUPS))
        said = AssertedProfile(email=f"{name}@example.com", name=name.title(), groups=groups)
        welcomed = welcome(use, known, said, Visit())
        sync_groups(use, welcomed.end_user, groups, Visit())

    # Settings. --------------------------------------------------------------------------------------------------------

    def add_mapping(self) -> None:
        connection, place = self.connection(), self.environment()
        group = self.random.choice([None, *place.groups.filter(source_kind="manual")])
        if group:
            group.environment = place
        pushed = connection.groups.values_list("display_name", flat=True)
        name = self.random.choice([*pushed] * 3 + GROUPS)
        add_mapping(connection=connection, name=name, environment=place, group=group, by=OWNER)

    def remove_mapping(self) -> None:
        connection = self.connection(mappings__isnull=False)
        mapping: GroupMapping = self.random.choice(
            connection.mappings.select_related("environment__workspace", "group__environment")
        )
        mapping.connection = connection
        remove_mapping(mapping=mapping, by=OWNER)

    def set_only_mapped(self) -> None:
        set_only_mapped(connection=self.connection(), only_mapped=self.flag(), by=OWNER)

    def set_strict(self) -> None:
        set_strict(connection=self.connection(), is_strict=self.flag(), by=OWNER)

    def choose_attributes(self) -> None:
        name_from = self.random.choice([NameFrom.AUTOMATIC, NameFrom.NICK_NAME])
        email_from = self.random.choice([EmailFrom.AUTOMATIC, EmailFrom.HOME, EmailFrom.USER_NAME])
        choose_attributes(connection=self.connection(), name_from=name_from, email_from=email_from, by=OWNER)

    def choose_method(self) -> None:
        choose_method(
            environment_provider=self.use(),
            method=self.random.choice(["scim", "scim", "scim", "scim", "jit", "manual"]),
            syncs_groups=self.flag(),
            takes_over_groups=self.random.random() < 0.8,
            is_strict=self.flag(),
            people=self.random.choice([None, *People]),
            by=OWNER,
        )

    # The way. ---------------------------------------------------------------------------------------------------------

    def step(self) -> str:
        """Take one step, which may be refused; return its name."""
        often: list[Callable[[], None]] = [
            self.create_user, self.update_user, self.switch_user, self.push_group, self.update_pushed, self.add_mapping,
            self.remove_mapping, self.change_members, self.sign_in,
        ]  # fmt: skip
        seldom = [
            self.create_end_user, self.save_end_user, self.set_access, self.switch_person, self.set_password,
            self.merge_people,
            self.create_group, self.rename_group, self.delete_group, self.delete_user, self.delete_pushed,
            self.set_only_mapped, self.set_strict, self.choose_attributes, self.choose_method,
        ]  # fmt: skip
        act = self.random.choice([*often, *often, *seldom])
        try:
            with transaction.atomic():
                act()
        except (ActionError, ScimError, Refused, IndexError):  # an IndexError: there is nothing to choose from
            return f"{act.__name__}, refused"
        return act.__name__


class History:
    """What a workspace was after each step."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.steps = [("the beginning", _last_event(), state_of(workspace))]

    def add(self, name: str) -> None:
        self.steps.append((name, _last_event(), state_of(self.workspace)))

    def walk_back(self) -> None:
        state: State = deepcopy(self.steps[-1][2])
        for (_, before, expected), (name, last, _) in reversed(list(pairwise(self.steps))):
            for event in ChangeEvent.objects.filter(pk__gt=before, pk__lte=last):
                take_back(event, state)
            assert state == expected, name


@pytest.mark.parametrize("seed", range(WALKS))
def test_every_change_can_be_taken_back_from_its_event_alone(seed: int) -> None:
    walk = Walk(seed)
    history = History(walk.workspace)
    for number in range(STEPS):
        history.add(f"{number} {walk.step()}")
    history.walk_back()


@pytest.mark.parametrize("people", list(People))
def test_groups_that_are_taken_over_mapped_and_renamed_come_back_too(people: People) -> None:
    walk = Walk(0)
    use, prod = walk.uses[0], walk.environments[2]
    connection = use.connection
    by = walk.by(connection)
    target, support = factories.group(prod, name="Target"), factories.group(use.environment, name="Support")
    ada = create_user_record(connection=connection, document=walk.document() | {"active": True}, by=by, notes=[])
    change_members(group=support, add=[ada.end_user_id], by=OWNER)
    change_members(group=target, add=[ada.end_user_id], by=OWNER)
    history = History(walk.workspace)

    one = create_group_record(connection=connection, document={"displayName": "Support"}, members=[str(ada.pk)], by=by)
    history.add("take over a group by hand")
    two = create_group_record(connection=connection, document={"displayName": "Two"}, members=[str(ada.pk)], by=by)
    for name in ("Support", "Two", "Three"):
        add_mapping(connection=connection, name=name, environment=prod, group=target, by=OWNER)
        add_mapping(connection=connection, name=name, environment=prod, by=OWNER)
        history.add(f"map {name}")
    for group in (one, two):
        group.refresh_from_db()
        group.connection = connection
    update_group_record(group=one, document={"displayName": "Three"}, by=by)
    history.add("rename a mapped group to the name of other mappings")
    update_group_record(group=two, document={"displayName": "Four"}, by=by)
    history.add("rename a mapped group")
    manual_members = set(target.memberships.filter(source_kind="manual").values_list("end_user"))
    choose_method(environment_provider=use, method="manual", people=people, by=OWNER)
    history.add("give SCIM up")
    if people != People.PENDING:
        remove_provider(environment_provider=use, by=OWNER)
        history.add("remove the provider with its mappings")

    taken_over = ChangeEvent.objects.filter(action="group.taken_over")
    renamed = ChangeEvent.objects.filter(action="group_mapping.renamed")
    assert (taken_over.count(), renamed.count(), manual_members) == (1, 2, {(ada.end_user_id,)})
    given_up = ChangeEvent.objects.get(action="provisioning.method_chosen", after__method="manual")
    assert ChangeEvent.objects.about(ada.end_user_id).first() == given_up
    history.walk_back()


@pytest.mark.parametrize("is_taken_over", [True, False])
def test_the_history_of_a_record_begins_and_ends_with_it(is_taken_over: bool) -> None:
    walk = Walk(0)
    connection = walk.uses[0].connection
    if is_taken_over:
        factories.group(connection.environment, name="Ops")
    by = walk.by(connection)
    user = create_user_record(connection=connection, document=walk.document(), by=by, notes=[])
    document = {"displayName": "Ops", "externalId": "00gops"}
    group = create_group_record(connection=connection, document=document, members=[str(user.pk)], by=by)
    ids = user.pk, group.pk
    delete_group_record(group=group, by=by)
    delete_user_record(user=user, by=by)

    users, groups = ([*ChangeEvent.objects.about(pk).order_by("pk")] for pk in ids)
    created, released = ("taken_over", "released") if is_taken_over else ("created", "deleted")
    assert [event.action for event in users] == ["end_user.created", "provisioned_user.deleted"]
    assert [event.action for event in groups] == [f"group.{created}", f"group.{released}"]
    assert users[-1].before["externalId"] == user.external_id
    assert groups[-1].before["record"] == {"id": str(ids[1]), "document": document}


def _last_event() -> object:
    return ChangeEvent.objects.values_list("pk", flat=True).first()

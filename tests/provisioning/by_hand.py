"""Changes that administrators make, drawn at random."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from django.utils import timezone

from authentication.models import EnvironmentProvider
from provisioning.actions.connection_settings import choose_attributes, set_only_mapped, set_strict
from provisioning.actions.connections import choose_method
from provisioning.actions.mappings import add_mapping, remove_mapping
from provisioning.actions.tokens import Retirement, revoke_token, rotate_token
from provisioning.models import GroupMapping, ProvisioningConnection
from tests.scim import Scim
from workspace.actions.access import set_manual_access
from workspace.actions.end_users import create_end_user, deactivate_end_user, reactivate_end_user
from workspace.actions.groups import create_group, delete_group, rename_group
from workspace.actions.members import change_members
from workspace.actions.merging import merge_end_users
from workspace.events import SYSTEM
from workspace.models import EndUser, EndUserGroup, Environment
from workspace.profile import Profile
from workspace.refusals import ActionError

ADDRESSES = [
    "ada@example.com", "ADA@EXAMPLE.COM", "bob@example.com", "zoe@bücher.example", "zoe@xn--bcher-kva.example",
    "ZOE@BÜCHER.example", "hand@example.com", "nonsense", "", "a@b@c", "x" * 300 + "@example.com",
]  # fmt: skip
GROUP_NAMES = ["Engineers", "ENGINEERS", "Sales", "Everyone", "everyone", "Straße", "STRASSE", "By hand", "", "a\nb"]


@dataclass
class ByHand:
    """A change at the connection of a client. What it does follows from `flag` and `turn`."""

    client: Scim
    flag: bool
    turn: int
    kind: str

    def __call__(self) -> None:
        """Make the change, or be refused."""
        with contextlib.suppress(ActionError):
            getattr(self, self.kind)()

    def __str__(self) -> str:
        return f"{self.kind} {self.flag} {self.turn}"

    @property
    def connection(self) -> ProvisioningConnection:
        return ProvisioningConnection.objects.named().get(pk=self.client.connection.pk)

    @property
    def place(self) -> Environment:
        own = self.connection.environment
        return self.one(own.workspace.environments) if self.flag else own

    @property
    def people(self) -> Any:
        return EndUser.objects.filter(workspace=self.connection.environment.workspace)

    def one(self, rows: Any) -> Any:
        found = list(rows.order_by("pk"))
        return found[self.turn % len(found)] if found else None

    def set_strict(self) -> None:
        set_strict(connection=self.connection, is_strict=self.flag, by=SYSTEM)

    def set_only_mapped(self) -> None:
        set_only_mapped(connection=self.connection, only_mapped=self.flag, by=SYSTEM)

    def choose_attributes(self) -> None:
        name_from, email_from = [("", ""), ("nickName", "home"), ("userName", "userName")][self.turn % 3]
        choose_attributes(connection=self.connection, name_from=name_from, email_from=email_from, by=SYSTEM)

    def map(self) -> None:
        place, name = self.place, GROUP_NAMES[self.turn % 7]
        groups = EndUserGroup.objects.filter(environment=place, is_everyone=False)
        group = self.one(groups) if self.turn % 2 else None
        add_mapping(connection=self.connection, name=name, environment=place, group=group, by=SYSTEM)

    def unmap(self) -> None:
        if mapping := self.one(GroupMapping.objects.filter(connection=self.connection)):
            remove_mapping(mapping=mapping, by=SYSTEM)

    def choose_method(self) -> None:
        method, people = EnvironmentProvider.Method.SCIM, None
        if self.turn % 4 == 0:
            method, people = EnvironmentProvider.Method.JIT, ["keep", "deactivate", "pending"][self.turn // 4 % 3]
        use = self.connection.environment_provider
        choose_method(environment_provider=use, method=method, takes_over_groups=self.flag, people=people, by=SYSTEM)

    def switch_person(self) -> None:
        change = deactivate_end_user if self.flag else reactivate_end_user
        change(end_user=self.one(self.people), by=SYSTEM)

    def set_access(self) -> None:
        places = [self.place] if self.turn % 2 else []
        set_manual_access(end_user=self.one(self.people), environments=places, by=SYSTEM)

    def merge(self) -> None:
        found = list(self.people.order_by("pk"))
        if len(found) > 1:
            stays, goes = Random(self.turn).sample(found, 2)  # noqa: S311
            merge_end_users(stays=stays, goes=goes, by=SYSTEM, now=timezone.now())

    def create_person(self) -> None:
        profile, place = Profile("New One", ADDRESSES[self.turn % 7], SYSTEM.source), self.place
        create_end_user(workspace=place.workspace, profile=profile, environments=[place], by=SYSTEM)

    def rename_provider(self) -> None:
        provider = self.connection.environment_provider.identity_provider
        provider.name = f"Renamed {self.turn % 3} {provider.pk}"
        provider.save()

    def enforce(self) -> None:
        use = self.connection.environment_provider
        use.enforcement = ["no_one", "all_domains", "selected_domains"][self.turn % 3]
        use.domains = ["example.com"] if self.turn % 3 == 2 else []
        use.save()

    def rotate_token(self) -> None:
        way = Retirement.FIRST_USE if self.flag else Retirement.AT_ONCE
        connection, now = self.connection, timezone.now()
        self.client.token = rotate_token(connection=connection, retirement=way, now=now, by=SYSTEM)

    def revoke_token(self) -> None:
        if token := self.one(self.connection.tokens.live()):
            revoke_token(token=token, by=SYSTEM)

    def create_group(self) -> None:
        create_group(environment=self.place, name=GROUP_NAMES[self.turn % 3], members=[], by=SYSTEM)

    def change_group(self) -> None:
        group = self.one(EndUserGroup.objects.filter(environment=self.place, is_everyone=False))
        if group and self.turn % 3 == 0:
            rename_group(group=group, name=f"Named {self.turn % 4}", by=SYSTEM)
        elif group and self.turn % 3 == 1:
            delete_group(group=group, by=SYSTEM)
        elif group:
            change_members(group=group, add=[self.one(self.people).pk], by=SYSTEM)

    def forget_use_of_tokens(self) -> None:
        self.connection.tokens.update(last_used_at=None)


_PARTS = {"connection", "place", "people", "one", "client", "flag", "turn", "kind"}
_KINDS = [name for name in vars(ByHand) if not name.startswith("_") and name not in _PARTS]
_OFTEN = ["map", "switch_person", "set_only_mapped", "set_access"]


def by_hand(random: Random, client: Scim) -> Callable[[], None]:
    """Return a change that has been drawn: it does the same each time."""
    return ByHand(client, random.random() < 0.5, random.randrange(10**6), random.choice([*_KINDS, *_OFTEN]))

"""Whatever happens in whatever order, mappings grant what is due."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.actions.connection_settings import set_only_mapped
from provisioning.models import GroupMapping
from tests import factories
from tests.provisioning.mapped import add, client_in, due, fresh, granted, remove
from tests.scim import Scim
from workspace.events import SYSTEM
from workspace.models import EndUserGroup

pytestmark = pytest.mark.django_db


@pytest.fixture
def scim(dev) -> Scim:
    return client_in(dev)


_USERS, _GROUPS = range(4), ["Alpha", "Beta", "Gamma"]
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("member"), st.sampled_from(_GROUPS), st.sampled_from(_USERS), st.booleans()),
        st.tuples(st.just("active"), st.sampled_from(_USERS), st.booleans()),
        st.tuples(
            st.just("map"), st.sampled_from([*_GROUPS, "Delta"]), st.sampled_from(["dev", "prod", "x", "y", "z"])
        ),
        st.tuples(st.just("unmap"), st.integers(0, 5)),
        st.tuples(st.just("only"), st.booleans()),
        st.tuples(st.just("rename"), st.sampled_from(_GROUPS), st.sampled_from(["Delta", "Epsilon"])),
        st.tuples(st.just("delete"), st.sampled_from(_GROUPS)),
        st.tuples(st.just("forget"), st.sampled_from(_USERS)),
    ),
    max_size=12,
)


class Play:
    """A connection with some people and groups, on which steps are taken."""

    def __init__(self, scim, dev, prod) -> None:
        self.scim = scim
        self.users = {number: scim.user(f"u{number}") for number in _USERS}
        self.groups = {name: scim.group(name) for name in _GROUPS}
        self.targets = {"dev": dev, "prod": prod, "x": factories.group(dev, name="X")}
        self.targets |= {name: factories.group(prod, name=name.upper()) for name in ("y", "z")}

    def member(self, group, user, comes) -> None:
        op = {"op": "add" if comes else "remove", "path": "members", "value": [{"value": self.users[user]}]}
        self.scim.patch(f"/Groups/{self.groups[group]}", op)

    def active(self, user, value) -> None:
        self.scim.patch(f"/Users/{self.users[user]}", {"op": "replace", "value": {"active": value}})

    def map(self, name, target) -> None:
        if not GroupMapping.objects.filter(name=name, **self._place(self.targets[target])).exists():
            add(self.scim, name, self.targets[target])

    @staticmethod
    def _place(target):
        return {"group": target} if isinstance(target, EndUserGroup) else {"group": None, "environment": target}

    def unmap(self, number) -> None:
        for mapping in GroupMapping.objects.order_by("pk")[number : number + 1]:
            remove(mapping)

    def only(self, value) -> None:
        set_only_mapped(connection=fresh(self.scim), only_mapped=value, by=SYSTEM)

    def rename(self, group, name) -> None:
        self.scim.patch(f"/Groups/{self.groups[group]}", {"op": "replace", "value": {"displayName": name}})

    def delete(self, group) -> None:
        self.scim.delete(f"/Groups/{self.groups[group]}")

    def forget(self, user) -> None:
        self.scim.delete(f"/Users/{self.users[user]}")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=_STEPS)
def test_what_is_granted_is_what_is_due_after_every_step(scim, dev, prod, steps):
    with transaction.atomic():
        play = Play(scim, dev, prod)
        for name, *values in steps:
            getattr(play, name)(*values)
            assert granted(scim) == due(scim), (name, values)
        transaction.set_rollback(True)

"""End users and the environments they may sign in to."""

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy

from workspace.db.distinct import distinct_values
from workspace.db.indexes import SearchedIndex
from workspace.db.keys import canonical, name_key, search_key
from workspace.db.prepared import Prepared
from workspace.db.statement import Statement, update_of
from workspace.db.together import Write, write_together
from workspace.isolation import isolated
from workspace.models.base import Entity, PasswordOwner
from workspace.models.sources import Source, Sourced, SourceField, SourceKind, manual
from workspace.models.workspaces import Environment, Workspace

if TYPE_CHECKING:
    from workspace.models.groups import EndUserGroup


class EndUserQuerySet(models.QuerySet["EndUser"]):
    """Questions about end users. Start from `workspace.end_users`."""

    def with_access_to(self, environment: Environment) -> Self:
        """Return the active people with access to the environment: the members of Everyone."""
        return self.with_any_access_to(environment).filter(status=EndUser.Status.ACTIVE)

    def with_any_access_to(self, environment: Environment) -> Self:
        """Return the people with access to the environment, deactivated ones too.

        EXISTS lets SQLite walk the index of names until a page is full; for IN it would read every access first.
        """
        return self.filter(models.Exists(environment.accesses.filter(end_user=models.OuterRef("pk"))))

    def outside(self, group: "EndUserGroup") -> Self:
        """Return the people who are not in a group by a membership."""
        return self.filter(~models.Exists(group.memberships.filter(end_user=models.OuterRef("pk"))))

    def depending_on(self, source: Source) -> Self:
        """Return the active people whose access comes from this source alone."""
        accesses = EnvironmentAccess.objects.filter(end_user=models.OuterRef("pk"))
        granted, others = accesses.of_source(source), accesses.exclude(source_kind=source.kind, source_id=source.id)
        return self.filter(models.Exists(granted), ~models.Exists(others), status=EndUser.Status.ACTIVE)

    def pairs(self) -> list[list[str]]:
        """Return pairs of id and name, as a change event keeps them."""
        return [[str(pk), name] for pk, name in self.order_by("id").values_list("pk", "full_name")]

    def matching(self, text: str) -> Self:
        """Return the people whose name, address and userName contain all words of the text, without their accents."""
        return self.filter(*(models.Q(search_key__contains=word) for word in self.words(text)))

    @staticmethod
    def words(text: str) -> list[str]:
        """Return the words of a search, each once."""
        return list(dict.fromkeys(search_key(text).split()))

    def namesakes_of(self, person: "EndUser") -> Self:
        """Return who may be the same person: by the name, or by the part of the address before the @."""
        others = self.exclude(pk=person.pk).order_by().values("pk")
        same = others.filter(name_key=person.name_key)
        if local := (person.email_key or "").rpartition("@")[0]:
            # From an @ to the letter that follows it, as an index has them.
            same = same.union(others.filter(email_key__gte=f"{local}@", email_key__lt=f"{local}A"))
        # By their ids alone: SQLite would walk all people of the workspace.
        return type(self)(self.model).filter(pk__in=same)

    def formerly_with(self, email: str) -> Self:
        """Return those who had this address before a merge, the last one first."""
        return self.filter(merged__email_key=canonical(email)).order_by("-merged__created_at")


class EndUser(PasswordOwner, Entity):
    """A person who signs in to the apps of environments. A person exists once in a workspace."""

    class Status(models.TextChoices):
        ACTIVE = "active", gettext_lazy("Active")
        DEACTIVATED = "deactivated", gettext_lazy("Deactivated")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="end_users")
    full_name = models.CharField(max_length=250)
    name_source = SourceField(default=manual, editable=False)
    name_key = models.CharField(max_length=500, editable=False)
    # Empty where an IdP says none.
    email = models.CharField(max_length=254, blank=True)
    # Who vouches for the address. An address that an IdP gave cannot reset a password (security.md C5).
    email_source = SourceField(default=manual, editable=False)
    # Null without an address, because nulls are never equal.
    email_key = models.CharField(max_length=500, null=True, editable=False)  # noqa: DJ001
    # What the IdP calls a person without an address; empty for others.
    user_name = models.CharField("userName", max_length=250, blank=True, editable=False)
    user_name_key = models.CharField(max_length=500, blank=True, editable=False)
    search_key = models.TextField(default="", editable=False)
    status = models.CharField(max_length=12, choices=Status, default=Status.ACTIVE)
    # Earlier sessions are ended: reactivation does not revive them.
    active_since = models.DateTimeField(default=timezone.now, editable=False)
    # The last sign-in to any environment; null if there was none.
    last_sign_in_at = models.DateTimeField(null=True, editable=False)

    objects = EndUserQuerySet.as_manager()

    class Meta:
        ordering = ["name_key", "id"]
        constraints = [models.UniqueConstraint(fields=["workspace", "email_key"], name="end_user_email_unique")]
        indexes = [
            SearchedIndex(
                fields=["workspace", "name_key", "id"],
                searched=["status", "last_sign_in_at", "created_at", "search_key"],
                name="end_user_by_name",
            ),
            models.Index(fields=["workspace", "status", "name_key", "id"], name="end_user_by_status"),
            models.Index(fields=["workspace", "last_sign_in_at", "name_key", "id"], name="end_user_by_last_sign_in"),
            models.Index(
                fields=["workspace", "user_name_key"],
                condition=~models.Q(user_name_key=""),
                name="end_user_by_user_name",
            ),
        ]

    def __str__(self) -> str:
        name = isolated(self.full_name)
        if self.email:
            return f"{name} <{isolated(self.email)}>"
        return f"{name} ({isolated(self.user_name)})" if self.user_name not in ("", self.full_name) else name

    @classmethod
    def with_email(cls, workspace: Workspace, email: str, *, to_change: bool = False) -> "EndUser | None":
        """Return the person of the workspace with this address in any spelling, or None; to change it, locked."""
        found = (_with_email_to_change if to_change else _with_email).first(workspace.pk, canonical(email))
        if found:
            found.workspace = workspace
        return found

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            # Of a person who was merged a moment ago, Django would insert the row anew.
            kwargs = {"force_update": True, "update_fields": _saved_columns()} | kwargs
        super().save(**kwargs)

    def set_keys(self) -> None:
        self.name_key, self.user_name_key = name_key(self.full_name), name_key(self.user_name)
        self.email_key = canonical(self.email) or None
        self.search_key = search_key(self.full_name, self.email, self.user_name)

    @property
    def identifier(self) -> str:
        """Return what tells the person from others: the address, or the userName where there is none."""
        return self.email or self.user_name

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    def activate(self) -> None:
        """Make a deactivated person active from now on, without saving."""
        if not self.is_active:
            self.status, self.active_since = self.Status.ACTIVE, timezone.now()

    def note_sign_in(self, now: datetime) -> None:
        """Keep when the person signed in last."""
        write_together([self.signed_in(now)])

    def signed_in(self, now: datetime) -> Write:
        """Return the UPDATE that keeps when the person signed in last."""
        self.last_sign_in_at = now
        return _signed_in(), (now, self.pk)


@cache
def _signed_in() -> Statement:
    return update_of(EndUser, "last_sign_in_at", is_required=False)


@cache
def _saved_columns() -> list[str]:
    """Return the columns that a save writes. A sign-in at the same time writes its own."""
    fields = EndUser._meta.concrete_fields
    return [field.name for field in fields if not field.primary_key and field.name != "last_sign_in_at"]


_with_email = Prepared(
    lambda workspace, key: EndUser.objects.filter(workspace=workspace, email_key=key).order_by(),
    (Workspace, "id"),
    (EndUser, "email_key"),
)
_with_email_to_change = Prepared(
    lambda workspace, key: (
        EndUser.objects.filter(workspace=workspace, email_key=key).order_by().select_for_update(no_key=True)
    ),
    (Workspace, "id"),
    (EndUser, "email_key"),
)


class EnvironmentAccessQuerySet(models.QuerySet["EnvironmentAccess"]):
    """Questions about access. Start from `end_user.accesses` or `environment.accesses`."""

    def of_source(self, source: Source) -> Self:
        return self.filter(source_kind=source.kind, source_id=source.id)

    def idps(self) -> Self:
        """Return what IdPs give."""
        return self.exclude(source_kind=SourceKind.MANUAL)

    def names_of_idps(self, environment: Environment) -> list[str]:
        """Return the names of the IdPs that give access to the environment, each found by a look-up in the index."""
        rows, names = EnvironmentAccess.objects.filter(environment=environment), set[str]()
        for kind in SourceKind:
            if kind != SourceKind.MANUAL:
                names |= set(distinct_values(rows.filter(source_kind=kind), "source_name"))
        return sorted(names)


class EnvironmentAccess(Sourced):
    """The right of an end user to sign in to an environment. Several sources may grant it; one is enough."""

    end_user = models.ForeignKey(EndUser, models.CASCADE, related_name="accesses", db_index=False)
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="accesses", db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EnvironmentAccessQuerySet.as_manager()

    class Meta:
        ordering = ["environment__position"]
        verbose_name_plural = "environment accesses"
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "end_user", "source_kind", "source_id"], name="access_unique"
            )
        ]
        indexes = [
            models.Index(fields=["end_user", "environment"], name="access_by_person"),
            models.Index(
                fields=["environment", "source_kind", "source_name", "end_user", "source_id"], name="access_by_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.end_user} in {self.environment}"

    def state(self) -> list[str]:
        """Return [environment, its name, source kind, source id, source name], for an event about one person."""
        return [str(self.environment_id), self.environment.name, *self.source.listed()]


def active_holders(environment: Environment) -> "models.QuerySet[EnvironmentAccess, Any]":
    """Return the active people with access, once each, as `end_user`. An index has the accesses in this order."""
    accesses, deactivated = environment.accesses.order_by(), _deactivated(environment)
    if connection.vendor == "postgresql":
        # PostgreSQL merges both in this order. For DISTINCT alone it reads the whole table and hashes it.
        active = accesses.exclude(models.Exists(deactivated.filter(pk=models.OuterRef("end_user"))))
        return active.order_by("end_user_id").distinct("end_user_id").values("end_user")
    return accesses.exclude(end_user__in=deactivated.order_by().values("pk")).values("end_user").distinct()


def count_active(environment: Environment) -> int:
    """Return how many active people have access."""
    if connection.vendor == "postgresql":
        return active_holders(environment).count()
    # SQLite looks up each of the few deactivated.
    holders = environment.accesses.order_by().values("end_user").distinct()
    return holders.count() - holders.filter(end_user__in=_deactivated(environment).order_by().values("pk")).count()


def _deactivated(environment: Environment) -> EndUserQuerySet:
    return EndUser.objects.filter(workspace=environment.workspace_id, status=EndUser.Status.DEACTIVATED)

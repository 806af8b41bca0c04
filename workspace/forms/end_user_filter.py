"""Which end users a list holds, and in which order."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.db import connection
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.db.indexes import Unindexed
from workspace.db.keys import name_key
from workspace.db.ordered import Ids, Ordered, OrderedWithin, opposite
from workspace.db.parameters import Among, Literal
from workspace.isolation import isolated
from workspace.models import EndUser, EndUserGroup, Environment, EnvironmentAccess, GroupMembership, SourceKind
from workspace.models.people import EndUserQuerySet

# More groups do not fit a menu, so a name is typed.
MOST_GROUPS = 25
# So few people are found by their ids, more by walking the index of the order.
_FEW = 1000
_NEVER = "never"
# Before any sign-in. SQLite walks the index from here, and would not skip those without a time.
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# The place of those without access here among the numbers of other environments.
_ELSEWHERE = -1
_INACTIVE = {
    "30": gettext_lazy("Inactive for 30 days"),
    "90": gettext_lazy("Inactive for 90 days"),
    "180": gettext_lazy("Inactive for 180 days"),
    "365": gettext_lazy("Inactive for 365 days"),
}


class EndUserFilter(forms.Form):
    """The filter and order of the list of end users. A wrong value filters nothing, and its error is shown."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=254, widget=forms.SearchInput)
    access = forms.ChoiceField(label=gettext_lazy("Access to"), required=False)
    group = forms.CharField(label=gettext_lazy("Group"), required=False, max_length=250)
    provider = forms.ChoiceField(label=gettext_lazy("Provider"), required=False)
    method = forms.ChoiceField(
        label=gettext_lazy("Method"), required=False, choices=[("", gettext_lazy("Any method")), *SourceKind.choices]
    )
    sign_in = forms.ChoiceField(
        label=gettext_lazy("Last sign-in"),
        required=False,
        choices=[("", gettext_lazy("Any time")), (_NEVER, gettext_lazy("Never signed in")), *_INACTIVE.items()],
    )
    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        required=False,
        choices=[("", gettext_lazy("Any status")), *EndUser.Status.choices],
    )
    sort = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict, *, environment: Environment, now: datetime) -> None:
        super().__init__(data)
        self.environment, self._now = environment, now
        here = str(environment)
        self._choose(
            "access", here, [("any", _("Any environment, or none")), ("none", _("Not %(here)s") % {"here": here})]
        )
        names = EnvironmentAccess.objects.names_of_idps(environment)
        self._choose("provider", _("Any provider"), [(name, isolated(name)) for name in names])
        groups = environment.groups.filter(is_everyone=False).values_list("pk", "name")[: MOST_GROUPS + 1]
        if len(groups) <= MOST_GROUPS:
            options = [("", _("Any group")), *((pk, isolated(name)) for pk, name in groups)]
            self.fields["group"].widget = forms.Select(choices=options)

    def _choose(self, name: str, anything: str, choices: Any) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = [("", anything), *choices]

    def clean_group(self) -> EndUserGroup | None:
        """Return the group of this id or name."""
        text = self.cleaned_data["group"]
        if not text:
            return None
        groups = self.environment.groups.filter(is_everyone=False)
        found = groups.filter(Q(pk=text) if _is_id(text) else Q(name_key=name_key(text))).first()
        if found is None:
            raise forms.ValidationError(_("%(environment)s has no such group.") % {"environment": self.environment})
        return found

    def is_asked(self) -> bool:
        """Say whether anything is filtered, or was meant to be."""
        return any(self.data.get(name) for name in self.fields if name != "sort")

    @cached_property
    def people(self) -> EndUserQuerySet:
        """The end users that pass the filter, by name."""
        people = self.environment.workspace.end_users.filter(*self._conditions)
        if self._access == "any":
            return people
        is_here = Exists(self.environment.accesses.filter(end_user=OuterRef("pk")))
        return people.filter(~is_here if self._access == "none" else is_here)

    @property
    def has_everybody(self) -> bool:
        """Say whether all who have access to the environment pass the filter."""
        return self._access != "none" and not self._conditions

    @cached_property
    def listed(self) -> EndUserQuerySet:
        """The same for a list: if they are few, by their ids, so that any order of them costs little."""
        return self.people if self._few is None else _of_ids(self._few)

    def parts(self) -> Iterator[Ordered]:
        """Return the listed people in the order that was asked for, in parts that follow each other.

        Each part is read in the order of an index.
        """
        name = self._asked.get("sort", "")
        is_down = name.startswith("-")
        return self._ORDERS.get(name.removeprefix("-"), EndUserFilter._by_name)(self, is_down)

    @cached_property
    def _asked(self) -> dict[str, Any]:
        self.full_clean()
        return self.cleaned_data

    @property
    def _access(self) -> str:
        return self._asked.get("access", "")

    @cached_property
    def _conditions(self) -> list[Q]:
        """What is asked of a person besides access to the environment."""
        asked = self._asked
        conditions = [Q(search_key__contains=word) for word in EndUser.objects.words(asked.get("q", ""))]
        if status := asked.get("status"):
            conditions.append(Q(status=Literal(status)))
        if sign_in := asked.get("sign_in"):
            conditions.append(self._signed_in(sign_in))
        if group := asked.get("group"):
            conditions.append(_with(group.memberships.all()))
        provider, method = asked.get("provider"), asked.get("method")
        if provider or method:
            accesses = self.environment.accesses.order_by()
            accesses = accesses.filter(source_kind=method) if method else accesses.idps()
            conditions.append(_with(accesses.filter(source_name=provider) if provider else accesses))
        return conditions

    def _signed_in(self, asked: str) -> Q:
        """Return the condition on the last sign-in. Whoever was added since is not inactive."""
        if asked == _NEVER:
            return Q(last_sign_in_at=None)
        since = self._now - timedelta(days=int(asked))
        return Q(last_sign_in_at__lt=since) | Q(last_sign_in_at=None, created_at__lt=since)

    @property
    def _everybody(self) -> EndUserQuerySet:
        return self.environment.workspace.end_users.all()

    @cached_property
    def _few(self) -> list[UUID] | None:
        """The ids of the people that pass the filter, if they are few."""
        accesses = self.environment.accesses.order_by()
        if self._access == "none":
            return _few_without(self._everybody.filter(*self._conditions), accesses)
        if self._conditions:
            is_here = Q() if self._access else _with(accesses)
            return _if_few(self._everybody.filter(*self._conditions, is_here).order_by().values_list("pk", flat=True))
        return None if self._access else _if_few(accesses.values_list("end_user", flat=True).distinct())

    def _of(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of the rows whose people pass the filter."""
        if self._few is not None:
            return rows.filter(Among("end_user", self._few))
        if not self._conditions:
            return rows
        return rows.filter(Exists(EndUser.objects.filter(*self._conditions, pk=OuterRef("end_user"))))

    def _by_name(self, is_down: bool) -> Iterator[Ordered]:
        yield _ordered(self.listed, is_down, "name_key", "pk")

    def _by_status(self, is_down: bool) -> Iterator[Ordered]:
        yield _ordered(self.listed, is_down, "status", "name_key", "pk")

    def _by_email(self, is_down: bool) -> Iterator[Ordered]:
        """Order by address; without one comes last."""
        yield _ordered(self.listed.filter(email_key__gt=""), is_down, "email_key")
        without = self.listed.filter(email_key=None)
        if (few := _if_few(without.order_by().values_list("pk", flat=True))) is None:
            # Otherwise SQLite would find them all by the index of addresses, and sort them.
            without = self.listed.alias(address=Unindexed("email_key")).filter(address=None)
        yield _ordered(without if few is None else _of_ids(few), False, "name_key", "pk")

    def _by_sign_in(self, is_down: bool) -> Iterator[Ordered]:
        """Order by the last sign-in; without one comes last."""
        known = self.listed.filter(last_sign_in_at__gt=_BEGINNING)
        yield _ordered(known, is_down, "last_sign_in_at", "name_key", "pk")
        yield _ordered(self.listed.filter(last_sign_in_at=None), False, "name_key", "pk")

    def _by_provider(self, is_down: bool) -> Iterator[Ordered]:
        """Order by the method and name of the first source of access to the environment; without access comes last."""
        if self._access != "none":
            accesses = self.environment.accesses.order_by()
            before = _earlier_than("source_kind", "source_id")
            own = EnvironmentAccess.objects.alias(place=Unindexed("environment")).filter(
                before, end_user=OuterRef("end_user")
            )
            firsts = self._of(accesses.exclude(Exists(own.filter(place=self.environment.pk))))
            yield _ordered(firsts, is_down, "source_kind", "source_name", "end_user_id", shown="end_user_id")
        if self._access:
            yield _ordered(self._elsewhere, False, "name_key", "pk")

    def _by_groups(self, is_down: bool) -> Iterator[Ordered]:
        """Order by the name of the first group in the environment, or down from the last one.

        Whoever has none comes last. By the first group, the other way down would look at all members of a late group
        who are in an earlier one too.
        """
        memberships = GroupMembership.objects.alias(place=Unindexed("group__environment"))
        earlier = _earlier_than("group__name_key", "pk", "gt" if is_down else "lt")
        own = memberships.filter(earlier, end_user=OuterRef("end_user"))
        firsts = GroupMembership.objects.filter(group__environment=self.environment)
        firsts = firsts.exclude(Exists(own.filter(place=self.environment.pk)))
        columns, shown = _directed(is_down, "group__name_key", "end_user_id"), "end_user_id"
        if self._few is None:
            firsts = firsts.filter(Exists(self.people.order_by().filter(pk=OuterRef("end_user"))))
            yield OrderedWithin(firsts, columns, shown, owners=self.environment.groups.all(), owner="group")
        else:
            yield Ordered(firsts.filter(Among("end_user", self._few)), columns, shown)
        members = GroupMembership.objects.filter(group__environment=self.environment)
        if (few := _few_without(self.listed, members)) is None:
            theirs = memberships.filter(end_user=OuterRef("pk"), place=self.environment.pk)
            others = self.listed.exclude(Exists(theirs))
        else:
            others = _of_ids(few)
        yield _ordered(others, False, "name_key", "pk")

    def _by_access(self, is_down: bool) -> Iterator[Ordered]:
        """Order by the number of environments; those without access to this one stand apart from the others."""
        numbers = range(len(self._others) + 1) if self._access != "none" else []
        numbers = [_ELSEWHERE, *numbers] if self._access else [*numbers]
        for number in reversed(numbers) if is_down else numbers:
            if number == _ELSEWHERE:
                elsewhere = self._elsewhere.annotate(number=_environments("pk"))
                yield _ordered(elsewhere, is_down, "number", "pk")
            else:
                yield _ordered(self._with_others(number), is_down, "end_user_id", shown="end_user_id")

    @cached_property
    def _others(self) -> list[UUID]:
        """The other environments to which anybody has access."""
        accesses = EnvironmentAccess.objects.filter(environment=OuterRef("pk"))
        environments = self.environment.workspace.environments.exclude(pk=self.environment.pk)
        return list(environments.filter(Exists(accesses)).values_list("pk", flat=True))

    def _with_others(self, number: int) -> QuerySet[Any]:
        """Return the access here of those who have access to so many other environments."""
        theirs = EnvironmentAccess.objects.filter(end_user=OuterRef("end_user"))
        has = [Exists(theirs.filter(environment=pk)) for pk in self._others]
        rows = self._of(self.environment.accesses.order_by()).distinct()
        # PostgreSQL merges indexes for these, as far as a page needs; for a sum it reads all access elsewhere first.
        if number in (0, len(has)):
            return rows.filter(*(each if number else ~each for each in has))
        return rows.alias(others=sum((Case(When(each, then=1), default=0) for each in has), Value(0))).filter(
            others=number
        )

    @cached_property
    def _elsewhere(self) -> EndUserQuerySet:
        """Those of the people who have no access here."""
        if self._access == "none":
            return self.listed
        if (few := _few_without(self.listed, self.environment.accesses.all())) is not None:
            return _of_ids(few)
        return self.listed.exclude(Exists(self.environment.accesses.filter(end_user=OuterRef("pk"))))

    _ORDERS: dict[str, Callable[["EndUserFilter", bool], Iterator[Ordered]]] = {
        "name": _by_name,
        "email": _by_email,
        "access": _by_access,
        "groups": _by_groups,
        "provider": _by_provider,
        "sign-in": _by_sign_in,
        "status": _by_status,
    }


def _if_few(ids: Ids) -> list[UUID] | None:
    """Return the ids, or None if there are many."""
    found = list(ids[: _FEW + 1])
    return found if len(found) <= _FEW else None


def _few_without(people: EndUserQuerySet, rows: QuerySet[Any]) -> list[UUID] | None:
    """Return the ids of the people who have none of the rows, or None if they are many.

    In their order, SQLite merges both lists. That takes a quarter of a look-up for each person. PostgreSQL would put
    both into one table of hashes. It merges them by itself, and only as far as there are few.
    """
    everybody, rows = people.order_by().values_list("pk", flat=True), rows.order_by()
    if connection.vendor == "postgresql":
        return _if_few(everybody.exclude(Exists(rows.filter(end_user=OuterRef("pk")))))
    return _if_few(everybody.difference(rows.values_list("end_user", flat=True)).order_by("pk"))


def _of_ids(ids: list[UUID]) -> EndUserQuerySet:
    # Without the workspace, of which they are: SQLite would walk its people in the order that is asked for.
    return EndUser.objects.filter(Among("pk", ids))


def _with(rows: QuerySet[Any]) -> Q:
    """Return the condition that a person has one of the rows."""
    few = _if_few(rows.order_by().values_list("end_user_id", flat=True))
    return Q(Exists(rows.order_by().filter(end_user=OuterRef("pk")))) if few is None else Q(pk__in=few)


def _earlier_than(first: str, second: str, comparison: str = "lt") -> Q:
    """Return the condition that a row comes before that of the outer query, by two columns; after it with "gt"."""
    same = Q(**{first: OuterRef(first), f"{second}__{comparison}": OuterRef(second)})
    return Q(**{f"{first}__{comparison}": OuterRef(first)}) | same


def _environments(person: str) -> Coalesce:
    """Return the number of environments to which somebody has access."""
    accesses = EnvironmentAccess.objects.filter(end_user=OuterRef(person)).order_by().values("end_user")
    return Coalesce(Subquery(accesses.annotate(number=Count("environment", distinct=True)).values("number")), 0)


def _ordered(rows: QuerySet[Any], is_down: bool, *columns: str, shown: str = "pk") -> Ordered:
    return Ordered(rows, _directed(is_down, *columns), shown)


def _directed(is_down: bool, *columns: str) -> tuple[str, ...]:
    # An index is read forwards or backwards, so all columns have the same direction.
    return tuple(map(opposite, columns)) if is_down else columns


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False

"""Which end users a list holds, and in which order."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast
from uuid import UUID

from django import forms
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.db.indexes import Unindexed
from workspace.db.keys import name_key
from workspace.isolation import isolated
from workspace.models import EndUser, EndUserGroup, Environment, EnvironmentAccess, GroupMembership, SourceKind
from workspace.models.people import EndUserQuerySet

Ids: TypeAlias = "QuerySet[Any, Any]"
# More groups do not fit a menu, so a name is typed.
MOST_GROUPS = 25
# So few people are found by their ids, more by walking the index of the order.
_FEW = 1000
_NEVER = "never"
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

    def parts(self) -> list[Ids]:
        """Return the ids of these people in the order that was asked for, in parts that follow each other.

        Each part is read in the order of an index.
        """
        name, people = self._asked.get("sort", ""), self.people
        is_down = name.startswith("-")
        parts = self._ORDERS.get(name.removeprefix("-"), EndUserFilter._by_name)(self, people, is_down)
        return [part.values_list("end_user_id" if part.model is not EndUser else "pk", flat=True) for part in parts]

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
            conditions.append(Q(status=status))
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

    def _of(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of the rows whose people pass the filter."""
        if not self._conditions:
            return rows
        return rows.filter(Exists(EndUser.objects.filter(*self._conditions, pk=OuterRef("end_user"))))

    def _by_name(self, people: EndUserQuerySet, is_down: bool) -> list[Ids]:
        return [_ordered(people, is_down, "name_key", "pk")]

    def _by_status(self, people: EndUserQuerySet, is_down: bool) -> list[Ids]:
        return [_ordered(people, is_down, "status", "name_key", "pk")]

    def _by_email(self, people: EndUserQuerySet, is_down: bool) -> list[Ids]:
        # Databases differ in where null stands: people without an address come last.
        key = F("email_key").desc(nulls_last=True) if is_down else F("email_key").asc(nulls_last=True)
        return [people.order_by(key, "-pk" if is_down else "pk")]

    def _by_sign_in(self, people: EndUserQuerySet, is_down: bool) -> list[Ids]:
        known = people.exclude(last_sign_in_at=None)
        never = people.filter(last_sign_in_at=None)
        return [_ordered(known, is_down, "last_sign_in_at", "name_key", "pk"), _ordered(never, False, "name_key", "pk")]

    def _by_provider(self, people: EndUserQuerySet, is_down: bool) -> list[Ids]:
        """Order by the method and name of the first source of access to the environment; without access comes last."""
        accesses = self.environment.accesses.all()
        before = _earlier_than("source_kind", "source_id")
        own = EnvironmentAccess.objects.alias(place=Unindexed("environment")).filter(
            before, end_user=OuterRef("end_user")
        )
        first = self._of(accesses.exclude(Exists(own.filter(place=self.environment.pk))))
        return self._with_those_elsewhere(_ordered(first, is_down, "source_kind", "source_name", "end_user_id"), people)

    def _by_groups(self, people: EndUserQuerySet, is_down: bool) -> list[Ids]:
        """Order by the name of the first group in the environment; without a group comes last."""
        memberships = GroupMembership.objects.alias(place=Unindexed("group__environment"))
        own = memberships.filter(_earlier_than("group__name_key", "pk"), end_user=OuterRef("end_user"))
        first = GroupMembership.objects.filter(group__environment=self.environment)
        first = first.exclude(Exists(own.filter(place=self.environment.pk)))
        first = first.filter(Exists(people.order_by().filter(pk=OuterRef("end_user"))))
        theirs = memberships.filter(end_user=OuterRef("pk"), place=self.environment.pk)
        others = people.exclude(Exists(theirs))
        return [_ordered(first, is_down, "group__name_key", "end_user_id"), _ordered(others, False, "name_key", "pk")]

    def _by_access(self, people: EndUserQuerySet, is_down: bool) -> list[Ids]:
        """Order by the number of environments; those without access to this one stand apart from the others."""
        here = self._of(self.environment.accesses.order_by()).values("end_user_id").annotate(row=Min("pk"))
        others = EnvironmentAccess.objects.filter(end_user=OuterRef("end_user")).exclude(environment=self.environment)
        more = here.filter(Exists(others)).annotate(number=_environments("end_user_id"))
        parts: list[Ids] = [
            _ordered(here.exclude(Exists(others)), is_down, "end_user_id"),
            _ordered(more, is_down, "number", "end_user_id"),
        ]
        if self._access:
            elsewhere = self._elsewhere(people).annotate(number=_environments("pk"))
            parts = [_ordered(elsewhere, is_down, "number", "pk"), *({"none": []}.get(self._access, parts))]
        return parts[::-1] if is_down else parts

    def _elsewhere(self, people: EndUserQuerySet) -> EndUserQuerySet:
        return people.exclude(Exists(self.environment.accesses.filter(end_user=OuterRef("pk"))))

    def _with_those_elsewhere(self, here: Ids, people: EndUserQuerySet) -> list[Ids]:
        elsewhere = _ordered(self._elsewhere(people), False, "name_key", "pk")
        return {"": [here], "none": [elsewhere]}.get(self._access, [here, elsewhere])

    _ORDERS: dict[str, Callable[["EndUserFilter", EndUserQuerySet, bool], list[Ids]]] = {
        "name": _by_name,
        "email": _by_email,
        "access": _by_access,
        "groups": _by_groups,
        "provider": _by_provider,
        "sign-in": _by_sign_in,
        "status": _by_status,
    }


def _with(rows: QuerySet[Any]) -> Q:
    """Return the condition that a person has one of the rows."""
    few = list(rows.order_by().values_list("end_user_id", flat=True)[: _FEW + 1])
    return Q(pk__in=few) if len(few) <= _FEW else Q(Exists(rows.order_by().filter(end_user=OuterRef("pk"))))


def _earlier_than(first: str, second: str) -> Q:
    """Return the condition that a row comes before that of the outer query, by two columns."""
    same = Q(**{first: OuterRef(first), f"{second}__lt": OuterRef(second)})
    return Q(**{f"{first}__lt": OuterRef(first)}) | same


def _environments(person: str) -> Subquery:
    """Return the number of environments to which somebody has access."""
    accesses = EnvironmentAccess.objects.filter(end_user=OuterRef(person)).order_by().values("end_user")
    return Subquery(accesses.annotate(number=Count("environment", distinct=True)).values("number"))


def _ordered(rows: QuerySet[Any], is_down: bool, *columns: str) -> QuerySet[Any]:
    # An index is read forwards or backwards, so all columns have the same direction.
    return rows.order_by(*(f"-{column}" if is_down else column for column in columns))


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False

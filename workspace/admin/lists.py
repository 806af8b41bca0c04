"""Lists of long tables: no count of all rows, no sorting, and filters that look at a part of the table."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.admin import ListFilter, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.db.models import BinaryField, Field, ForeignKey, JSONField, Model, Q, QuerySet, TextField
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from workspace.db.keys import first_id_at
from workspace.db.paging import COUNTED, WALKED

Rows = QuerySet[Any]
if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

_MONTH_OR_DAY = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?")
_MOST_MONTHS = 24


def filter_by(
    column: str, choices: Mapping[str, str], lookups: Mapping[str, Q] | None = None
) -> type[SimpleListFilter]:
    """Return a filter with these choices: the values of a column, or what `lookups` says of each.

    Django's own filter would read the whole table to find them.
    """

    class Filter(SimpleListFilter):
        title = column.replace("_", " ")
        parameter_name = column

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return list(choices.items())

        def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
            value = self.value() or ""
            if value not in choices:
                return queryset
            return queryset.filter(lookups[value] if lookups else Q(**{column: value}))

    return Filter


class CutPaginator(_Paginator):
    """Pages of rows that are counted only up to a number; a page far from the start lets more be counted."""

    def __init__(self, rows: Rows, per_page: int, page: int) -> None:
        super().__init__(rows, per_page)
        self.rows = rows
        self.most = max(COUNTED, min((page + 1) * per_page, WALKED))

    @cached_property
    def counted(self) -> int:
        return self.rows.order_by()[: self.most + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self.counted, self.most)

    @property
    def is_cut(self) -> bool:
        """Say whether there are more rows than were counted."""
        return self.counted > self.most

    def page(self, number: int | str) -> "Page[Any]":
        """Return a page. Its ids are read first: an index has them, so the rows before it are not read."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        ids = list(self.rows.values_list("pk", flat=True)[first : first + self.per_page])
        return Page(self.rows.filter(pk__in=ids), number, self)


class OperatorList(ChangeList):
    """A list that reads only the columns that it shows."""

    # Whether filters look at the newest rows only, and at how many.
    is_part = False
    walked = 0

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        # Django would resolve the URL of each row among all URLs, only to see that it is one of the admin's own.
        self._kept, self.preserved_filters = self.preserved_filters, ""

    def url_for_result(self, result: Model) -> str:
        """Return the URL of a row, with the filters to which its page leads back."""
        return "?".join(filter(None, [super().url_for_result(result), self._kept]))

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> Rows:
        rows = super().get_queryset(request, exclude_parameters)
        long = (TextField, JSONField, BinaryField)
        fields = [each for each in self.opts.concrete_fields if isinstance(each, long)]
        return rows.defer(*(each.name for each in fields if each.name not in self.list_display))


class LongList(OperatorList):
    """A list of a long table, newest first. No index has another order, nor what the filters ask for."""

    def get_ordering(self, request: HttpRequest, queryset: Rows) -> list[str | Combinable]:
        return ["-pk"]

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> Rows:
        rows = super().get_queryset(request, exclude_parameters)
        filters = set(self.get_filters_params()) - {DayFilter.parameter}
        if self.query or not filters or any(_has_index(self.model, each) for each in filters):
            return rows
        among = next((each.queryset(request, self.root_queryset) for each in self._days()), self.root_queryset)
        edge = list(among.order_by("-pk").values_list("pk", flat=True)[WALKED - 1 : WALKED + 1])
        self.is_part, self.walked = len(edge) == 2, WALKED
        return rows.filter(pk__gte=edge[0]) if self.is_part else rows

    def _days(self) -> Iterator["DayFilter"]:
        return (each for each in self.filter_specs if isinstance(each, DayFilter))


def _has_index(model: type[Model], lookup: str) -> bool:
    """Say whether a filter names rows by something that an index begins with, as a link to related rows does."""
    name = lookup.partition("__")[0]
    fields = {field.name: field for field in model._meta.concrete_fields}
    return name in fields and isinstance(fields[name], ForeignKey) and name in leading(model)


def leading(model: type[Model]) -> set[str]:
    """Return the columns that an index begins with."""
    parts = [*model._meta.indexes, *model._meta.constraints]
    names = {fields[0].lstrip("-") for each in parts if (fields := getattr(each, "fields", None))}
    columns = [each for each in model._meta.concrete_fields if isinstance(each, Field)]
    return names | {each.name for each in columns if getattr(each, "db_index", False) or each.unique}


class DayFilter(ListFilter):
    """Rows of a month or a day, by their ids, which tell the time and have an index."""

    title = "day"
    parameter = "day"

    def __init__(self, request: HttpRequest, params: dict[str, list[str]], model: type[Model], admin: Any) -> None:
        super().__init__(request, params, model, admin)
        self.rows = model._default_manager.all()
        found = _MONTH_OR_DAY.fullmatch(params.pop(self.parameter, [""])[-1])
        self.chosen = _period(*found.groups()) if found else None
        self.text = found[0] if found and self.chosen else ""

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return [self.parameter]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        if not self.chosen:
            return queryset
        first, end = self.chosen
        return queryset.filter(pk__gte=first_id_at(first), pk__lt=first_id_at(end))

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Offer the months of the table, and the days of the chosen one."""
        yield self._choice(changelist, "", "Any day")
        for month in self._months():
            yield self._choice(changelist, f"{month:%Y-%m}", f"{month:%B %Y}")
            if self.text.startswith(f"{month:%Y-%m}"):
                for day in _days_of(month):
                    yield self._choice(changelist, f"{day:%Y-%m-%d}", f"{day:%d %B}")

    def _choice(self, changelist: ChangeList, value: str, words: str) -> dict[str, object]:
        query = changelist.get_query_string({self.parameter: value or None})
        return {"selected": self.text == value, "query_string": query, "display": words}

    def _months(self) -> Iterator[datetime]:
        oldest = self.rows.order_by("pk").values_list("pk", flat=True).first()
        month = timezone.now().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        for _ in range(_MOST_MONTHS):
            yield month
            if oldest is None or oldest >= first_id_at(month):
                return
            month = (month - timedelta(days=1)).replace(day=1)


def _period(year: str, month: str, day: str | None) -> tuple[datetime, datetime] | None:
    """Return the beginning and the end of a month or a day; None if there is no such one."""
    try:
        first = datetime(int(year), int(month), int(day or 1), tzinfo=UTC)
        end = first + timedelta(days=1 if day else 32)
        return (first, end if day else end.replace(day=1)) if first.year >= 1970 else None
    except (ValueError, OverflowError):
        return None


def _days_of(month: datetime) -> Iterator[datetime]:
    end = min((month + timedelta(days=32)).replace(day=1), timezone.now())
    for number in range((end - month).days + 1):
        day = month + timedelta(days=number)
        if day < end:
            yield day

"""How many rows of a log came on each of the last days, for charts.

Ids tell the time, so an index of them counts a day. A day that is over is counted once in each process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any, TypeAlias
from uuid import UUID

from django.db.models import F, QuerySet

from workspace.db.counting import NumberOf, SumOf
from workspace.db.keys import first_id_at
from workspace.db.paging import WALKED
from workspace.models import Environment

DAYS = 30
# A transaction may commit a row of a day this long after its end. Equal refused attempts of an hour are one row.
_LATE = timedelta(hours=1)
# Days are forgotten all at once, beyond this number.
_MOST_KNOWN = 50_000

Rows: TypeAlias = "QuerySet[Any]"


@dataclass(frozen=True)
class Day:
    """The rows of a day: those that went well and the others. With `is_more` there were more than these."""

    date: date
    good: int
    bad: int
    is_more: bool

    @property
    def total(self) -> int:
        return self.good + self.bad


@dataclass(frozen=True)
class Log:
    """The rows of one thing in a log, and those of them that went wrong. An index has the ids of both in their order.

    `times` is the column that says how often such a row happened.
    """

    subject: UUID
    name: str
    rows: Rows
    bad: Rows
    times: str = ""


_known: dict[tuple[UUID, str, date], Day] = {}


def last_days(log: Log, environment: Environment, now: datetime, kept: timedelta) -> list[Day]:
    """Return the last days, today last, as many as the log is kept for, with one query."""
    today = now.astimezone(UTC).date()
    dates = [today - timedelta(days=back) for back in reversed(range(min(DAYS, kept.days)))]
    found = {each: day for each in dates if (day := _known.get((log.subject, log.name, each)))}
    counted = _count(log, environment, [each for each in dates if each not in found], now)
    if len(_known) + len(counted) > _MOST_KNOWN:
        _known.clear()
    _known.update({(log.subject, log.name, each): day for each, day in counted.items() if _is_over(each, now)})
    found |= counted
    return [found[each] for each in dates]


def _count(log: Log, environment: Environment, dates: Sequence[date], now: datetime) -> dict[date, Day]:
    # Every page counts the days that are not over, so only up to a number of rows.
    most = [None if _is_over(each, now) else WALKED + 1 for each in dates]
    parts = [_expressions(log, each, number) for each, number in zip(dates, most, strict=True)]
    numbers = iter(Environment.objects.filter(pk=environment.pk).values_list(*chain(*parts)).get())
    return {
        each: _day(each, list(islice(numbers, len(part))), number)
        for each, part, number in zip(dates, parts, most, strict=True)
    }


def _expressions(log: Log, day: date, most: int | None) -> list[NumberOf | SumOf]:
    """Return the numbers of all rows, of bad rows, and how often these happened where a column says that."""
    rows, bad = _of_day(log.rows, day)[:most], _of_day(log.bad, day)[:most]
    numbers: list[NumberOf | SumOf] = [NumberOf(rows.values("pk")), NumberOf(bad.values("pk"))]
    return [*numbers, SumOf(bad.values(counted=F(log.times)))] if log.times else numbers


def _of_day(rows: Rows, day: date) -> Rows:
    first, end = first_id_at(_start(day)), first_id_at(_start(day + timedelta(days=1)))
    return rows.filter(pk__gte=first, pk__lt=end).order_by()


def _day(day: date, numbers: list[int], most: int | None) -> Day:
    total, bad, *times = numbers
    return Day(day, max(0, total - bad), times[0] if times else bad, total == most)


def _is_over(day: date, now: datetime) -> bool:
    return now - _start(day + timedelta(days=1)) >= _LATE


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

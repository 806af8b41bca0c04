"""How many rows of a log came on each of the last days, for charts.

Ids tell the time, so an index of them counts a day. A day that is over is counted once in each process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
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
    """The rows of a day: those that went well and the others. A longer day is counted up to WALKED rows."""

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
    missing = [each for each in dates if (log.subject, log.name, each) not in _known]
    counted = _count(log, environment, missing)
    for each in missing:
        if now - _start(each + timedelta(days=1)) >= _LATE:
            _remember(log, counted[each])
    return [counted.get(each) or _known[log.subject, log.name, each] for each in dates]


def _remember(log: Log, day: Day) -> None:
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[log.subject, log.name, day.date] = day


def _count(log: Log, environment: Environment, dates: Sequence[date]) -> dict[date, Day]:
    expressions = [expression for each in dates for expression in _expressions(log, each)]
    numbers = list(Environment.objects.filter(pk=environment.pk).values_list(*expressions).get())
    return {each: _day(each, *numbers[3 * at : 3 * at + 3]) for at, each in enumerate(dates)}


def _expressions(log: Log, day: date) -> list[NumberOf | SumOf]:
    """Return the numbers of all rows, of bad rows, and how often these happened."""
    rows, bad = _of_day(log.rows, day), _of_day(log.bad, day)
    number = NumberOf(bad.values("pk"))
    return [NumberOf(rows.values("pk")), number, SumOf(bad.values(counted=F(log.times))) if log.times else number]


def _of_day(rows: Rows, day: date) -> Rows:
    first, end = first_id_at(_start(day)), first_id_at(_start(day + timedelta(days=1)))
    return rows.filter(pk__gte=first, pk__lt=end).order_by()[: WALKED + 1]


def _day(day: date, total: int, bad_rows: int, bad: int) -> Day:
    return Day(day, max(0, total - bad_rows), bad, total > WALKED)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

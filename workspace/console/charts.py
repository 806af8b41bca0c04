"""Small charts of days, drawn by the server as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from workspace.console.days import DAYS, Day
from workspace.words import at_least, count, grouped

# Units of the drawing, as the component `chart` has them.
_SLOT, HEIGHT = 10, 60
_LEAST = 2


@dataclass(frozen=True)
class Bar:
    """A day's two bars, one on the other, and its numbers in words."""

    x: int
    good: int
    bad: int
    date: str
    good_words: str
    bad_words: str
    words: str

    @property
    def bad_y(self) -> int:
        return HEIGHT - self.good - self.bad

    @property
    def good_y(self) -> int:
        return HEIGHT - self.good


@dataclass(frozen=True)
class Chart:
    """What the component `chart` draws and says."""

    title: str
    good: str
    bad: str
    summary: str
    bars: Sequence[Bar]
    kept: str
    is_empty: bool
    width: int

    @property
    def first(self) -> str:
        return self.bars[0].date

    @property
    def last(self) -> str:
        return self.bars[-1].date


def chart_of(days: Sequence[Day], *, title: str, noun: str, good: str, bad: str) -> Chart:
    """Return the chart of these days. `good` and `bad` say what the two numbers count."""
    most = max(day.total for day in days)
    good_sum, bad_sum = sum(day.good for day in days), sum(day.bad for day in days)
    numbers = {
        "days": count(len(days), "day", "days"),
        "good_number": at_least(good_sum, is_more=any(day.is_more for day in days)),
        "good": good,
        "bad_number": grouped(bad_sum),
        "bad": bad,
    }
    return Chart(
        title=title,
        good=good,
        bad=bad,
        summary=_("%(days)s: %(good_number)s %(good)s, %(bad_number)s %(bad)s.") % numbers,
        bars=[_bar(at, day, most, good, bad) for at, day in enumerate(days)],
        kept=""
        if len(days) == DAYS
        else _("%(noun)s are kept for %(days)s only.") % {"noun": noun, "days": count(len(days), "day", "days")},
        is_empty=most == 0,
        width=len(days) * _SLOT,
    )


def _bar(at: int, day: Day, most: int, good: str, bad: str) -> Bar:
    date = date_format(day.date, "MONTH_DAY_FORMAT")
    good_words, bad_words = at_least(day.good, is_more=day.is_more), grouped(day.bad)
    return Bar(
        x=at * _SLOT,
        good=_height(day.good, most),
        bad=_height(day.bad, most),
        date=date,
        good_words=good_words,
        bad_words=bad_words,
        words=f"{date}: {good_words} {good}, {bad_words} {bad}",
    )


def _height(number: int, most: int) -> int:
    """Return the height of a bar; a number that is not zero can always be seen."""
    return max(_LEAST, round(number / most * (HEIGHT - _LEAST))) if number else 0

"""Asks several servers for the same work in short turns, so that what slows the machine down slows all of them.

A process of its own: a Plan as JSON on stdin, a Report as JSON on stdout.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks import limit
from tests.benchmarks.driver import CLIENTS, FAILURES, Measured, Order, Sync, first_sync, measure
from tests.benchmarks.works import Call, Round, Tenant, Work, goes, works


@dataclass(frozen=True)
class Plan:
    """Who takes turns, how many, and how many users the first of them gets in a first sync after that."""

    sides: list[Order]
    turns: int
    sync: int = 0


@dataclass(frozen=True)
class Report:
    """What was measured, turn by turn; what could not be; and the first sync."""

    measured: list[Measured] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    sync: Sync | None = None

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Report":
        """Return what a process printed."""
        sync = Sync(**given["sync"]) if given["sync"] else None
        return cls([Measured(**each) for each in given["measured"]], given["failed"], sync)

    def turns(self, who: str, work: str, clients: int) -> list[Measured]:
        """Return the turns of one of those who took turns."""
        return [each for each in self.measured if (each.who, each.work, each.clients) == (who, work, clients)]

    def median(self, column: str, who: str, work: str, clients: int) -> float | None:
        """Return the median of the turns; None where there were none."""
        return _median(getattr(each, column) for each in self.turns(who, work, clients))

    def ratio(self, column: str, who: str, other: str, work: str, clients: int) -> float | None:
        """Return the median of the ratios of turns that followed each other."""
        pairs = zip(self.turns(who, work, clients), self.turns(other, work, clients), strict=False)
        return _median(getattr(mine, column) / below for mine, its in pairs if (below := getattr(its, column)))


def _median(numbers: Iterable[float]) -> float | None:
    found = list(numbers)
    return median(found) if found else None


def main(plan: Plan) -> Report:
    """Do the works one after the other, with eight clients and with one. One that fails spoils no other."""
    report = Report()
    for name in dict.fromkeys(name for side in plan.sides for name in side.works):
        for clients in sorted(CLIENTS, reverse=True):  # many clients warm up many threads
            print(f"  {name}, {clients} at once", file=sys.stderr, flush=True)
            try:
                report.measured.extend(_in_turns(plan, name, clients))
            except FAILURES as failure:
                report.failed.append(f"{name}, {clients} at once: {failure!r}"[:600])
    return replace(report, sync=first_sync(plan.sides[0], plan.sync) if plan.sync else None)


def _in_turns(plan: Plan, name: str, clients: int) -> Iterator[Measured]:
    sides = [side for side in plan.sides if _offers(side, name, clients)]
    for turn in range(plan.turns + 1):
        for side in sides[:: -1 if turn % 2 else 1]:
            measured = limit.measure(side, name) if side.address else measure(side, _work(side, name), clients)
            if turn:  # the first one warms up
                yield measured


def _offers(side: Order, name: str, clients: int) -> bool:
    is_meant = name in side.works and not (side.address and clients > 1)
    return is_meant and goes(works(side.tenant)[name], side.tenant, clients)


def _work(side: Order, name: str) -> Work:
    """Return the work. The floor is sent a recorded request again and again."""
    if not side.is_floor:
        return works(side.tenant)[name]
    recorded = json.loads((Path(side.exchanges) / f"{name}.json").read_text())
    call = Call(**recorded["call"] | {"path": f"/floor/{name}"})
    return Work(name, lambda *place: Round(call for _ in count()))


if __name__ == "__main__":
    given = json.load(sys.stdin)
    sides = [Order(**side | {"tenant": Tenant(**side["tenant"])}) for side in given["sides"]]
    print(json.dumps(asdict(main(Plan(**given | {"sides": sides})))))

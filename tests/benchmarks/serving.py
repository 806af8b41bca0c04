"""How many processes and threads serve SCIM best: python -m tests.benchmarks.serving [--users 1000] [--turns 4]

Serves one installation with each number of them at the same time, lets these servers take turns, and prints requests a
second of eight clients and the processor time of a request, both also beside what `make serve` starts. On SQLite, or on
PostgreSQL with `python -m tests.postgres` before it.
"""

import argparse
import contextlib
from dataclasses import replace

from tests.benchmarks.driver import CLIENTS, Order
from tests.benchmarks.installing import OURS, in_turns, installed, ordered
from tests.benchmarks.scim import database, machine
from tests.benchmarks.turns import Report
from tests.server import Server, free_port, running

WORKS = ["look-up", "create"]
USUAL = "2 x 2"


def main(options: argparse.Namespace) -> None:
    """Print a line for each number of processes and threads."""
    options.work = WORKS
    print(f"{database()}, {options.users:,} users; {machine()}", flush=True)
    with installed(OURS) as server, contextlib.ExitStack() as stack:
        order = ordered("", server, OURS, options)
        sides = [_side(server, order, workers, threads) for workers in options.workers for threads in options.threads]
        for side, _ in sides:
            stack.enter_context(running(side))
        report = in_turns(sides, options.turns)
    columns = "".join(f"{work:>12} /s{'x':>6}{'CPU':>7}{'x':>6}{'p95':>8}" for work in WORKS)
    print(f"{'workers x threads':<17}{columns}   x: beside {USUAL}, median of the turns")
    for _, each in sides:
        print(f"{each.who:<17}" + "".join(_cells(report, each.who, work) for work in WORKS))


def _side(server: Server, order: Order, workers: int, threads: int) -> tuple[Server, Order]:
    """Return the same installation, served at another port by so many."""
    port, who = str(free_port()), f"{workers} x {threads}"
    origin = f"http://127.0.0.1:{port}"
    environment = {"ORIGIN": origin, "PORT": port, "WORKERS": str(workers), "THREADS": str(threads)}
    log = server.log.with_name(f"log-{port}")
    side = replace(server, origin=origin, environment=server.environment | environment, log=log)
    return side, replace(order, who=who, origin=origin)


def _cells(report: Report, who: str, work: str) -> str:
    many = max(CLIENTS)
    rate, cpu, p95 = (report.median(column, who, work, many) or 0 for column in ("rate", "cpu", "p95"))
    faster, dearer = (report.ratio(column, who, USUAL, work, many) or 0 for column in ("rate", "cpu"))
    return f"{rate:>15.0f}{faster:>6.2f}{cpu:>7.2f}{dearer:>6.2f}{p95:>8.1f}"


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.serving", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--users", type=int, default=1000, help="how many the tenant has (1000)")
    parser.add_argument("--turns", type=int, default=4, help="of each work (4)")
    parser.add_argument("--requests", type=int, default=500, help="of a turn at most (500)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of a turn at most (0.5)")
    parser.add_argument("--workers", type=_numbers, default=[1, 2, 3], help="numbers of processes (1,2,3)")
    parser.add_argument("--threads", type=_numbers, default=[1, 2, 4], help="threads of each (1,2,4)")
    return parser.parse_args()


if __name__ == "__main__":
    main(_options())

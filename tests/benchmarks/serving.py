"""How many processes and threads serve SCIM best: python -m tests.benchmarks.serving [--users 1000] [--seconds 3]

Serves one installation with each number of them, and prints requests a second of eight clients, and the processor time
of a request. On SQLite, or on PostgreSQL with `python -m tests.postgres` before it.
"""

import argparse
from dataclasses import replace

from tests.benchmarks.driver import CLIENTS
from tests.benchmarks.installing import OURS, in_turns, installed, ordered
from tests.benchmarks.scim import database, machine
from tests.server import running

WORKS = ["look-up", "create"]


def main(options: argparse.Namespace) -> None:
    """Print a line for each number of processes and threads."""
    options.work = WORKS
    print(f"{database()}, {options.users:,} users; {machine()}", flush=True)
    print(f"{'workers':>7}{'threads':>9}" + "".join(f"{work:>12} /s{'CPU':>7}{'p95':>8}" for work in WORKS))
    with installed(OURS) as server:
        order = ordered("the server", server, OURS, options)
        for workers in options.workers:
            for threads in options.threads:
                settings = {"WORKERS": str(workers), "THREADS": str(threads)}
                one = replace(server, environment=server.environment | settings)
                with running(one):
                    report = in_turns([(one, order)], 1)
                found = [report.turns(order.who, work, max(CLIENTS))[-1] for work in WORKS]
                cells = "".join(f"{each.rate:>15.0f}{each.server:>7.2f}{each.p95:>8.1f}" for each in found)
                print(f"{workers:>7}{threads:>9}{cells}", flush=True)


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.serving", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--users", type=int, default=1000, help="how many the tenant has (1000)")
    parser.add_argument("--requests", type=int, default=2_000, help="of a turn at most (2000)")
    parser.add_argument("--seconds", type=float, default=3, help="of a turn at most (3)")
    parser.add_argument("--workers", type=_numbers, default=[1, 2, 3, 4], help="numbers of processes (1,2,3,4)")
    parser.add_argument("--threads", type=_numbers, default=[1, 2, 3, 4], help="threads of each (1,2,3,4)")
    return parser.parse_args()


if __name__ == "__main__":
    main(_options())

"""How many processes and threads serve SCIM best: python -m tests.benchmarks.serving [--users 1000] [--seconds 3]

Serves one installation with each number of them, and prints requests a second of eight clients, and the processor time
of a request. On SQLite, or on PostgreSQL with `python -m tests.postgres` before it.
"""

import argparse
from dataclasses import replace

from tests.benchmarks.compare import run
from tests.benchmarks.installing import OURS, installed, ordered
from tests.benchmarks.scim import database, machine
from tests.server import running

WORKS = ["look-up", "create"]


def main(options: argparse.Namespace) -> None:
    """Print a line for each number of processes and threads."""
    options.work, options.sync = WORKS, 0
    print(f"{database()}, {options.users:,} users; {machine()}", flush=True)
    print(f"{'workers':>7}{'threads':>9}" + "".join(f"{work:>12} /s{'CPU':>7}{'p95':>8}" for work in WORKS))
    with installed(OURS) as server:
        order = ordered(server, OURS, options)
        for workers in options.workers:
            for threads in options.threads:
                settings = {"WORKERS": str(workers), "THREADS": str(threads)}
                one = replace(server, environment=server.environment | settings)
                with running(one):
                    found = [run(one, order, work)[-1] for work in WORKS]
                cells = "".join(f"{each.rate:>15.0f}{each.server:>7.2f}{each.p95:>8.1f}" for each in found)
                print(f"{workers:>7}{threads:>9}{cells}", flush=True)


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.serving", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--users", type=int, default=1000, help="how many the tenant has (1000)")
    parser.add_argument("--requests", type=int, default=10_000, help="of each work at most (10000)")
    parser.add_argument("--seconds", type=float, default=15, help="for each work, of which each run takes a fifth (15)")
    parser.add_argument("--workers", type=_numbers, default=[1, 2, 3, 4], help="numbers of processes (1,2,3,4)")
    parser.add_argument("--threads", type=_numbers, default=[1, 2, 3, 4], help="threads of each (1,2,3,4)")
    return parser.parse_args()


if __name__ == "__main__":
    main(_options())

"""How fast sign-ins through an identity provider are: python -m tests.benchmarks.saml [SIGN_INS]

In process, with all middleware and the database: SQLite, or PostgreSQL with `python -m tests.postgres` before it. The
IdP's own work is done beforehand. Stock pysaml2 stands beside it where the xmlsec1 program is installed. Targets: ACS
and end in 12 ms (median), 100 sign-ins a second in two processes.
"""

import os
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client

import tests.conftest  # noqa: F401 -- an installation of its own, and django.setup()
from authentication.models import EnvironmentProvider, SignInAttempt
from tests.authentication.end_users import environments
from tests.authentication.ways import Way, form, way
from tests.benchmarks.saml_stock import parse_times
from tests.idp import Idp

PROCESSES = 2
BARRIER_SECONDS = 600  # then the other process is lost, and this one says so
GROUP_ATTRIBUTE = {"workspace_end_user_groups": ["Engineering", "Support", "Sales"]}
Timings = tuple[list[float], list[float], float, float]


def main(sign_ins: int) -> None:
    """Measure one process alone, then two at once; print medians and sign-ins a second."""
    theirs = _prepared()
    people = [f"person.{number}@acme.example" for number in range(50)]
    _run(theirs, people, None)  # makes the people: what is measured is the everyday sign-in
    import_module("workspace.wsgi")  # for what a server does at its start
    alone = _run(theirs, _many(people, sign_ins), None)
    print(f"{connections['default'].vendor}, {sign_ins} sign-ins, load {os.getloadavg()[0]:.1f}")
    print(f"request to the IdP: median {_ms(alone[0])}; ACS and end: median {_ms(alone[1])}, 95 % {_ms(alone[1], 95)}")
    if stock := parse_times(theirs, 20, GROUP_ATTRIBUTE):
        print(f"beside it, pysaml2's own client with the xmlsec1 program, parsing alone: median {_ms(stock)}")
    _disconnect()
    fork = get_context("fork")  # what is made here is there, without being pickled
    half = (theirs, _many(people, sign_ins // PROCESSES), fork.Barrier(PROCESSES, timeout=BARRIER_SECONDS))
    with ProcessPoolExecutor(PROCESSES, fork, _keep, (half,)) as pool:
        halves = list(pool.map(_run_kept, range(PROCESSES)))
    begun, ended = (max(half[place] for half in halves) for place in (2, 3))
    total = sum(len(half[1]) for half in halves)
    print(
        f"{PROCESSES} processes: {total / ended:.0f} ACS and end a second; {total / (begun + ended):.0f} with requests"
    )
    assert SignInAttempt.objects.filter(outcome="succeeded").count() == len(people) + sign_ins + total


def _disconnect() -> None:
    """Close what a forked process must not inherit."""
    connections.close_all()


def _prepared() -> Way:
    """Tables straight from the models, and an environment whose provider makes people and syncs their groups."""
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.MIGRATION_MODULES = dict.fromkeys(("workspace", "authentication", "provisioning", "contenttypes"))
    settings.MIGRATION_MODULES |= dict.fromkeys(("auth", "sessions"))
    call_command("migrate", run_syncdb=True, verbosity=0)
    theirs = way(environments()[1], method=EnvironmentProvider.Method.JIT, idp=Idp())
    EnvironmentProvider.objects.update(syncs_groups=True)
    return theirs


def _run(theirs: Way, people: list[str], barrier: Any) -> Timings:
    """Sign all of them in, each in a browser of its own: the times of both steps, and how long all took in each."""
    poster = Client()  # a server has its middleware ready too
    ways = [Way(theirs.environment_provider, theirs.idp, elsewhere=lambda: poster) for _ in people]
    _wait(barrier)
    begins, began = _timed([each.begin for each in ways])
    answers = [
        each.answer(request, who, attributes=GROUP_ATTRIBUTE)
        for each, request, who in zip(ways, began, people, strict=True)
    ]
    forms = [form(theirs.idp.respond(answer)) for answer in answers]
    posts = [
        lambda each=each, sent=sent: each.post_form(sent).status_code for each, sent in zip(ways, forms, strict=True)
    ]
    _wait(barrier)
    ends, statuses = _timed(posts)
    assert set(statuses) == {302}
    return begins, ends, sum(begins), sum(ends)


def _timed(calls: list[Any]) -> tuple[list[float], list[Any]]:
    times, results = [], []
    for call in calls:
        start = time.perf_counter()
        results.append(call())
        times.append(time.perf_counter() - start)
    return times, results


_kept: list[Any] = []


def _keep(work: tuple[Way, list[str], Any]) -> None:
    _kept[:] = work


def _run_kept(_: int) -> Timings:
    theirs, people, barrier = _kept
    return _run(theirs, people, barrier)


def _wait(barrier: Any) -> None:
    if barrier is not None:
        barrier.wait()


def _many(people: list[str], count: int) -> list[str]:
    return [people[number % len(people)] for number in range(count)]


def _ms(times: list[float], percent: int = 50) -> str:
    return f"{statistics.quantiles(times, n=100)[percent - 1] * 1000:.1f} ms"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)

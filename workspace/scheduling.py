"""Jobs that run by themselves: the list of them, and the scheduler that runs each in one process at a time.

Any number of schedulers may run, on one machine or several. Each claims a job by one conditional UPDATE and renews the
lease while it runs. If a scheduler dies, another one takes its job over once the lease has ended. A job that was
interrupted runs again from its beginning, so each must be safe to repeat.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import Error, close_old_connections, connection
from django.utils import timezone

from workspace import outage
from workspace.models import Job

logger = logging.getLogger(__name__)

# A job whose process is gone starts anew elsewhere after this time.
LEASE = timedelta(seconds=30)
_TICK = 1.0
_AT_ONCE = 4
# After a failure a job is tried again after this time, then after twice as long, up to its own interval.
_FIRST_RETRY = timedelta(seconds=10)
_LONGEST_ERROR = 2000

# What a job does: it gets the time, and returns what it did as a sentence, or nothing.
Run = Callable[[datetime], str]


@dataclass(frozen=True)
class Task:
    """A job as code."""

    name: str
    every: timedelta
    run: Run


TASKS: dict[str, Task] = {}


def job(name: str, *, every: timedelta) -> Callable[[Run], Run]:
    """Register a function as a job. The apps' `jobs.py` do so as they load."""

    def register(run: Run) -> Run:
        TASKS[name] = Task(name, every, run)
        return run

    return register


def new_holder() -> str:
    """Return a name for a scheduler, which no other one has."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{os.urandom(4).hex()}"


def enlist(now: datetime) -> None:
    """Store the jobs that are not in the table yet. They are due at once."""
    Job.objects.bulk_create([Job(name=name, due_at=now) for name in TASKS], ignore_conflicts=True)


def claim(task: Task, holder: str, now: datetime) -> bool:
    """Take the lease of a job if it is due, and say whether that succeeded. Of several at once, one succeeds."""
    lease = {"leased_until": now + LEASE, "leased_by": holder, "started_at": now}
    return Job.objects.due(now).filter(name=task.name).update(**lease) == 1


def run_claimed(task: Task, holder: str, now: datetime) -> None:
    """Run a job whose lease we hold, and note how it ended. A failure is logged and does not pass on."""
    try:
        result, error = task.run(now), ""
    except Exception as failure:
        result, error = "", f"{type(failure).__name__}: {failure}"[:_LONGEST_ERROR]
        if outage.is_outage(failure):
            outage.note(failure)
        else:
            logger.exception("job %s failed", task.name)
    _finish(task, holder, timezone.now(), result, error)


def _finish(task: Task, holder: str, now: datetime, result: str, error: str) -> None:
    mine = Job.objects.held_by(holder).filter(name=task.name)
    failures = (mine.values_list("failure_count", flat=True).first() or 0) + 1 if error else 0
    wait = min(_FIRST_RETRY * 2 ** min(failures - 1, 20), task.every) if error else task.every
    found: dict[str, object] = {"error": error, "failure_count": failures, "finished_at": now}
    if result:
        found["result"] = result[:500]
    mine.update(leased_until=None, due_at=now + wait, **found)


class Scheduler:
    """One process's share of the jobs."""

    def __init__(self) -> None:
        self.holder = new_holder()
        self._stopping = threading.Event()
        self._running: dict[str, Future[None]] = {}
        self._has_enlisted = False

    def stop(self) -> None:
        """Claim no more jobs. `work` returns when those that run have ended."""
        self._stopping.set()

    def work(self) -> None:
        """Run jobs until `stop` is called."""
        with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="job") as pool:
            while not self._stopping.wait(_TICK):
                self._tick(pool)
            while self._running:
                self._tick()
                time.sleep(_TICK)
        connection.close()

    def _tick(self, pool: ThreadPoolExecutor | None = None) -> None:
        """Renew the leases of what runs, and start in the pool what is due. An outage of the database is waited for."""
        self._running = {name: future for name, future in self._running.items() if not future.done()}
        try:
            close_old_connections()
            now = timezone.now()
            Job.objects.held_by(self.holder).filter(name__in=self._running).update(leased_until=now + LEASE)
            if pool:
                self._start(pool, now)
        except Error as failure:
            if not outage.is_outage(failure):
                raise
            outage.note(failure)

    def _start(self, pool: ThreadPoolExecutor, now: datetime) -> None:
        if not self._has_enlisted:
            enlist(now)
            self._has_enlisted = True
        for name in Job.objects.due(now).filter(name__in=TASKS).values_list("name", flat=True):
            if len(self._running) < _AT_ONCE and name not in self._running and claim(TASKS[name], self.holder, now):
                self._running[name] = pool.submit(_in_thread, TASKS[name], self.holder, now)


def _in_thread(task: Task, holder: str, now: datetime) -> None:
    try:
        run_claimed(task, holder, now)
    except Error as failure:
        # The end of the job could not be noted. Its lease ends, and it runs again.
        outage.note(failure)
    finally:
        connection.close()


def run_due(now: datetime) -> list[str]:
    """Run every job that is due, one after the other, and return their names."""
    holder = new_holder()
    enlist(now)
    done = [task for task in TASKS.values() if claim(task, holder, now)]
    for task in done:
        run_claimed(task, holder, now)
    return [task.name for task in done]

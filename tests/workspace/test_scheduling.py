"""Jobs: each runs in one process at a time, again after a failure, and elsewhere after a crash."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from tests.workspace.races import at_once
from workspace import scheduling
from workspace.models import Job
from workspace.scheduling import LEASE, Scheduler, Task, claim, enlist, new_holder, run_claimed, run_due

NOW = datetime(2025, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def tasks(monkeypatch):
    """Register jobs for a test alone: tasks("Count", run)."""
    found: dict[str, Task] = {}
    monkeypatch.setattr(scheduling, "TASKS", found)

    def register(name, run, every=HOUR):
        found[name] = Task(name, every, run)
        return found[name]

    return register


def eventually(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


class TestOneProcess:
    @pytest.mark.django_db(transaction=True)
    def test_of_many_that_claim_a_job_at_once_one_gets_it(self, tasks):
        task, got = tasks("Count", lambda now: ""), []
        enlist(NOW)
        at_once(*[lambda: got.append(claim(task, new_holder(), NOW))] * 8)
        assert sorted(got) == [False] * 7 + [True]

    @pytest.mark.django_db
    def test_a_job_that_runs_or_is_not_due_is_not_claimed(self, tasks):
        task = tasks("Count", lambda now: "")
        enlist(NOW)
        assert not claim(task, "a", NOW - timedelta(seconds=1))
        assert claim(task, "a", NOW)
        assert not claim(task, "b", NOW + LEASE - timedelta(seconds=1))
        run_claimed(task, "a", NOW)
        assert not claim(task, "b", timezone.now() + HOUR - timedelta(minutes=1))
        assert claim(task, "b", timezone.now() + HOUR)

    @pytest.mark.django_db
    def test_what_a_crashed_process_left_is_taken_over_when_its_lease_ends(self, tasks):
        done = []
        task = tasks("Count", lambda now: done.append(now) or "Done.")
        enlist(NOW)
        assert claim(task, "crashed", NOW)
        assert claim(task, "heir", NOW + LEASE)
        run_claimed(task, "heir", NOW + LEASE)
        due_at = Job.objects.get().due_at
        # The other one was only slow. What it notes changes nothing any more.
        run_claimed(task, "crashed", NOW)
        job = Job.objects.get()
        assert (job.leased_until, job.due_at, job.result) == (None, due_at, "Done.")

    @pytest.mark.django_db(transaction=True)
    def test_a_long_job_keeps_its_lease(self, tasks, monkeypatch):
        monkeypatch.setattr(scheduling, "LEASE", timedelta(seconds=4))  # a busy machine may hold a thread up
        monkeypatch.setattr(scheduling, "_TICK", 0.2)
        release, runs = threading.Event(), []
        tasks("Long", lambda now: runs.append(now) or str(release.wait(20)))
        schedulers = [Scheduler(), Scheduler()]
        threads = [threading.Thread(target=each.work) for each in schedulers]
        for each in threads:
            each.start()
        assert eventually(lambda: runs)
        first = Job.objects.get().leased_until
        later = first + timedelta(seconds=1)  # another process would have taken it over
        assert eventually(lambda: timezone.now() > later)
        assert Job.objects.get().leased_until > first
        for each in schedulers:
            each.stop()
        release.set()
        for each in threads:
            each.join()
        assert len(runs) == 1
        assert Job.objects.get().result == "True" and Job.objects.get().leased_until is None


class TestFailures:
    @pytest.mark.django_db
    def test_a_failure_is_kept_and_tried_again_ever_later_up_to_the_interval(self, tasks, caplog):
        task, waits = tasks("Broken", lambda now: 1 // 0, every=timedelta(seconds=60)), []
        enlist(NOW)
        now = NOW
        for _ in range(5):
            assert claim(task, "a", now)
            run_claimed(task, "a", now)
            job = Job.objects.get()
            waits.append(round((job.due_at - job.finished_at).total_seconds()))
            now = job.due_at
        assert waits == [10, 20, 40, 60, 60]
        assert job.failure_count == 5 and job.error.startswith("ZeroDivisionError")
        assert "job Broken failed" in caplog.text

    @pytest.mark.django_db
    def test_a_success_ends_the_failures(self, tasks):
        failing = [True]
        task = tasks("Weather", lambda now: 1 // 0 if failing else "Fine.")
        enlist(NOW)
        claim(task, "a", NOW)
        run_claimed(task, "a", NOW)
        failing.clear()
        later = timezone.now() + HOUR
        claim(task, "a", later)
        run_claimed(task, "a", later)
        job = Job.objects.get()
        assert (job.failure_count, job.error, job.result) == (0, "", "Fine.")

    @pytest.mark.django_db
    def test_one_that_fails_does_not_keep_the_others_from_running(self, tasks):
        done = []
        tasks("Broken", lambda now: 1 // 0)
        tasks("Sound", lambda now: done.append(now) or "")
        assert run_due(NOW) == ["Broken", "Sound"] and done == [NOW]
        assert run_due(NOW) == []

    @pytest.mark.django_db
    def test_an_outage_of_the_database_is_one_line_and_no_traceback(self, tasks, caplog):
        def run(now):
            raise OperationalError("server closed the connection")

        tasks("Cut off", run)
        run_due(NOW)
        assert "Traceback" not in caplog.text and Job.objects.get().failure_count == 1

    @pytest.mark.django_db(transaction=True)
    def test_a_scheduler_outlives_an_outage(self, tasks, monkeypatch):
        monkeypatch.setattr(scheduling, "_TICK", 0.05)
        calls, real = [], scheduling.enlist

        def broken_at_first(now):
            calls.append(now)
            if len(calls) < 4:
                raise OperationalError("the database does not answer")
            real(now)

        monkeypatch.setattr(scheduling, "enlist", broken_at_first)
        done = []
        tasks("Count", lambda now: done.append(now) or "")
        scheduler = Scheduler()
        thread = threading.Thread(target=scheduler.work)
        thread.start()
        assert eventually(lambda: done)
        scheduler.stop()
        thread.join()


def test_every_job_of_the_product_has_a_name_and_an_interval():
    assert {"Seal the audit log", "Import people", "Refresh metadata", "Delete removed workspaces"} <= set(
        scheduling.TASKS
    )
    for name, task in scheduling.TASKS.items():
        assert len(name) <= 100 and timedelta(0) < task.every <= timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_every_job_of_the_product_runs_on_an_empty_database(caplog):
    assert set(run_due(timezone.now())) == set(scheduling.TASKS)
    assert not Job.objects.exclude(error="").exists(), caplog.text

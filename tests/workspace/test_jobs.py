"""What the jobs of this app do, and the command that runs them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from django.utils import timezone

from tests.commands import PROJECT, commands, outer_environment
from tests.databases import migrated_database
from tests.workspace.importing import Importing
from workspace import jobs
from workspace.actions import imports
from workspace.models import ConsoleSession, EndUser, PeopleImport

PEOPLE = "Full name,Email address\nCy Moor,cy@acme.example\nDee Poe,dee@acme.example\n"


@pytest.fixture
def importing(acme, owner):
    return Importing(owner, acme.url)


def unchecked(importing) -> PeopleImport:
    """An import whose columns are chosen, as it is when the browser is closed then."""
    job = importing.columns(PEOPLE)
    job.lines.all().delete()
    job.state, job.checked_count = PeopleImport.State.CHECKING, 0
    job.save()
    return job


class TestImports:
    def test_an_import_goes_on_without_its_page(self, importing):
        job = unchecked(importing)
        jobs.import_people(timezone.now())
        job.refresh_from_db()
        assert job.state == PeopleImport.State.CHECKED
        importing.client.post(f"{importing.url}{job.pk}/start/")
        jobs.import_people(timezone.now())
        job.refresh_from_db()
        assert job.state == PeopleImport.State.IMPORTED
        assert EndUser.objects.filter(email__in=["cy@acme.example", "dee@acme.example"]).count() == 2

    def test_one_that_fails_is_stopped_with_its_reason_and_the_next_one_goes_on(self, importing, monkeypatch):
        broken, sound = unchecked(importing), unchecked(importing)
        step = imports._step

        def fails(job, now):
            return 1 // 0 if job.pk == broken.pk else step(job, now)

        monkeypatch.setattr(imports, "_step", fails)
        jobs.import_people(timezone.now())
        broken.refresh_from_db()
        sound.refresh_from_db()
        assert broken.state == PeopleImport.State.STOPPED and broken.note == jobs.IMPORT_FAILED
        assert sound.state == PeopleImport.State.CHECKED


@pytest.mark.django_db
def test_ended_sessions_go_and_others_stay(client, acme):
    client.force_login(acme.roles["owner"].user)
    kept = ConsoleSession.objects.get()
    ConsoleSession.objects.create(session_key="old", session_data="", expire_date=timezone.now())
    assert jobs.forget_console_sessions(timezone.now()) == "1 session deleted."
    assert ConsoleSession.objects.get() == kept


def state(manage) -> list[list[str]]:
    """Name, error, whether it has run, and by whom, of each job."""
    code = (
        "import json; from workspace.models import Job; "
        "print(json.dumps([[j.name, j.error, bool(j.finished_at), j.leased_by] for j in Job.objects.all()]))"
    )
    return json.loads(manage.run("shell", "--no-imports", "-c", code))


def test_two_processes_run_every_job_and_end_at_once_when_they_are_told(tmp_path):
    with migrated_database(tmp_path) as database, contextlib.ExitStack() as ends:
        environment = outer_environment() | database | {"DATA_DIR": str(tmp_path), "ORIGIN": "http://127.0.0.1:9"}
        manage = ends.enter_context(commands(environment))
        processes = [
            ends.enter_context(
                subprocess.Popen([sys.executable, "manage.py", "jobs"], cwd=PROJECT, env=os.environ | environment)
            )
            for _ in range(2)
        ]
        for each in processes:
            ends.callback(each.kill)
        end = time.monotonic() + 60
        while not (found := state(manage)) or not all(has_run for _, _, has_run, _ in found):
            assert time.monotonic() < end, found
            time.sleep(0.5)
        assert not [error for _, error, _, _ in found if error]
        began = time.monotonic()
        for each in processes:
            each.send_signal(signal.SIGTERM)
        assert [each.wait(timeout=20) for each in processes] == [0, 0]
        assert time.monotonic() - began < 10

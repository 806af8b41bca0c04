"""Checks of what the installation stands on: jobs, mail, keys, database and versions."""

import os
import platform
import shutil
import tomllib
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import django
from django.conf import settings
from django.db import connection
from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from workspace import key_ring
from workspace.health import Checked, Finding, State, health_check
from workspace.models import Job, KeyRing, OutgoingMail
from workspace.start import missing_migrations
from workspace.words import count

# A job that is due for longer tells that no process runs jobs.
_LATE = timedelta(minutes=5)
_LEAST_FREE = 0.1
START_JOBS = "Start manage.py jobs beside the server."


@health_check
def jobs(now: datetime) -> Checked:
    """Check that jobs run and succeed."""
    rows = list(Job.objects.all())
    findings = [_failing(each) for each in rows if each.failure_count]
    free = [each for each in rows if each.leased_until is None or each.leased_until <= now]
    late = [each for each in free if each.due_at < now - _LATE]
    if late or not rows:
        words = f"{count(len(late), 'job', 'jobs')} did not run in time." if rows else "No job has run yet."
        findings.append(Finding(State.PROBLEM, words, START_JOBS))
    facts = [(each.name, _last_run(each)) for each in rows]
    return Checked("Jobs", findings, facts)


def _failing(job: Job) -> Finding:
    error = job.error.partition("\n")[0][:200]
    words = f"{job} failed {count(job.failure_count, 'time', 'times')}: {error}"
    return Finding(State.PROBLEM, words, "See the job; the log has the traceback", _page("job", job.pk))


def _last_run(job: Job) -> str:
    if job.finished_at is None:
        return "never"
    return f"{job.finished_at:%Y-%m-%d %H:%M} UTC{': ' if job.result else ''}{job.result}"


@health_check
def mails(now: datetime) -> Checked:
    """Check that mail leaves."""
    url, findings = _list("outgoingmail"), []
    if OutgoingMail.objects.parked().exists():
        findings.append(Finding(State.PROBLEM, "Some mails were given up.", "See why, and send them again", url))
    if OutgoingMail.objects.overdue(now).exists():
        findings.append(Finding(State.WARNING, "Mails wait for longer than a minute.", "See their errors", url))
    return Checked("Mail", findings)


@health_check
def keys(now: datetime) -> Checked:
    """Check that this node has the keys of the installation, and that a rotation was finished."""
    ring, findings = KeyRing.objects.first(), []
    if difference := key_ring.difference(ring):
        findings.append(Finding(State.PROBLEM, difference))
    elif ring and len(ring.sealing) > 1:
        words = f"Secrets are sealed with {len(ring.sealing)} keys."
        findings.append(Finding(State.WARNING, words, "Run manage.py rotate_keys."))
    return Checked("Key ring", findings, [("Keys of SECRETS_KEYS here", str(len(settings.SECRETS_KEYS)))])


@health_check
def database(now: datetime) -> Checked:
    """Check migrations, the disk and how PostgreSQL begins transactions."""
    findings, facts = [], [("Size", filesizeformat(_size()))]
    if missing := missing_migrations():
        words = f"{count(len(missing), 'migration', 'migrations')} missing."
        findings.append(Finding(State.PROBLEM, words, "Run make release."))
    if connection.vendor == "sqlite":
        disk = shutil.disk_usage(Path(connection.settings_dict["NAME"]).parent)
        facts.append(("Free on its disk", filesizeformat(disk.free)))
        if disk.free < _LEAST_FREE * disk.total:
            findings.append(Finding(State.WARNING, "The disk is nearly full.", "Free some space, or use a larger one."))
    elif (level := _default_isolation()) != "read committed":
        words = f"A statement alone is {level}: requests at the same time fail."
        findings.append(Finding(State.WARNING, words, "ALTER ROLE … RESET default_transaction_isolation."))
    return Checked("Database", findings, facts)


def _default_isolation() -> str:
    """Return the isolation level of statements outside of transactions. A BEGIN of ours names its own."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW default_transaction_isolation")
        return str(cursor.fetchone()[0])


def _size() -> int:
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        return sum(os.stat(each).st_size for each in (name, f"{name}-wal") if os.path.exists(each))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


@health_check
def versions(now: datetime) -> Checked:
    """Say which versions run."""
    facts = [
        ("Workspace admin", release()),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        ({"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor], _database_version()),
    ]
    return Checked("Versions", [], facts)


@cache
def release() -> str:
    """Return the version of this project."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def _database_version() -> str:
    return ".".join(map(str, connection.get_database_version()))


def _list(model: str) -> str:
    return reverse(f"admin:workspace_{model}_changelist")


def _page(model: str, pk: str) -> str:
    return reverse(f"admin:workspace_{model}_change", args=[pk])

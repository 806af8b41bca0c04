"""Backups: what was there is there again, and what does not fit is refused before anything changes."""

import json
import os
import shutil
import threading
import zipfile

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from tests import factories
from tests.postgres import binaries
from workspace import backups, key_ring
from workspace.actions.workspaces import rename_workspace
from workspace.events import SYSTEM
from workspace.mail import mail
from workspace.models import KeyRing, OutgoingMail, Workspace
from workspace.outbox import send_due

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    """The pg_dump of the server's own version: another one may refuse it."""
    if connection.vendor == "postgresql":
        monkeypatch.setenv("PATH", f"{binaries()}:{os.environ['PATH']}")
        if not shutil.which("pg_restore"):
            pytest.skip("no pg_dump and pg_restore on this machine")


@pytest.fixture
def place(transactional_db):
    return factories.workspace()


@pytest.fixture
def file(place, tmp_path):
    """A backup of the installation with its only workspace called Acme, and a mail on its way."""
    mail(["ada@acme.example"], "Hello", "emails/account_password.txt", {"link": "https://once"}).save()
    call_command("backup", str(tmp_path / "backup"))
    return tmp_path / "backup"


def altered(file, is_damaged=False, **values) -> str:
    """A copy of the backup with another note, or with damaged data."""
    copy = file.with_name(f"altered {values} {is_damaged}")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(copy, "w") as target:
        target.writestr("backup.json", json.dumps(json.loads(source.read("backup.json")) | values))
        target.writestr("database", b"nothing" if is_damaged else source.read("database"))
    return str(copy)


def test_what_was_there_is_there_again_and_waiting_mail_is_not_sent_twice(place, file):
    rename_workspace(workspace=place, name="Renamed", by=SYSTEM)
    factories.workspace("globex")
    call_command("restore", str(file), "--replace")
    assert [each.name for each in Workspace.objects.all()] == ["Acme"]
    assert send_due(timezone.now()) == "" and OutgoingMail.objects.parked().get().body
    factories.workspace("globex")


def test_data_are_replaced_only_on_purpose(place, file):
    rename_workspace(workspace=place, name="Renamed", by=SYSTEM)
    with pytest.raises(CommandError, match="add --replace"):
        call_command("restore", str(file))
    assert Workspace.objects.get().name == "Renamed"


def test_what_does_not_fit_is_refused_and_changes_nothing(place, file, tmp_path):
    rename_workspace(workspace=place, name="Renamed", by=SYSTEM)
    (tmp_path / "text").write_text("nothing")
    refusals = [
        (altered(file, version="0.0.9 (workspace 0001)"), r"is of version 0.0.9 \(workspace 0001\), this is version 0"),
        (altered(file, database="oracle"), "The backup is of oracle"),
        (altered(file, secret_key="another"), "SECRET_KEY is not the one"),
        (altered(file, sealing=["another"]), "SECRETS_KEYS lacks a key"),
        (altered(file, unknown=1), "is no backup of Workspace admin"),
        (altered(file, is_damaged=True), "refused the data|pg_restore failed"),
        (str(tmp_path / "text"), "is no backup"),
        (str(tmp_path / "nowhere"), "is no backup"),
    ]
    for taken, sentence in refusals:
        with pytest.raises(CommandError, match=sentence):
            call_command("restore", taken, "--replace")
        assert Workspace.objects.get().name == "Renamed"


def test_a_backup_is_a_new_file_for_its_owner_only_and_has_no_key(place, file, settings):
    assert file.stat().st_mode & 0o077 == 0
    assert [each.name for each in file.parent.iterdir()] == ["backup"]
    note = zipfile.ZipFile(file).read("backup.json").decode()
    assert KeyRing.objects.get().secret_key in note
    assert settings.SECRET_KEY not in note and not any(key in note for key in settings.SECRETS_KEYS)
    for taken in (file, file.parent / "nowhere" / "backup"):
        with pytest.raises(CommandError):
            call_command("backup", str(taken))


def test_nodes_write_while_a_backup_is_made(place, tmp_path, monkeypatch):
    """A change that is committed during the backup is kept here, and the backup holds or lacks it as a whole."""
    dump = "_dump_sqlite" if connection.vendor == "sqlite" else "_dump_postgresql"
    original = getattr(backups, dump)

    def with_a_write(data):
        def write():
            rename_workspace(workspace=place, name="Renamed", by=SYSTEM)
            connection.close()

        thread = threading.Thread(target=write)
        thread.start()
        original(data)
        thread.join()

    monkeypatch.setattr(backups, dump, with_a_write)
    key_ring.join()
    call_command("backup", str(tmp_path / "backup"))
    assert Workspace.objects.get().name == "Renamed"


def test_without_the_program_of_postgresql_its_recipe_is_told(place, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(backups.BackupError, match="Install postgresql-client"):
        backups._dump_postgresql(tmp_path / "data")

"""The command that backs the database up."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from workspace.backups import BackupError, back_up


class Command(BaseCommand):
    """`manage.py backup /backups/monday`"""

    help = "Writes the database into a new file while nodes serve. Keep the keys of SECRETS_KEYS elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: object) -> None:
        try:
            note = back_up(file, timezone.now())
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{file} has the data of version {note.version}. It opens only with the present keys.")

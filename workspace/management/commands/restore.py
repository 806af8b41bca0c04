"""The command that restores a backup."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from workspace.backups import BackupError, restore


class Command(BaseCommand):
    """`manage.py restore /backups/monday --replace`"""

    help = "Puts the data of a backup of this version into the database. Stop servers and jobs before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="lose the data that the database has")

    def handle(self, *, file: Path, replace: bool, **options: object) -> None:
        try:
            note = restore(file, replace=replace)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The data are those of {note.made_at} again. Mails that waited then are parked.")

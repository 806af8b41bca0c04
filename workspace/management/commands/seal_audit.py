"""The command that seals the audit log."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from workspace.actions.sealing import seal_all


class Command(BaseCommand):
    """Seals the changes that are older than five minutes, and prints how many."""

    help = "Seals changes of the audit log, so that altering them is found by verify_audit. Run it every few minutes."

    def handle(self, *args: object, **options: object) -> None:
        """Seal what is due."""
        self.stdout.write(f"{seal_all(timezone.now()):,} changes sealed")

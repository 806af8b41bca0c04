"""Retention from the command line."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from authentication.actions.retention import forget_expired


class Command(BaseCommand):
    """Deletes what is kept of sign-ins longer than it is needed, and says how much."""

    help = "Deletes old sign-in attempts, sessions, password links and SAML messages. Run it once a day."

    def handle(self, *args: Any, **options: Any) -> None:
        """What is deleted is nobody's decision any more, so there is nothing to choose."""
        for name, count in forget_expired(timezone.now()).items():
            self.stdout.write(f"{count:,} {name} deleted")

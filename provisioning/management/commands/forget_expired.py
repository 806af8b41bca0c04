"""Retention from the command line."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from authentication.actions.retention import forget_expired
from provisioning.actions.retention import forget_requests


class Command(BaseCommand):
    """Deletes what is kept of sign-ins and of SCIM longer than it is needed, and says how much."""

    help = "Deletes old sign-in attempts, sessions, password links, SAML messages and SCIM requests. Run it once a day."

    def handle(self, *args: Any, **options: Any) -> None:
        """What is deleted is nobody's decision any more, so there is nothing to choose."""
        now = timezone.now()
        for name, count in (forget_expired(now) | {"SCIM requests": forget_requests(now)}).items():
            self.stdout.write(f"{count:,} {name} deleted")

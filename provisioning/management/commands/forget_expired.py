"""The command that deletes old data."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from authentication.actions.retention import forget_expired
from provisioning.actions.deletion import delete_removed_workspaces
from provisioning.actions.retention import forget_expired_tokens, forget_requests
from workspace.actions.sealing import forget_changes, seal_all


class Command(BaseCommand):
    """Deletes data whose retention has ended, and prints how many rows of each kind."""

    help = (
        "Deletes old sign-in attempts, sessions, password links, SAML messages, SCIM requests and changes, and removed "
        "workspaces. Run it once a day."
    )

    def handle(self, *args: object, **options: object) -> None:
        """Delete everything that is due. There are no options: each retention is a setting or a constant."""
        now = timezone.now()
        # Only sealed changes are deleted.
        seal_all(now)
        others = {
            "SCIM requests": forget_requests(now),
            "copies of expired SCIM tokens": forget_expired_tokens(now),
            "removed workspaces": delete_removed_workspaces(now),
        }
        for name, count in (forget_expired(now) | others | {"changes": forget_changes(now)}).items():
            self.stdout.write(f"{count:,} {name} deleted")

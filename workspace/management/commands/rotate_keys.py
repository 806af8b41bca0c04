"""The command that seals all secrets with the newest key."""

from django.core.management.base import BaseCommand, CommandError

from workspace.key_ring import rotate


class Command(BaseCommand):
    """Seals every secret anew while nodes serve, and makes the present keys those of the installation."""

    help = "Seals all secrets with the first key of SECRETS_KEYS. Afterwards the older keys may be removed."

    def handle(self, *args: object, **options: object) -> None:
        """Print how many secrets of each kind were sealed. Fails if some could not be opened."""
        lost = 0
        for each in rotate():
            self.stdout.write(f"{each.kind}: {each.resealed:,} sealed anew")
            lost += each.lost
        if lost:
            raise CommandError(
                f"{lost:,} secrets could not be opened by any key of SECRETS_KEYS. "
                "Add the key that sealed them, and run this again. Until then they cannot be shown or used."
            )

"""The demo from the command line."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provisioning.demo import practice, report
from provisioning.demo.seed import add_empty_connection, seed
from workspace.events import ActionError


class Command(BaseCommand):
    """Seeds the demo if it is not there yet, and says where to go."""

    help = "Seeds two demo workspaces if they are not there yet, and says where to go."

    def add_arguments(self, parser: CommandParser) -> None:
        output = parser.add_mutually_exclusive_group()
        output.add_argument("--json", action="store_true", help="say it as one JSON document, for scripts")
        output.add_argument(
            "--empty-scim", metavar="NAME", help="add a SCIM connection without people to acme/DEV; print it as JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Each form seeds first, so that any of them may be the first command ever given."""
        seed()
        practice.refresh()
        if name := options["empty_scim"]:
            self.stdout.write(json.dumps(self._empty_scim(name)))
        elif options["json"]:
            self.stdout.write(json.dumps(report.as_data(), indent=2, ensure_ascii=False))
        else:
            self.stdout.write(report.as_text())

    def _empty_scim(self, name: str) -> dict[str, str]:
        try:
            connection, token = add_empty_connection(name)
        except ActionError as error:
            raise CommandError(error.message) from None
        return {"base_url": connection.base_url, "token": token}

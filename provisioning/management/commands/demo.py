"""The command that makes the demo."""

import json

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provisioning.demo import practice, report
from provisioning.demo.seed import add_empty_connection, seed
from workspace.refusals import ActionError


class Command(BaseCommand):
    """Makes the demo if it is missing, and prints how to use it."""

    help = "Makes two demo workspaces if they are missing, and prints how to use them."

    def add_arguments(self, parser: CommandParser) -> None:
        output = parser.add_mutually_exclusive_group()
        output.add_argument("--json", action="store_true", help="print one JSON document, for scripts")
        output.add_argument(
            "--empty-scim", metavar="NAME", help="add a SCIM connection without people to acme/DEV; print it as JSON"
        )

    def handle(self, *args: object, **options: object) -> None:
        """Make the demo first, whatever the options, so that any of them can be used first."""
        seed()
        practice.refresh()
        if name := options["empty_scim"]:
            try:
                connection, token = add_empty_connection(str(name))
            except ActionError as error:
                raise CommandError(error.message) from None
            self.stdout.write(json.dumps({"base_url": connection.base_url, "token": token}))
        elif options["json"]:
            self.stdout.write(json.dumps(report.as_data(), indent=2, ensure_ascii=False))
        else:
            self.stdout.write(report.as_text())

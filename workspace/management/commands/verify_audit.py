"""The command that proves the audit log."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from workspace.actions.sealing import chains, seal_chain
from workspace.actions.verifying import Verdict, verify_chain
from workspace.models import AuditSeal, Workspace
from workspace.models.seals import INSTALLATION


class Command(BaseCommand):
    """Verifies the chain of each workspace, and names the first broken place of each."""

    help = (
        "Seals the changes that are due, then proves that no sealed change was altered, removed or inserted. "
        "Keep the printed digests elsewhere: whoever can write to the database can also remove the newest seals, or "
        "make all of them anew, and only a digest that is kept elsewhere shows that (--holds)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--holds", action="append", default=[], help="a digest that was printed earlier")

    def handle(self, *args: object, **options: Any) -> None:
        """Print one line for each chain. Raises CommandError if one is broken, or lacks a digest."""
        names = {INSTALLATION: "(installation)"} | dict(Workspace.objects.values_list("pk", "slug"))
        problems = []
        for chain in chains():
            seal_chain(chain, timezone.now())
            name, verdict = names.get(chain, str(chain)), verify_chain(chain)
            self.stdout.write(f"{name}: {_words(verdict)}")
            if verdict.problem:
                problems.append(f"{name}: {verdict.problem}")
        held = set(AuditSeal.objects.filter(digest__in=options["holds"]).values_list("digest", flat=True))
        problems += [f"No seal has the digest {digest}." for digest in options["holds"] if digest not in held]
        if problems:
            raise CommandError("\n".join(problems))


def _words(verdict: Verdict) -> str:
    words = f"{verdict.events:,} changes in {verdict.seals:,} seals"
    if verdict.forgotten_at:
        words += f", older ones deleted until {verdict.forgotten_at:%Y-%m-%d}"
    if verdict.redacted:
        words += f", {verdict.redacted:,} changed by deletions of personal data"
    return f"{words}, digest {verdict.head.digest}" if verdict.head else words

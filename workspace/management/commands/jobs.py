"""The command that runs jobs."""

import signal
from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.utils import timezone

from workspace.scheduling import Scheduler, run_due


class Command(BaseCommand):
    """Runs the jobs of the installation, until it is told to stop."""

    help = "Runs jobs: metadata, notices, retention, seals, imports. Any number of these processes may run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--once`."""
        parser.add_argument("--once", action="store_true", help="Run what is due now, then end.")

    def handle(self, *args: object, **options: object) -> None:
        """Run until SIGTERM or SIGINT. What runs then is finished first."""
        if options["once"]:
            for name in run_due(timezone.now()):
                self.stdout.write(name)
            return
        scheduler = Scheduler()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: scheduler.stop())
        scheduler.work()

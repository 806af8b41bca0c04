"""The command that prepares an installation for the code of this release."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

# Any number, as long as all releases have the same one.
_LOCK = 7_214_903_358_471
_PAUSE = 1  # seconds


class Command(BaseCommand):
    """Migrates the database and collects static files. Of several at once, one works and the others wait."""

    help = (
        "Migrates the database and collects static files, also while nodes serve. Run it on each node before serving."
    )

    def handle(self, *args: object, **options: object) -> None:
        """Run both commands with the given verbosity."""
        alone = _alone_on_postgresql if connection.vendor == "postgresql" else _alone_on_this_machine
        with alone(lambda: self.stdout.write("Another release is running. Waiting for it.")):
            for name in ("migrate", "collectstatic"):
                call_command(name, interactive=False, verbosity=options["verbosity"], stdout=self.stdout)


@contextmanager
def _alone_on_postgresql(tell: Callable[[], object]) -> Iterator[None]:
    """Hold an advisory lock of the database, in a transaction of its own connection: PgBouncer keeps no session.

    Who waits asks again and again, so that it takes no connection from PgBouncer's pool meanwhile.
    """
    with closing(connections.create_connection(DEFAULT_DB_ALIAS)) as holder:
        holder.set_autocommit(False)
        if not _locks(holder):
            tell()
            while not _locks(holder):
                time.sleep(_PAUSE)
        yield


def _locks(holder: BaseDatabaseWrapper) -> bool:
    with holder.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        is_held = bool(cursor.fetchone()[0])
    if not is_held:
        holder.rollback()
    return is_held


@contextmanager
def _alone_on_this_machine(tell: Callable[[], object]) -> Iterator[None]:
    with (settings.DATA_DIR / "release.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield

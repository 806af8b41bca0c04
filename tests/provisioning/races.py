"""Requests that run side by side."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from django.db import connection as database
from django.db import transaction

from tests.scim import Scim
from workspace.refusals import ActionError

THREADS = 6


def side_by_side(calls):
    """What each of the functions returns, or the refusal that it raises."""

    def run(call):
        try:
            return call()
        except ActionError as refusal:
            return refusal
        finally:
            database.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, calls))


def at_once(scim, calls):
    """The answers to calls of `(method, path, body)` that run side by side."""
    return side_by_side([lambda call=call: Scim(scim.connection, scim.token).call(*call) for call in calls])


@contextmanager
def held(change: Callable[[], object]) -> Iterator[None]:
    """Make a change in another thread, whose transaction stays open for a moment while the block runs."""
    is_made = Event()

    def make():
        try:
            with transaction.atomic():
                change()
                is_made.set()
                time.sleep(0.3)
        finally:
            database.close()

    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(make)
        assert is_made.wait(20)
        yield
        making.result()

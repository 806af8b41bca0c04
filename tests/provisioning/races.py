"""Requests that run side by side."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connection as database

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

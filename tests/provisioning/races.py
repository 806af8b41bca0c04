"""Requests that run side by side."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connection as database

from tests.scim import Scim

THREADS = 6


def at_once(scim, calls):
    """The answers to calls of `(method, path, body)` that run side by side."""

    def run(call):
        try:
            return Scim(scim.connection, scim.token).call(*call)
        finally:
            database.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, calls))
